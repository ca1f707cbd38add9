"""Row 23 of the list of threats: what is too large, too deep, too long, too slow or broken."""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx2

from tests.support.journeys import ALAN
from tests.support.routes import Operation, operations
from tests.support.stack import Xerus, user_mode
from tests.support.standing import UNLIMITED, Held, http_of, running, sandbox_alone, signed_in

Told = Callable[[str], None]
MIB = 2**20
_HUGE = 100 * MIB
_DEEP = 10_000
_PATIENCE = 30.0
_CHUNK = b"%x\r\n%s\r\n" % (MIB, b" " * MIB)
_FIRST_REFUSAL, _SERVER_ERROR = 300, 500
_CLOSED = {0, 400, 431}
_SLOW, _OTHERS = 200, 50
_REVISIONS = ("2025-11-25", "2026-07-28")
_SOUND_STATUSES = {200, 202, 400, 404}
_ODD: list[Any] = [None, True, -1, 1e300, "", "\x00", "\ud7ff", [], {}, [[]], {"": {}}, "x" * 999]


@dataclass
class Place:
    """A running product, what it serves, and somebody who is signed in to it."""

    xerus: Xerus
    operations: list[Operation]
    held: Held

    def check_log(self) -> None:
        """Assert that nothing broke."""
        log = self.xerus.log.read_text()
        broke = [word for word in ("Traceback", "tool_failed", "request_failed") if word in log]
        assert not broke, f"{broke} in the log: {log[log.find(broke[0]) :][:2000]}"

    @property
    def writing(self) -> list[Operation]:
        """What takes a body."""
        return [one for one in self.operations if one.method in {"POST", "PUT"}]

    @property
    def headers(self) -> list[str]:
        """Those of somebody who may do everything."""
        return [
            f"Host: localhost:{self.xerus.port}",
            f"Origin: {self.xerus.url}",
            f"Authorization: Bearer {self.held.access}",
            f"Cookie: {self.held.cookies}",
            "Accept: application/json, text/event-stream",
        ]


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    async with sandbox_alone() as sandbox:
        settings = {"XERUS_REGISTRATIONS_PER_MINUTE": "100000"}
        async with running({**await user_mode(sandbox), **UNLIMITED, **settings}) as xerus:
            held = await signed_in(xerus.url, ALAN)
            yield Place(xerus, await operations(xerus), held)


def broken(count: int) -> list[bytes]:
    """Return a sound call that is spoilt in as many ways."""
    arguments = {"jql": "project = ENG", "limit": 3}
    params = {"name": "jira_search", "arguments": arguments}
    sound = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    text = json.dumps(sound).encode()
    members = [
        json.dumps(changed).encode()
        for odd in _ODD
        for changed in (
            *({**sound, name: odd} for name in sound),
            *({**sound, "params": {**params, name: odd}} for name in (*params, "_meta")),
            *(
                {**sound, "params": {**params, "arguments": {**arguments, name: odd}}}
                for name in arguments
            ),
        )
    ]
    cut = [text[:end] for end in range(len(text))]
    bytes_ = [
        text[:place] + bytes([byte]) + text[place + 1 :]
        for byte in (0, 34, 92, 125, 195, 255)
        for place in range(len(text))
    ]
    return (members + cut + bytes_)[:count]


async def messages(here: Place, count: int, told: Told) -> str:
    """Send broken requests to /mcp in both revisions; return what was counted."""
    bodies = broken(count)
    assert len(bodies) == count
    for revision in _REVISIONS:
        headers = {**here.held.bearer, "MCP-Protocol-Version": revision}
        headers |= {"Mcp-Method": "tools/call", "Mcp-Name": "jira_search"}
        async with http_of(here.xerus) as http:
            answers = await asyncio.gather(
                *(http.post("/mcp", content=body, headers=headers) for body in bodies)
            )
        assert {answer.status_code for answer in answers} <= _SOUND_STATUSES
        assert not [answer.text for answer in answers if "Traceback" in answer.text]
        told(f"{count} requests of {revision}")
    here.check_log()
    return f"{count} broken requests in each of {len(_REVISIONS)} revisions, 0 server errors"


