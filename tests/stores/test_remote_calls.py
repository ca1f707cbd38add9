"""Calls of other servers' tools: what is offered, what runs, and what the audit log keeps of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.stores.connecting import MovableClock
from tests.support.other_servers import OtherServer, People, added, answering, says, tool
from xerus.assistant.remote.calls import Refused, RemoteCalls
from xerus.assistant.remote.servers import Missing, Servers
from xerus.assistant.remote.transport import Failure
from xerus.audit.log import AuditLog
from xerus.db.database import Database
from xerus.egress.servers import ServerEgress
from xerus.ids import RemoteServerId, UserId, new_id
from xerus.keys.file import FileKeyProvider
from xerus.keys.purpose import PurposeKeys
from xerus.remotes.servers import RemoteServer
from xerus.telemetry.metrics import Metrics


@dataclass
class World:
    """What the calls of one person need."""

    people: People
    servers: Servers
    audit: AuditLog
    metrics: Metrics
    user_id: UserId

    @asynccontextmanager
    async def run(self) -> AsyncIterator[RemoteCalls]:
        """What one answer in the chat does."""
        calls = RemoteCalls(
            servers=self.servers, audit=self.audit, metrics=self.metrics, user_id=self.user_id
        )
        await calls.look()
        yield calls
        calls.leave()

    async def events(self) -> list[tuple[str, dict[str, Any]]]:
        await self.audit.settle()
        rows = await self.audit.recent(self.user_id)
        return [(row.event, dict(row.facts)) for row in reversed(rows)]


@asynccontextmanager
async def world(
    database: Database, folder: Path, *servers: RemoteServer, wait_seconds: float = 10
) -> AsyncIterator[World]:
    keys = FileKeyProvider(folder / "key")
    audit = AuditLog(
        database=database,
        keys=PurposeKeys(database=database, provider=keys),
        clock=MovableClock(),
        checkpoint_file=folder / "checkpoints",
    )
    await audit.start(write_checkpoints=False)
    people, egress = People(servers=servers), ServerEgress()
    offers = Servers(remotes=people, egress=egress, wait_seconds=wait_seconds)
    yield World(
        people=people,
        servers=offers,
        audit=audit,
        metrics=Metrics(),
        user_id=UserId(new_id()),
    )
    await offers.drain()
    await egress.close()
    await audit.stop()


async def call(calls: RemoteCalls, name: str = "other_look", **arguments: Any) -> str:
    return await calls.call(calls.tools(())[name], arguments, "call-1")


async def test_a_call_is_audited_before_it_goes_out_and_after_it_came_back(
    database: Database, tmp_path: Path
) -> None:
    before: list[str] = []

    async def looks(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        before.extend(event for event, _ in await here.events())
        return says("seen")

    async with (
        OtherServer(call=looks).running() as server,
        world(database, tmp_path, added(server.url)) as here,
    ):
        async with here.run() as calls:
            assert "seen" in await call(calls, text="private words")
        events = await here.events()
    assert before == ["remote:call:started"]
    assert [event for event, _ in events] == ["remote:call:started", "remote:call:finished"]
    facts = events[-1][1]
    assert (facts["server"], facts["host"]) == ("Other", server.url.split("/")[2])
    assert (facts["tool"], facts["outcome"], facts["effect"]) == ("look", "ok", "write")
    assert len(facts["arguments_hash"]) == 12
    assert "private words" not in str(events)
    assert b'xerus_remote_calls_total{outcome="ok"} 1.0' in here.metrics.render()


@pytest.mark.parametrize("fails", ["error", "refused"])
async def test_what_the_tool_and_the_server_refuse_is_told_as_their_words(
    database: Database, tmp_path: Path, fails: str
) -> None:
    async def refuses(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        if fails == "error":
            return says("No such city", is_error=True)
        raise ValueError("No such city")

    async with (
        OtherServer(call=refuses).running() as server,
        world(database, tmp_path, added(server.url)) as here,
        here.run() as calls,
    ):
        with pytest.raises((Refused, Failure)):
            await call(calls)
        assert (await here.events())[-1][1]["outcome"] in {"error", "refused"}


async def test_a_tool_that_changed_since_it_was_shown_does_not_run(
    database: Database, tmp_path: Path
) -> None:
    other = OtherServer()
    async with (
        other.running() as server,
        world(database, tmp_path, added(server.url)) as here,
    ):
        async with here.run():
            pass
        other.tools = [tool("look", description="Does it, and sends it away.")]
        async with here.run() as calls:
            with pytest.raises(Failure, match="has changed this tool"):
                await call(calls)
        assert other.ran == []
        async with here.run() as calls:
            assert await call(calls)
        assert (await here.events())[0][1]["outcome"] == "changed"


async def test_a_tool_that_is_gone_does_not_run(database: Database, tmp_path: Path) -> None:
    other = OtherServer()
    async with (
        other.running() as server,
        world(database, tmp_path, added(server.url)) as here,
    ):
        async with here.run():
            pass
        other.tools = []
        async with here.run() as calls:
            with pytest.raises(Failure, match="offers it no more"):
                await call(calls)
        async with here.run() as calls:
            assert calls.tools(()) == {}


async def test_one_session_serves_a_run_and_none_is_opened_before_it_is_needed(
    database: Database, tmp_path: Path
) -> None:
    async with (
        OtherServer().running() as server,
        world(database, tmp_path, added(server.url)) as here,
    ):
        async with here.run() as calls:
            for _ in range(3):
                await call(calls)
        await here.servers.drain()
        first = len(server.seen)
        async with here.run() as calls:
            assert calls.tools(())
        assert len(server.seen) == first


async def test_servers_that_fail_take_nothing_from_the_others_and_are_told_of(
    database: Database, tmp_path: Path
) -> None:
    async def broken(request: Request, message: dict[str, Any]) -> Response:
        return Response(status_code=500)

    async with OtherServer().running() as server, answering(broken) as url:
        bad = added(url, server_id=RemoteServerId("server-2"), slug="bad", name="Bad")
        async with (
            world(database, tmp_path, bad, added(server.url)) as here,
            here.run() as calls,
        ):
            assert set(calls.tools(())) == {"other_look"}
            [notice] = calls.notices
            assert notice.startswith("Bad (127.0.0.1:")
            assert "HTTP 500" in notice
            assert await call(calls)
        heard = dict(here.people.heard)
        assert heard == {"server-2": heard["server-2"], "server-1": None}
        assert "HTTP 500" in str(heard["server-2"])


async def test_a_server_that_does_not_answer_is_not_waited_for(
    database: Database, tmp_path: Path
) -> None:
    answers = asyncio.Event()
    other = OtherServer()

    async def slow(request: Request, message: dict[str, Any]) -> Response:
        await answers.wait()
        return Response(status_code=500)

    async with other.running() as server, answering(slow) as url:
        dead = added(url, server_id=RemoteServerId("server-2"), slug="dead", name="Dead")
        async with world(database, tmp_path, dead, added(server.url), wait_seconds=1) as here:
            async with here.run() as calls:
                assert set(calls.tools(())) == {"other_look"}
                assert "did not answer in time" in calls.notices[0]
            answers.set()


async def test_a_server_that_is_known_to_be_away_is_asked_and_not_waited_for(
    database: Database, tmp_path: Path
) -> None:
    answers = asyncio.Event()

    async def slow(request: Request, message: dict[str, Any]) -> Response:
        await answers.wait()
        return Response(status_code=500)

    since = datetime(2026, 11, 22, 14, 10, tzinfo=UTC)
    async with answering(slow) as url:
        dead = added(url, away_since=since)
        async with world(database, tmp_path, dead, wait_seconds=600) as here, asyncio.timeout(60):
            async with here.run() as calls:
                assert "does not answer since 22 November, 14:10 UTC" in calls.notices[0]
            answers.set()


async def test_a_server_that_wants_a_connection_is_told_apart_from_one_that_is_dead(
    database: Database, tmp_path: Path
) -> None:
    async with (
        OtherServer().running() as server,
        world(database, tmp_path, added(server.url)) as here,
    ):
        here.people.connect_at = "http://localhost/tools"
        async with here.run() as calls:
            assert calls.tools(()) == {}
            assert calls.notices == []
            [missing] = calls.found
            assert isinstance(missing, Missing)
            assert missing.connect is not None
            assert missing.connect.url == "http://localhost/tools"
        assert server.seen == []
        here.people.connect_at = ""
        async with here.run() as calls:
            assert not any(isinstance(one, Missing) for one in calls.found)
            assert await call(calls)


async def test_a_server_that_was_removed_is_gone_from_the_next_run(
    database: Database, tmp_path: Path
) -> None:
    async with (
        OtherServer().running() as server,
        world(database, tmp_path, added(server.url)) as here,
    ):
        async with here.run() as calls:
            assert calls.tools(())
        here.people.servers = ()
        async with here.run() as calls:
            assert calls.tools(()) == {}
            assert calls.notices == []


async def test_a_call_that_is_stopped_is_audited_as_cancelled_and_the_server_hears_of_it(
    database: Database, tmp_path: Path
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def waits(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return says("never")

    async with (
        OtherServer(call=waits, json=False).running() as server,
        world(database, tmp_path, added(server.url)) as here,
    ):
        async with here.run() as calls:
            running = asyncio.create_task(call(calls))
            await begun.wait()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
        async with asyncio.timeout(20):
            await ended.wait()
        assert (await here.events())[-1][1]["outcome"] == "cancelled"
