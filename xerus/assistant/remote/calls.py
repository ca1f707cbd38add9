"""Calls of other servers' tools in one run: each audited, and only of the tool that was shown."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

import mcp_types as types

from xerus.assistant.calls import call_hash
from xerus.assistant.remote.definitions import RemoteTool, without_collisions
from xerus.assistant.remote.results import declined, input_wanted, text_of
from xerus.assistant.remote.servers import Listed, Missing, Servers
from xerus.assistant.remote.session import Session
from xerus.assistant.remote.transport import Failure
from xerus.audit.events import Event, Fact
from xerus.audit.log import AuditLog
from xerus.ids import UserId
from xerus.remotes.servers import RemoteServer
from xerus.telemetry.metrics import Metrics
from xerus.tools.untrusted import fenced, one_line

_LONGEST = 80


class Refused(Exception):
    """A call without a result; the message is for the model and the person."""


class RemoteCalls:
    """The other servers in one run of one person."""

    def __init__(
        self, *, servers: Servers, audit: AuditLog, metrics: Metrics, user_id: UserId
    ) -> None:
        self._servers = servers
        self._audit = audit
        self._metrics = metrics
        self._user_id = user_id
        self._found: Sequence[Listed | Missing] = ()
        self._opened: dict[str, Listed] = {}
        self._opening: dict[str, asyncio.Lock] = {}

    async def look(self) -> None:
        """Ask what the servers offer."""
        self._found = await self._servers.offers(self._user_id)
        for one in self._found:
            if isinstance(one, Listed) and one.session is not None:
                self._opened[one.server.id] = one

    def tools(self, ours: Iterable[str]) -> dict[str, RemoteTool]:
        """Return the tools by name, none of which is one of `ours`."""
        offers = (one.offer for one in self._found if isinstance(one, Listed))
        return without_collisions((tool for offer in offers for tool in offer.tools), ours)

    @property
    def found(self) -> Sequence[Listed | Missing]:
        """The servers that the person may use."""
        return self._found

    @property
    def notices(self) -> list[str]:
        """What people are told of servers whose tools are missing in part or whole."""
        missing = (
            f"{one_line(one.server.name)} ({one.server.host}) cannot be used at the moment, so"
            f" its tools are missing here: {one.why}"
            for one in self._found
            if isinstance(one, Missing) and not one.connect
        )
        left_out = (one.offer.left_out for one in self._found if isinstance(one, Listed))
        return [*missing, *filter(None, left_out)]

    def leave(self) -> None:
        """End the sessions, without waiting for it."""
        sessions = [one.session for one in self._opened.values() if one.session is not None]
        self._opened.clear()
        self._servers.leave(sessions)

    async def call(self, tool: RemoteTool, arguments: Mapping[str, Any], call_id: str) -> str:
        """Run one call and return what the server answered, marked as its words.

        Raises:
            Failure: it was not run, or ended without a result.
            Refused: the server says that it failed.
        """
        async with self._audited(tool, arguments, call_id) as facts:
            session = await self._session(tool)
            before = len(session.asked)
            if not tool.reads:
                # Durable before it goes out: what may change something is never without a trace.
                await self._audit.append(Event.REMOTE_STARTED, user_id=self._user_id, **facts)
            try:
                result = await session.call(tool.own_name, arguments)
            except Failure as failure:
                failure.asked = declined(session.asked[before:])
                raise
            return _answer(tool.server, result, session.asked[before:])

    @asynccontextmanager
    async def _audited(
        self, tool: RemoteTool, arguments: Mapping[str, Any], call_id: str
    ) -> AsyncIterator[dict[str, Fact]]:
        facts: dict[str, Fact] = {
            "server": tool.server.name[:_LONGEST],
            "host": tool.server.host[:_LONGEST],
            "tool": one_line(tool.own_name)[:_LONGEST],
            "effect": "read" if tool.reads else "write",
            "call": call_id[:_LONGEST],
            "arguments_hash": self._audit.correlate(call_hash(tool.name, arguments).hex()),
        }
        began, outcome = perf_counter(), "cancelled"
        try:
            yield dict(facts)
            outcome = "ok"
        except Failure as failure:
            outcome = failure.code
            raise
        except Refused:
            outcome = "error"
            raise
        finally:
            seconds = perf_counter() - began
            self._metrics.remote_calls.labels(_counted(outcome)).inc()
            self._metrics.remote_call_seconds.observe(seconds)
            # Not awaited: it is on its way also when the run is being stopped.
            self._audit.enqueue(
                Event.REMOTE_FINISHED,
                user_id=self._user_id,
                **facts,
                outcome=outcome,
                latency_ms=round(seconds * 1000),
            )

    async def _session(self, tool: RemoteTool) -> Session:
        """Return a session in which the tool is still what the model and the person saw."""
        server = tool.server
        async with self._opening.setdefault(server.id, asyncio.Lock()):
            if server.id not in self._opened:
                self._opened[server.id] = await self._servers.opened(self._user_id, server)
        opened = self._opened[server.id]
        offered = {one.name: one.digest for one in opened.offer.tools}
        if offered.get(tool.name) != tool.digest:
            self._servers.forget(self._user_id, server)
            raise Failure(
                "Not run: the server has changed this tool, or offers it no more. Ask again to use"
                " it as it is now.",
                code="changed",
            )
        assert opened.session is not None
        return opened.session


def words_of(server: RemoteServer, failure: Failure) -> str:
    """Return a failure for the model and the person; the server's own words are marked."""
    said = (
        fenced(failure.said, source=f"MCP server {one_line(server.name)}") if failure.said else ""
    )
    return "\n".join(filter(None, (failure.message, said, failure.asked)))


def _answer(
    server: RemoteServer,
    result: types.CallToolResult | types.InputRequiredResult,
    asked: Sequence[str],
) -> str:
    if isinstance(result, types.InputRequiredResult):
        raise Refused(input_wanted(server, result))
    text = text_of(server, result, asked)
    if result.is_error:
        raise Refused(text)
    return text


def _counted(outcome: str) -> str:
    """Return one of a few outcomes."""
    known = {"ok", "error", "cancelled", "changed", "not_connected", "timeout"}
    return outcome if outcome in known else "failed"


class Others:
    """Makes the calls of each run; one instance in a process."""

    def __init__(self, *, servers: Servers, audit: AuditLog, metrics: Metrics) -> None:
        self._servers = servers
        self._audit = audit
        self._metrics = metrics

    def calls(self, user_id: UserId) -> RemoteCalls:
        """Return those of a person's run, which has to end them by `leave`."""
        return RemoteCalls(
            servers=self._servers, audit=self._audit, metrics=self._metrics, user_id=user_id
        )

    async def drain(self) -> None:
        """Wait until the sessions that end are ended."""
        await self._servers.drain()
