"""A request arrives whole, within size and time, or its connection is closed."""

import asyncio
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from xerus.app import arrivals
from xerus.app.arrivals import MOST_BYTES, BoundedArrival

HEAD = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closing = False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        """Go on: the test says what comes."""

    def resume_reading(self) -> None:
        """Go on."""


async def answers_later(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def arrived(*parts: bytes) -> Transport:
    """Let the parts arrive in one turn of the loop, and the time of a request pass."""
    transport, state = Transport(), ServerState()
    config = uvicorn.Config(answers_later, log_config=None)
    connection = BoundedArrival(config=config, server_state=state, app_state={})
    connection.connection_made(transport)
    for part in parts:
        connection.data_received(part)
    for _ in range(3):
        await asyncio.sleep(0)
    connection.connection_lost(ConnectionResetError())
    await asyncio.gather(*state.tasks)
    return transport


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MOST_SECONDS", 0.0)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("parts", "answer"),
    [
        ([], b""),
        ([b"POST /x HT"], b"HTTP/1.1 408 "),
        ([HEAD[:-2]], b"HTTP/1.1 408 "),
        ([HEAD], b""),
        ([HEAD, b"ab"], b""),
        ([HEAD + b"abcd", HEAD[:-2]], b"HTTP/1.1 408 "),
    ],
    ids=["nothing", "a line", "a head", "no body", "half a body", "a second one"],
)
async def test_what_does_not_arrive_in_time_is_closed(parts: list[bytes], answer: bytes) -> None:
    transport = await arrived(*parts)
    assert transport.closing
    assert transport.written.startswith(answer)
    assert bool(transport.written) == bool(answer)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    "parts", [[HEAD + b"abcd"], [HEAD, b"ab", b"cd"], [HEAD[:20], HEAD[20:] + b"abcd"]]
)
async def test_an_answer_may_take_longer_than_its_request(parts: list[bytes]) -> None:
    transport = await arrived(*parts)
    assert not transport.closing


async def test_a_head_without_an_end_is_closed() -> None:
    line = b"X-Line: %s\r\n" % (b"x" * 1_000)
    transport = await arrived(HEAD[:-2], *([line] * (MOST_BYTES // len(line) + 1)))
    assert transport.closing
    assert transport.written.startswith(b"HTTP/1.1 431 ")


async def test_trailers_without_an_end_are_closed() -> None:
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    transport = await arrived(head, b"X: ", *([b"x" * 1_000] * (MOST_BYTES // 1_000 + 1)))
    assert transport.closing
    assert transport.written == b""


async def test_a_body_of_any_size_passes() -> None:
    head = HEAD.replace(b"Length: 4", b"Length: 1000000")
    transport = await arrived(head, *([b"x" * 1_000] * 1_000))
    assert not transport.closing
