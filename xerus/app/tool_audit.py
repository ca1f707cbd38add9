"""What becomes of a tool call's record: an audit event and a metric, or a log line."""

from collections.abc import Awaitable

from xerus.atlassian.credentials import Target
from xerus.audit.events import Event, Fact
from xerus.audit.log import AuditLog
from xerus.telemetry.logs import logger
from xerus.telemetry.metrics import Metrics
from xerus.tools.caller import Caller
from xerus.tools.declaration import Tool

_log = logger(__name__)


def _facts(caller: Caller, tool: str, target: Target | None, item: str = "") -> dict[str, Fact]:
    facts: dict[str, Fact] = {
        "tool": tool,
        "client": caller.client_id,
        "client_name": caller.client_name,
        "correlation_id": caller.correlation_id,
    }
    if caller.trace_id:
        facts["trace_id"] = caller.trace_id
    if item:
        facts["target"] = item
    if target is not None:
        facts |= {
            "credential": target.credential,
            "account": target.account_email,
            "site": target.site_name,
        }
    return facts


class RecordedTools:
    """Writes tool calls to the audit log and counts them."""

    def __init__(self, *, audit: AuditLog, metrics: Metrics) -> None:
        self._audit = audit
        self._metrics = metrics

    def started(
        self, caller: Caller, tool: Tool, target: Target | None, item: str
    ) -> Awaitable[None]:
        """Record that a call goes out; the result is there when that is durable."""
        facts = {**_facts(caller, tool.name, target, item), "effect": tool.effect.value}
        return self._audit.enqueue(Event.CALL_STARTED, user_id=caller.user_id, **facts)

    def finished(
        self,
        caller: Caller,
        tool: Tool,
        target: Target | None,
        item: str,
        *,
        outcome: str,
        status: int,
        latency_ms: int,
    ) -> Awaitable[None]:
        """Record how a call ended; the result is there when that is durable."""
        self._metrics.tool_calls.labels(tool.name, outcome).inc()
        self._metrics.tool_seconds.labels(tool.name).observe(latency_ms / 1000)
        facts = {**_facts(caller, tool.name, target, item), "effect": tool.effect.value}
        facts |= {"outcome": outcome, "status": status, "latency_ms": latency_ms}
        return self._audit.enqueue(Event.CALL_FINISHED, user_id=caller.user_id, **facts)

    async def refused(self, caller: Caller, tool: str, *, cause: str) -> None:
        """Record a call of which nothing was sent upstream."""
        # Any text can be asked for as a tool: the metric keeps to one series for all of it.
        self._metrics.tool_calls.labels("refused", cause).inc()
        facts = {**_facts(caller, tool, None), "cause": cause}
        await self._audit.append(Event.CALL_REFUSED, user_id=caller.user_id, **facts)


class LoggedTools:
    """Logs tool calls where there is no database: `xerus mcp`."""

    async def started(self, caller: Caller, tool: Tool, target: Target | None, item: str) -> None:
        """Log that a call goes out."""
        _log.info("tool_call_started", **_facts(caller, tool.name, target, item))

    async def finished(
        self,
        caller: Caller,
        tool: Tool,
        target: Target | None,
        item: str,
        *,
        outcome: str,
        status: int,
        latency_ms: int,
    ) -> None:
        """Log how a call ended."""
        facts = _facts(caller, tool.name, target, item)
        _log.info(
            "tool_call_finished", outcome=outcome, status=status, latency_ms=latency_ms, **facts
        )

    async def refused(self, caller: Caller, tool: str, *, cause: str) -> None:
        """Log a call of which nothing was sent upstream."""
        _log.info("tool_call_refused", cause=cause, **_facts(caller, tool, None))
