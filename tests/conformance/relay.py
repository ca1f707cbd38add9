"""Adds a header to every HTTP request on its way, and changes nothing else, not even white space."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing, suppress

_MOST_BYTES = 2**16


@asynccontextmanager
async def relay(port: int, target: int, added: Mapping[str, str]) -> AsyncIterator[None]:
    """Serve on `port` what `target` answers; `added` may change between requests."""

    under_way: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_exchange(reader, writer, target, added))
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    async with await asyncio.start_server(accept, "127.0.0.1", port):
        yield
    for task in under_way:
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)


async def _exchange(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    target: int,
    added: Mapping[str, str],
) -> None:
    """Pass one request on, and its answer back."""
    with closing(writer), suppress(asyncio.IncompleteReadError, ConnectionError):
        head = await reader.readuntil(b"\r\n\r\n")
        there, onward = await asyncio.open_connection("127.0.0.1", target)
        with closing(onward):
            onward.write(_with(head, {**added, "connection": "close"}))
            sending = asyncio.create_task(_pump(reader, onward))
            try:
                await _pump(there, writer)
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)


def _with(head: bytes, added: Mapping[str, str]) -> bytes:
    """Return the head of a request with other values for the headers that are named."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    kept = [line for line in lines if line.partition(b":")[0].lower().decode() not in added]
    new = [f"{name}: {value}".encode() for name, value in added.items()]
    return b"\r\n".join([first, *kept, *new, b"", b""])


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_MOST_BYTES):
        writer.write(data)
        await writer.drain()
