"""The fake Atlassian as a process, and what it counted."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bench.placement import OTHER_CORE, on_core
from tests.support.processes import Process, free_port


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What came since the last reset; `credentials` is how many different ones."""

    requests: int
    connections: int
    unknown: list[str]
    credentials: int


class Upstream:
    """Started at once, ended by `stop`."""

    def __init__(self, folder: Path, sandbox: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        with on_core(OTHER_CORE):
            self._process = Process(
                *("-m", "bench.upstream", "--port", str(port), "--sandbox", sandbox),
                env={},
                log=folder / "upstream.log",
                ready="Upstream is ready",
            )

    async def reset(self) -> None:
        """Count from nothing."""
        await self._ask("/__reset")

    async def seen(self) -> Seen:
        """Return the counts."""
        return Seen(**await self._ask("/__stats"))

    async def answer_after(self, seconds: float) -> None:
        """Wait that long before each answer from now on."""
        await self._ask(f"/__delay?{seconds}")

    def stop(self) -> None:
        self._process.stop()

    async def _ask(self, path: str) -> dict[str, Any]:
        async with aiohttp.ClientSession() as http, http.get(self.url + path) as reply:
            answer: dict[str, Any] = await reply.json()
            return answer
