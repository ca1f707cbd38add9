"""The MCP conformance suite, an npm package, and what it found."""

import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_NODE = _ROOT / ".venv" / "bin" / "node"
_PACKAGES = _ROOT / "tests" / "clients" / "node" / "node_modules"
_PROGRAM = _PACKAGES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
_MOST_SECONDS = 120
_FOLDER = re.compile(r"server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One run of the suite.

    Attributes:
        code: 0 unless a scenario that the revision requires has failed.
        checks: how the checks of each scenario ended: SUCCESS, FAILURE, WARNING, INFO, SKIPPED, or
            UNTESTABLE where the suite says that it misses a fixture, though it counts a failure.
        said: what the suite printed.
    """

    code: int
    checks: dict[str, Counter[str]]
    said: str

    @property
    def failed(self) -> set[str]:
        """The scenarios with a failed check."""
        return {name for name, found in self.checks.items() if found["FAILURE"]}

    def total(self, status: str) -> int:
        return sum(found[status] for found in self.checks.values())


@asynccontextmanager
async def suite(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a command of the suite."""
    process = await asyncio.create_subprocess_exec(
        *(str(_NODE), str(_PROGRAM), *arguments),
        env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(_MOST_SECONDS):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def server_suite(url: str, revision: str, folder: Path) -> Outcome:
    """Run every scenario that `revision` lists against the server at `url`."""
    arguments = ("--url", url, "--requirements", revision, "--timeout", "8000", "-o", str(folder))
    async with suite("server", *arguments) as process:
        said, _ = await process.communicate()
    assert process.returncode is not None
    return Outcome(code=process.returncode, checks=checks_in(folder), said=said.decode())


def checks_in(folder: Path) -> dict[str, Counter[str]]:
    """Read the reports that the suite has left in `folder`."""
    found: dict[str, Counter[str]] = {}
    for report in folder.glob("*/checks.json"):
        named = _FOLDER.fullmatch(report.parent.name)
        assert named, report
        checks = json.loads(report.read_text())
        found[named[1]] = Counter(_status(check) for check in checks)
    return found


def _status(check: dict[str, Any]) -> str:
    untestable = (check.get("details") or {}).get("untestable")
    return "UNTESTABLE" if untestable else str(check["status"])
