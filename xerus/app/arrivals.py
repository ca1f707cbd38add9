"""HTTP connections whose requests arrive whole, within bounds of size and time.

uvicorn keeps the headers of a request, and its trailers, however many come before the application
hears of it, and waits for the rest of a request for ever: one stranger could fill the memory with
headers, stop everybody with a long one, or use up all connections.
"""

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES = 64 * 1024
MOST_SECONDS = 120.0
_CLOSE = b"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large" + _CLOSE  # RFC 6585 5
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout" + _CLOSE  # RFC 9110 15.5.9


class BoundedArrival(HttpToolsProtocol):
    """Closes a connection that brings more than `MOST_BYTES` without an end of head or a body.

    Or whose request takes more than `MOST_SECONDS` to arrive, from the connection or the end of the
    request before. What arrives in one piece with the beginning of a head, 256 KB at most, does not
    count.
    """

    _idle_bytes = 0
    _moved = False
    _in_head = False
    _arriving = False
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a request."""
        super().connection_made(cast("asyncio.Transport", transport))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._have()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        self._moved = False
        super().data_received(data)
        self._idle_bytes = 0 if self._moved else self._idle_bytes + len(data)
        if self._idle_bytes > MOST_BYTES:
            self._refuse(_TOO_LARGE)
        elif not self._arriving:
            self._have()
        elif self._deadline is None:
            self._wait()

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(MOST_SECONDS, self._refuse, _TOO_SLOW)

    def _have(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, answer: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._in_head:  # else the application may have begun to answer
            self.transport.write(answer)
        self.transport.close()

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        self._moved = self._in_head = self._arriving = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that a head ended."""
        self._moved, self._in_head = True, False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Note that a part of a body came."""
        self._moved = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that a request ended."""
        self._moved, self._arriving = True, False
        super().on_message_complete()