async def bodies(here: Place, told: Told, *, within: float = math.inf) -> str:
    """Send bodies of 100 MB and 10,000 levels everywhere; return what was counted.

    Args:
        here: where.
        told: shown how far it is.
        within: the longest that a refusal may take, from the first byte that is sent.
    """
    slowest, tried = 0.0, 0
    for operation in here.writing:
        for name, head, parts in _bodies():
            status, taken = await _sent(here, operation, head, parts())
            where = f"{operation.method} {operation.path}, {name}"
            assert _FIRST_REFUSAL <= status < _SERVER_ERROR, f"{where}: {status}"
            assert taken < within, f"{where} took {taken:.2f} s"
            slowest, tried = max(slowest, taken), tried + 1
        told(f"{operation.method} {operation.path}, slowest {slowest:.3f} s")
    here.check_log()
    return f"{tried} bodies to {len(here.writing)} operations, all refused within {slowest:.3f} s"


Body = tuple[str, list[str], Callable[[], Iterator[bytes]]]


def _bodies() -> Iterator[Body]:
    json_, form = "application/json", "application/x-www-form-urlencoded"
    for kind in (json_, form):
        yield f"100 MB announced as {kind}", _head(kind, _HUGE), partial(_one, b"x")
        yield f"100 MB of {kind}", [*_of(kind), "Transfer-Encoding: chunked"], _chunks
    call = b'{"jsonrpc":"2.0","id":1,"method":"ping","params":%s}'
    deep = (
        b"[" * _DEEP,
        b"[" * _DEEP + b"]" * _DEEP,
        b'{"a":' * _DEEP,
        b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
        call % (b'{"a":' * _DEEP + b"1" + b"}" * _DEEP),
    )
    for number, text in enumerate(deep, start=1):
        yield f"{_DEEP} levels, {number}", _head(json_, len(text)), partial(_one, text)


def _one(part: bytes) -> Iterator[bytes]:
    yield part


