"""`@modelcontextprotocol/server-everything`, the MCP project's own test server, as a process."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.processes import free_port

_ROOT = Path(__file__).parents[2]
_PROGRAM = (
    _ROOT / "tests/clients/node/node_modules/@modelcontextprotocol/server-everything/dist/index.js"
)


@asynccontextmanager
async def everything() -> AsyncIterator[str]:
    """Yield the address of its MCP endpoint."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(str(_ROOT / ".venv/bin/node"), str(_PROGRAM), "streamableHttp"),
        env={"PATH": os.environ["PATH"], "PORT": str(port)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # the test's Node is a program that starts another
    )
    assert process.stdout is not None
    ready = asyncio.Event()
    reading = asyncio.create_task(_read(process.stdout, ready))
    try:
        async with asyncio.timeout(60):
            await ready.wait()
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        await reading


async def _read(lines: asyncio.StreamReader, ready: asyncio.Event) -> None:
    """Read what it says for as long as it runs, so that it never waits for a reader."""
    while line := await lines.readline():
        if b"listening on port" in line:
            ready.set()
