"""The one way to run a tool: policy, arguments, credential, audit, call, error mapping, timing."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from xerus.atlassian.credentials import Credentials, Disconnected, Target
from xerus.atlassian.errors import AnswerUnusable
from xerus.atlassian.limits import AtlassianLimits
from xerus.clock import Clock
from xerus.egress.client import Egress
from xerus.errors import InvalidInput, NotFound, UpstreamError, XerusError
from xerus.settings.toolsets import Profile
from xerus.telemetry.logs import logger
from xerus.tools import batch, lean, reached, scopes
from xerus.tools.arguments import checked
from xerus.tools.aside import aside
from xerus.tools.auditing import ToolAudit
from xerus.tools.caller import Caller
from xerus.tools.catalogue import Catalogue
from xerus.tools.connection import StatusSource
from xerus.tools.declaration import Args, Tool
from xerus.tools.items import item_of
from xerus.tools.own_activity import CallHistory
from xerus.tools.products import Products
from xerus.tools.reach import Reach
from xerus.tools.results import (
    McpScopeMissing,
    ToolResult,
    broken,
    failed,
    succeeded,
    unusable,
)

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
        history_for: Callable[[Caller], CallHistory] | None = None,
        egress: Egress,
        limits: AtlassianLimits,
        audit: ToolAudit,
        tools_url: str,
        clock: Clock,
        running: reached.Running | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._until_ended = running.until_ended if running else nullcontext
        self._status_for = status_for
        self._history_for = history_for
        self._audit = audit
        self._tools_url = tools_url
        self._reach = Reach(
            credentials_for=credentials_for,
            egress=egress,
            limits=limits,
            clock=clock,
            policy=catalogue.policy,
        )
        self._finishing: set[asyncio.Future[None]] = set()

    def list_for(self, caller: Caller, granted: frozenset[str] | None) -> list[Tool]:
        """Return the tools to show: those the client and the Atlassian grant allow.

        Args:
            caller: whose client asks.
            granted: Atlassian scopes of the caller's connection; None when there is none or they
                are unknown, then every tool is shown.
        """
        return self._catalogue.listed(
            tool for tool in self._usable(caller) if not scopes.missing(tool, granted)
        )

    def usable(self, caller: Caller, granted: frozenset[str] | None) -> frozenset[str]:
        """Return the names of the tools that would be listed if each were listed by itself."""
        usable = self._usable(caller)
        return frozenset(tool.name for tool in usable if not scopes.missing(tool, granted))

    def input_schema(self, name: str) -> dict[str, Any] | None:
        """Return the schema of a tool's arguments, None where there is no such tool."""
        return self._catalogue.input_schema(name)

    @property
    def is_lean(self) -> bool:
        """Whether most tools are reached through the lean profile's own."""
        return self._catalogue.policy.profile is Profile.LEAN

    def _usable(self, caller: Caller) -> list[Tool]:
        writes = any(scope.endswith(":write") for scope in caller.mcp_scopes)
        return [
            tool
            for tool in self._catalogue.tools
            if _admits(caller, tool)
            and (writes or not batch.is_batch(tool))
            and (self._history_for or tool.client is not CallHistory)
        ]

    async def run(self, caller: Caller, name: str, arguments: dict[str, Any]) -> ToolResult:
        """Run one tool. Never raises: every failure is a result."""
        writes = False
        try:
            call = await self._admitted(caller, name, arguments)
            writes = call.tool.writes
            if batch.is_batch(call.tool):
                return await self._run_steps(caller, call.args)
            return await self._recorded(call)
        except AnswerUnusable as error:
            _log.warning(
                "atlassian_answer_unusable",
                tool=name[:80],
                correlation_id=caller.correlation_id,
                request_id=error.request_id,
                problem=error.debug,
            )
            return unusable(error, caller.correlation_id)
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
            if lean.executes(tool):
                asked = checked(tool, arguments)
                assert isinstance(asked, lean.Execute)
                name, arguments = asked.tool, asked.arguments
                tool = self._inner(tool, name)
            if not _admits(caller, tool):
                raise McpScopeMissing(tool.name, tool.mcp_scope)
            args = checked(tool, arguments)
            return await self._targeted(caller, tool, args)
        except XerusError as error:
            await self._audit.refused(caller, name[:80], cause=error.code)
            raise

    async def _run_steps(self, caller: Caller, args: Args) -> ToolResult:
        """Run steps up to the first that fails, each by the same way as a call of its own."""
        steps = await self._checked_steps(caller, args)
        results: list[ToolResult] = []
        for step in steps:
            results.append(await self.run(caller, step.tool, step.arguments))
            if results[-1].is_error:
                break
        done = batch.Done(asked=len(steps), names=[step.tool for step in steps], results=results)
        return done.result()

    async def _checked_steps(self, caller: Caller, args: Args) -> list[batch.Step]:
        """Check what can be checked of all steps before the first one runs."""
        name = batch.batch.name
        try:
            steps = batch.steps_of(args)
            tools: list[Tool] = []
            for number, step in enumerate(steps, start=1):
                name = step.tool
                tools.append(self._found(name))
                batch.check_step(tools[-1], number)
            name = batch.batch.name
            # All at once: a client that asks for more then repeats the call from the first step.
            if missing := {tool.mcp_scope for tool in tools if not _admits(caller, tool)}:
                raise McpScopeMissing(name, " ".join(sorted(missing)))
        except XerusError as error:
            await self._audit.refused(caller, name[:80], cause=error.code)
            raise
        return steps

    def _found(self, name: str) -> Tool:
        try:
            return self._catalogue.get(name)
        except NotFound as unknown:
            raise InvalidInput(unknown.message, hint=unknown.hint) from None

    def _inner(self, outer: Tool, name: str) -> Tool:
        """Return the tool that one of the lean profile's is to run."""
        try:
            inner = self._catalogue.get(name)
        except NotFound as unknown:
            raise InvalidInput(
                unknown.message, hint=f"{unknown.hint} discover lists all."
            ) from None
        lean.check_verb(outer, inner)
        return inner

    async def _targeted(self, caller: Caller, tool: Tool, args: Args) -> _Call:
        target: Target | None = None
        client: Any
        if tool.product is not None:
            client, target = await self._reach.one(caller, tool, tool.product, args.target_site())
        elif tool.client is Products:
            client, target = await self._reach.both(caller, tool, args.target_site())
        elif batch.is_batch(tool):
            client = None
        elif tool.client is lean.Directory:
            client = _Shown(self._usable(caller))
        elif tool.client is CallHistory:
            client = self._history(caller)
        else:
            client = self._status_for(caller)
        return _Call(caller=caller, tool=tool, args=args, target=target, client=client)

    def _history(self, caller: Caller) -> CallHistory:
        if self._history_for is None:
            raise NotFound(
                "Calls are not kept here.", hint="Xerus as a server keeps them in its audit log."
            )
        return self._history_for(caller)

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
        started = asyncio.ensure_future(
            self._audit.started(call.caller, call.tool, call.target, item_of(call.args))
        )
        try:
            if call.tool.writes:
                await started
            return await self._answered(call)
        finally:
            await started

    async def _answered(self, call: _Call) -> ToolResult:
        try:
            with self._until_ended(reached.depends_on(call.caller, call.client)):
                answer = await call.tool.run(call.client, call.args)
                size = reached.received(call.client)
                return await aside(lambda: succeeded(answer, call.args), size=size)
        except Disconnected:
            raise reached.disconnected(call.client) from None

    def _finish(self, call: _Call, outcome: str, status: int, latency_ms: int) -> None:
        """Record the end without making the caller wait for the disk."""
        task = asyncio.ensure_future(
            self._audit.finished(
                call.caller,
                call.tool,
                call.target,
                item_of(call.args),
                outcome=outcome,
                status=status,
                latency_ms=latency_ms,
            )
        )
        self._finishing.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Future[None]) -> None:
        self._finishing.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("tool_audit_failed", error=type(error).__name__)


def _admits(caller: Caller, tool: Tool) -> bool:
    return not tool.mcp_scope or tool.mcp_scope in caller.mcp_scopes


class _Shown:
    """`lean.Directory` of one caller."""

    def __init__(self, tools: list[Tool]) -> None:
        self._tools = tools

    def tools(self) -> list[Tool]:
        return self._tools
