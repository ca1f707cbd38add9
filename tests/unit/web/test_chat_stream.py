"""What the stream of an answer costs: nothing once its browser is gone, and never without bound."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import uvicorn
from markupsafe import Markup

from tests.unit.web.fakes import World
from xerus.assistant.entries import AssistantEntry
from xerus.assistant.watching import Sight
from xerus.ids import UserId


class Growing:
    """An answer that grows each time somebody looks, until it is finished or everybody is gone."""

    def __init__(self, world: World, texts: list[list[str]], *, ends: bool = False) -> None:
        world.assistant.entries["talk"] = [SimpleNamespace(kind="person", text="Tell me")]
        world.assistant.watch = self.watch  # type: ignore[method-assign]  # for this world alone
        self.running = not ends
        self.texts = texts
        self.watching = 0
        self.seen = 0
        self.gone = asyncio.Event()

    async def watch(self, user_id: UserId, conversation_id: str) -> AsyncIterator[Sight]:
        del user_id, conversation_id
        self.watching += 1
        try:
            for blocks in self.texts:
                self.seen += 1
                yield self._sight(blocks, running=True)
            while self.running:
                await asyncio.sleep(0)
                self.seen += 1
                yield self._sight(self.texts[-1], running=True)
            yield self._sight(self.texts[-1], running=False)
        finally:
            self.watching -= 1
            self.gone.set()

    def _sight(self, blocks: list[str], *, running: bool) -> Sight:
        made = tuple(Markup(block) for block in blocks)  # noqa: S704 - of the test
        html = Markup("").join(made)
        entry = AssistantEntry(author="model", html=html, blocks=made)
        return Sight(entries=[entry], since=1, running=running)


def events(body: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for block in body.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


async def test_a_stream_sends_whole_entries_once_and_then_the_blocks_that_changed() -> None:
    world = World()
    Growing(
        world,
        [["<p>One</p>"], ["<p>One</p>", "<p>Tw</p>"], ["<p>One</p>", "<p>Two</p>"]],
        ends=True,
    )
    async with world.client() as http:
        answer = await http.get("/chat/talk/stream")
    said = events(answer.text)
    assert [name for name, _ in said] == ["entry", "say", "text", "text", "end"]
    assert "<p>One</p>" in said[0][1]["html"]
    assert [(data["since"], data["html"]) for name, data in said if name == "text"] == [
        (1, "<p>Tw</p>"),
        (1, "<p>Two</p>"),
    ]
    assert {data["at"] for name, data in said if name in {"entry", "text"}} == {1}


async def test_a_browser_that_goes_away_leaves_nothing_running() -> None:
    world = World()
    growing = Growing(world, [["<p>One</p>"]])
    async with listening(world) as port:
        reader, writer = await begin(port)
        await reader.readuntil(b"<p>One</p>")
        assert growing.watching == 1
        writer.transport.abort()
        async with asyncio.timeout(30):
            await growing.gone.wait()
    assert growing.watching == 0


async def test_a_browser_that_does_not_read_holds_the_stream_up_and_nothing_piles_up() -> None:
    world = World()
    # Each look brings another text of a megabyte; a browser that reads nothing gets a few of them.
    texts = [[f"<p>{n}{'x' * 1_000_000}</p>"] for n in range(200)]
    growing = Growing(world, texts)
    async with listening(world) as port:
        reader, writer = await begin(port)
        await reader.readuntil(b"<p>0x")
        seen = -1
        while growing.seen != seen:
            seen = growing.seen
            for _ in range(1000):
                await asyncio.sleep(0)
        assert seen < 50
        writer.transport.abort()
        async with asyncio.timeout(30):
            await growing.gone.wait()


async def test_a_person_with_many_streams_is_asked_to_look_now_and_then() -> None:
    world = World()
    Growing(world, [["<p>One</p>"]])
    async with listening(world) as port:
        opened = [await begin(port) for _ in range(8)]
        for reader, _ in opened:
            await reader.readuntil(b"<p>One</p>")
        reader, writer = await begin(port)
        await reader.readuntil(b"event: busy")
        for _, one in [*opened, (reader, writer)]:
            one.transport.abort()


@asynccontextmanager
async def listening(world: World) -> AsyncIterator[int]:
    """Serve a world as a server does; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(world.app, lifespan="off", log_level="error")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task


async def begin(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask for the stream as Ada."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=64 * 1024)
    writer.write(
        b"GET /chat/talk/stream HTTP/1.1\r\nHost: localhost:8000\r\n"
        b"Cookie: xerus_session=ada-token\r\nSec-Fetch-Site: same-origin\r\n\r\n"
    )
    await writer.drain()
    return reader, writer
