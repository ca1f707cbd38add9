"""The one way to run a tool: policy, arguments, credential, audit, call, error mapping, timing."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, assert_never

from xerus.atlassian.confluence.client import Confluence
from xerus.atlassian.credentials import (
    Credentials,
    Product,
    ProductUnavailable,
    ScopeMissing,
    Target,
)
from xerus.atlassian.jira.client import Jira
from xerus.atlassian.limits import QuotaHolds
from xerus.atlassian.transport import Transport
from xerus.clock import Clock
from xerus.egress.client import Egress
from xerus.errors import UpstreamError, XerusError
from xerus.telemetry.logs import logger
from xerus.tools import scopes
from xerus.tools.arguments import checked
from xerus.tools.auditing import ToolAudit
from xerus.tools.caller import Caller
from xerus.tools.catalogue import Catalogue
from xerus.tools.connection import StatusSource
from xerus.tools.declaration import Args, Tool
from xerus.tools.results import McpScopeMissing, ToolResult, broken, failed, succeeded

_log = logger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Call:
    """A call that passed every check."""

    caller: Caller
    tool: Tool
    args: Args
    target: Target | None
    client: Any


class Runner:
    """Runs tools for callers."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        credentials_for: Callable[[Caller], Credentials],
        status_for: Callable[[Caller], StatusSource],
        egress: Egress,
        quota: QuotaHolds,
        audit: ToolAudit,
        tools_url: str,
        clock: Clock,
    ) -> None:
        self._catalogue = catalogue
        self._credentials_for = credentials_for
        self._status_for = status_for
        self._egress = egress
        self._quota = quota
        self._audit = audit
        self._tools_url = tools_url
        self._clock = clock
        self._finishing: set[asyncio.Task[None]] = set()

    def list_for(self, caller: Caller, granted: frozenset[str] | None) -> list[Tool]:
        """Return the tools to show: those the client and the Atlassian grant allow.

        Args:
            caller: whose client asks.
            granted: Atlassian scopes of the caller's connection; None when there is none or they
                are unknown, then every tool is shown.
        """
        return [
            tool
            for tool in self._catalogue.tools
            if _admits(caller, tool) and not scopes.missing(tool, granted)
        ]

    async def run(self, caller: Caller, name: str, arguments: dict[str, Any]) -> ToolResult:
        """Run one tool. Never raises: every failure is a result."""
        writes = False
        try:
            call = await self._admitted(caller, name, arguments)
            writes = call.tool.writes
            return await self._recorded(call)
        except XerusError as error:
            return failed(error, tools_url=self._tools_url)
        except Exception:  # noqa: BLE001  # the runner is an edge: a defect becomes a result
            _log.exception("tool_failed", tool=name[:80], correlation_id=caller.correlation_id)
            return broken(caller.correlation_id, writes=writes)

    async def drain(self) -> None:
        """Wait until the audit has heard of every finished call; for an orderly shutdown."""
        while self._finishing:
            await asyncio.wait(self._finishing)

    async def _admitted(self, caller: Caller, name: str, arguments: dict[str, Any]) -> _Call:
        """Check everything that can be checked before anything is sent upstream."""
        try:
            tool = self._catalogue.get(name)
            if not _admits(caller, tool):
                raise McpScopeMissing(tool.name, tool.mcp_scope)
            args = checked(tool, arguments)
            return await self._targeted(caller, tool, args)
        except XerusError as error:
            await self._audit.refused(caller, name[:80], cause=error.code)
            raise

    async def _targeted(self, caller: Caller, tool: Tool, args: Args) -> _Call:
        if tool.product is None:
            status = self._status_for(caller)
            return _Call(caller=caller, tool=tool, args=args, target=None, client=status)
        credentials = self._credentials_for(caller)
        try:
            target = await credentials.target(tool.product, getattr(args, "site", None))
        except ProductUnavailable as error:
            if lacking := scopes.missing(tool, error.granted):
                raise ScopeMissing(lacking) from error
            raise
        if target.is_cloud and (lacking := scopes.missing(tool, target.scopes)):
            raise ScopeMissing(lacking)
        transport = Transport(
            egress=self._egress, credentials=credentials, quota=self._quota, clock=self._clock
        )
        client = _client(tool.product, transport, target)
        return _Call(caller=caller, tool=tool, args=args, target=target, client=client)

    async def _recorded(self, call: _Call) -> ToolResult:
        begun = perf_counter()
        outcome, status = "cancelled", 0
        try:
            result = await self._run(call)
            outcome = "ok"
        except XerusError as error:
            outcome = error.code
            status = error.upstream_status if isinstance(error, UpstreamError) else 0
            raise
        except Exception:
            outcome = "internal_error"
            raise
        finally:
            self._finish(call, outcome, status, int((perf_counter() - begun) * 1000))
        return result

    async def _run(self, call: _Call) -> ToolResult:
        """Run the tool; the audit's "started" is durable before a write, and before any reply."""
        started = asyncio.create_task(self._audit.started(call.caller, call.tool, call.target))
        try:
            if call.tool.writes:
                await started
            return succeeded(await call.tool.run(call.client, call.args), call.args)
        finally:
            await started

    def _finish(self, call: _Call, outcome: str, status: int, latency_ms: int) -> None:
        """Record the end without making the caller wait for the disk."""
        task = asyncio.create_task(
            self._audit.finished(
                call.caller,
                call.tool,
                call.target,
                outcome=outcome,
                status=status,
                latency_ms=latency_ms,
            )
        )
        self._finishing.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._finishing.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("tool_audit_failed", error=type(error).__name__)


def _admits(caller: Caller, tool: Tool) -> bool:
    return not tool.mcp_scope or tool.mcp_scope in caller.mcp_scopes


def _client(product: Product, transport: Transport, target: Target) -> Jira | Confluence:
    match product:
        case Product.JIRA:
            return Jira(transport=transport, target=target)
        case Product.CONFLUENCE:
            return Confluence(transport=transport, target=target)
    assert_never(product)
