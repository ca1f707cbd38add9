"""Pooled connections that are used again only while nothing came in that nobody asked for."""

import select
from typing import TYPE_CHECKING
from weakref import WeakSet

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

if TYPE_CHECKING:
    from aiohttp.tracing import Trace


class QuietConnector(aiohttp.TCPConnector):
    """Drops a pooled connection on which a second answer waits, or its end.

    HTTP/1.1 tells answers apart by their order alone: what a server or a proxy on the way sends
    twice would be taken for the answer to the next request, which may be another person's.
    """

    def __init__(self, *, most: int, resolver: AbstractResolver | None = None) -> None:
        # With a resolver of its own it remembers no answers: what it checked is what it calls.
        super().__init__(
            limit=most, limit_per_host=most, resolver=resolver, use_dns_cache=resolver is None
        )
        self._used: WeakSet[ResponseHandler] = WeakSet()

    async def connect(
        self, req: aiohttp.ClientRequest, traces: "list[Trace]", timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """Return a new connection, or a pooled one that is quiet."""
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol = connection.protocol
            if protocol is None or protocol not in self._used or _is_quiet(protocol):
                break
            connection.close()
        if protocol is not None:
            self._used.add(protocol)
        return connection


def _is_quiet(protocol: ResponseHandler) -> bool:
    if protocol.should_close or protocol.transport is None:
        return False
    # What has arrived may not have been read yet while the loop was busy.
    arrived = select.poll()
    arrived.register(protocol.transport.get_extra_info("socket").fileno(), select.POLLIN)
    return not arrived.poll(0)
