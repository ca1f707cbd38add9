"""HTTP connections whose requests have an end to their heads.

uvicorn keeps the headers of a request, and its trailers, however many come before the application
hears of it: a stranger would fill the memory with one request, and stop everybody with one header.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES = 64 * 1024
_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"Connection: close\r\n"
    b"Content-Length: 0\r\n\r\n"
)


class BoundedHeads(HttpToolsProtocol):
    """Closes a connection that brings more than `MOST_BYTES` without an end of head or a body.

    What arrives in one piece with the beginning, 256 KB at most, does not count.
    """

    _idle_bytes = 0
    _moved = False
    _in_head = False

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        self._moved = False
        super().data_received(data)
        self._idle_bytes = 0 if self._moved else self._idle_bytes + len(data)
        if self._idle_bytes > MOST_BYTES and not self.transport.is_closing():
            self._refuse()

    def _refuse(self) -> None:
        if self._in_head:  # RFC 6585 5; a request whose trailers do not end may be answered already
            self.transport.write(_REFUSAL)
        self.transport.close()

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        self._moved = self._in_head = True
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
        self._moved = True
        super().on_message_complete()