def _chunks() -> Iterator[bytes]:
    for _ in range(_HUGE // MIB):
        yield _CHUNK


def _of(kind: str) -> list[str]:
    return [f"Content-Type: {kind}"]


def _head(kind: str, length: int) -> list[str]:
    return [*_of(kind), f"Content-Length: {length}"]


async def _sent(
    here: Place, operation: Operation, head: list[str], parts: Iterator[bytes]
) -> tuple[int, float]:
    """Send a request until it is answered; return the status and the seconds that it took."""
    lines = [f"{operation.method} {operation.path} HTTP/1.1", *here.headers, *head, "", ""]
    return await _exchange(here, "\r\n".join(lines).encode(), parts)


async def _exchange(here: Place, first: bytes, parts: Iterator[bytes]) -> tuple[int, float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", here.xerus.port)
    begun = time.perf_counter()
    answer = asyncio.create_task(_status(reader))
    try:
        writer.write(first)
        for part in parts:
            if answer.done() or not await _drained(writer):
                break
            writer.write(part)
        async with asyncio.timeout(_PATIENCE):
            return await answer, time.perf_counter() - begun
    finally:
        answer.cancel()
        writer.transport.abort()


async def _drained(writer: asyncio.StreamWriter) -> bool:
    """Tell whether more may be sent: not after a refusal that closed the connection."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await writer.drain()
    except ConnectionError:
        return False
    return True


async def _status(reader: asyncio.StreamReader) -> int:
    """Return the status of an answer, 0 where the connection was closed without one."""
    try:
        line = await reader.readline()
    except ConnectionError:
        return 0
    return int(line.split()[1]) if line.startswith(b"HTTP/1.") else 0


async def headers(here: Place, told: Told, *, within: float = math.inf) -> str:
    """Send heads that are too long or broken everywhere; return what was counted."""
    slowest, tried = 0.0, 0
    for operation in here.operations:
        for name, head in _heads(operation, here):
            status, taken = await _exchange(here, head, iter(()))
            where = f"{operation.method} {operation.path}, {name}"
            assert status < _SERVER_ERROR, f"{where}: {status}"
            assert taken < within, f"{where} took {taken:.2f} s"
            slowest, tried = max(slowest, taken), tried + 1
        told(f"{operation.method} {operation.path}, slowest {slowest:.3f} s")
    for name, first in _endless(here):
        status, taken = await _exchange(here, first, _lines())
        assert status in _CLOSED, f"{name}: {status}"
        tried, slowest = tried + 1, max(slowest, taken)
    told("heads without an end")
    here.check_log()
    return (
        f"{tried} heads to {len(here.operations)} operations, all answered within {slowest:.3f} s"
    )


def _heads(operation: Operation, here: Place) -> Iterator[tuple[str, bytes]]:
    line = f"{operation.method} {operation.path}"
    own = "\r\n".join(here.headers)
    end = "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    many = "\r\n".join(f"X-{number}: {'x' * 90}" for number in range(_DEEP))
    long = "x" * MIB
    for name, head in (
        ("a header of 1 MiB", f"{line} HTTP/1.1\r\n{own}\r\nX-Long: {long}"),
        ("10,000 headers", f"{line} HTTP/1.1\r\n{own}\r\n{many}"),
        ("a cookie of 1 MiB", f"{line} HTTP/1.1\r\n{own}\r\nCookie: {long}"),
        ("a token of 1 MiB", f"{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {long}"),
        ("an address of 1 MiB", f"{line}?{long} HTTP/1.1\r\n{own}"),
        ("10,000 parameters", f"{line}?{'a=b&' * _DEEP} HTTP/1.1\r\n{own}"),
        ("two lengths", f"{line} HTTP/1.1\r\n{own}\r\nContent-Length: 5"),
        ("no version", f"{line}\r\n{own}"),
        ("a length of -1", f"{line} HTTP/1.1\r\n{own}\r\nContent-Length: -1"),
        ("control characters", f"{line} HTTP/1.1\r\n{own}\r\nX-\x01: \x02"),
    ):
        yield name, f"{head}{end}".encode()


def _endless(here: Place) -> Iterator[tuple[str, bytes]]:
    line, own = "POST /oauth/token HTTP/1.1", "\r\n".join(here.headers)
    yield "headers without an end", f"{line}\r\n{own}\r\n".encode()
    yield "a header without an end", f"{line}\r\n{own}\r\nX-Long: ".encode()
    yield "an address without an end", b"GET /oauth/token?"
    chunked = "Transfer-Encoding: chunked\r\n\r\n0\r\n"
    yield "trailers without an end", f"{line}\r\n{own}\r\n{chunked}".encode()


def _lines() -> Iterator[bytes]:
    line = b"X-Line: %s\r\n" % (b"x" * 1_000)
    for _ in range(_HUGE // MIB):
        yield line * (MIB // len(line))


async def slow(here: Place, told: Told, *, connections: int = _SLOW) -> str:
    """Hold many requests open that never end, and ask for something beside them."""
    held: list[asyncio.StreamWriter] = []
    paths = ["/mcp", "/oauth/token", "/oauth/register", "/theme"]
    try:
        for number in range(connections):
            _, writer = await asyncio.open_connection("127.0.0.1", here.xerus.port)
            head = [f"POST {paths[number % len(paths)]} HTTP/1.1", *here.headers]
            part = "\r\n".join([*head, *_head("application/json", 1_000), "", "{"])
            writer.write(part[: -1 if number % 2 else -3].encode())
            held.append(writer)
        told(f"{connections} requests that do not end")
        async with http_of(here.xerus) as http:
            answers = [await _asked(http, here) for _ in range(_OTHERS)]
    finally:
        for writer in held:
            writer.transport.abort()
    assert {answer.status_code for answer in answers} == {200}
    here.check_log()
    return f"{connections} requests held open, {_OTHERS} others answered"


async def _asked(http: httpx2.AsyncClient, here: Place) -> httpx2.Response:
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    return await http.post("/mcp", json=body, headers=here.held.bearer)
