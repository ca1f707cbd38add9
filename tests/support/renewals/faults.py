"""A proxy that hands a request on and does harm to the answer, or answers itself."""

import asyncio
import socket
import struct
from collections.abc import Mapping
from enum import Enum
from typing import Self
from urllib.parse import urlsplit

from tests.support.renewals.endpoint import read_message

_LONGER_THAN_ANY_DEADLINE = 30.0
_HTML = b"<html><h1>Bad gateway</h1></html>"


class Fault(Enum):
    """What is done. Down to LOST the request arrives first, so that the token is rotated."""

    NONE = "none"
    DELAY = "delay"
    TRICKLE = "trickle"
    RESET = "reset"
    HALF_CLOSE = "half_close"
    TRUNCATE = "truncate"
    DUPLICATE = "duplicate"
    LOST = "lost"
    NO_JSON = "no_json"
    STATUS_500 = "status_500"
    STATUS_429 = "status_429"
    HTML_403 = "html_403"
    REFUSED = "refused"


FAULTS = tuple(fault for fault in Fault if fault is not Fault.NONE)

_OWN_ANSWERS: Mapping[Fault, tuple[str, bytes]] = {
    Fault.STATUS_500: ("500 Error", b'{"error": "invalid_grant"}'),
    Fault.STATUS_429: ("429 Slow down", b'{"error": "unauthorized_client"}'),
    Fault.HTML_403: ("403 Blocked", _HTML),
    Fault.NO_JSON: ("200 OK", _HTML),
}


class FaultProxy:
    """Stands before `base`; `fault` may change while it runs."""

    def __init__(self, base: str) -> None:
        self.fault = Fault.NONE
        self.requests = 0
        self._target = urlsplit(base)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=1024)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def base(self) -> str:
        assert self._server
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.fault is Fault.REFUSED:
                self.requests += 1
                _reset(writer)
                return
            head, body = await read_message(reader)
            if head:
                self.requests += 1
                await self._harm(writer, head + body)
        except ConnectionError:
            pass  # the other side had enough
        finally:
            writer.close()

    async def _harm(self, writer: asyncio.StreamWriter, request: bytes) -> None:
        if own := _OWN_ANSWERS.get(self.fault):
            status, content = own
            head = (
                f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
            )
            writer.write(head.encode() + content)
            return
        answer = await self._asked(request)
        if harm := _HARMS.get(self.fault):
            await harm(writer, answer)
        elif self.fault is not Fault.LOST:
            writer.write(answer)

    async def _asked(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        try:
            writer.write(request)
            return b"".join(await read_message(reader))
        finally:
            writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _delay(writer: asyncio.StreamWriter, answer: bytes) -> None:
    await asyncio.sleep(_LONGER_THAN_ANY_DEADLINE)
    writer.write(answer)


async def _trickle(writer: asyncio.StreamWriter, answer: bytes) -> None:
    for byte in answer:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.1)


async def _cut_and_reset(writer: asyncio.StreamWriter, answer: bytes) -> None:
    writer.write(answer[: len(answer) // 2])
    await writer.drain()
    _reset(writer)


async def _half_close(writer: asyncio.StreamWriter, answer: bytes) -> None:
    del answer
    writer.write_eof()
    await asyncio.sleep(_LONGER_THAN_ANY_DEADLINE)


async def _truncate(writer: asyncio.StreamWriter, answer: bytes) -> None:
    writer.write(answer[: len(answer) // 2])


async def _duplicate(writer: asyncio.StreamWriter, answer: bytes) -> None:
    writer.write(answer)
    await writer.drain()
    await asyncio.sleep(0.05)
    # Where the next request comes over the same connection, this is what answers it.
    writer.write(answer)
    await asyncio.sleep(_LONGER_THAN_ANY_DEADLINE)


_HARMS = {
    Fault.DELAY: _delay,
    Fault.TRICKLE: _trickle,
    Fault.RESET: _cut_and_reset,
    Fault.HALF_CLOSE: _half_close,
    Fault.TRUNCATE: _truncate,
    Fault.DUPLICATE: _duplicate,
}
