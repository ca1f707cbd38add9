"""10,000 generated calls of each tool on Cloud and on Data Center, half held to ENG and DOCS.

The tools run in this program on the sandbox without sockets, one process for each processor. What
must hold of every call stands in `tests/support/generated/judge.py`.
"""

import asyncio
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path

from bench.progress import say
from bench.soak.pressure import StageFailed
from tests.support.generated.rounds import TOOLS, Rounds, Tally
from tests.support.generated.upstream import Upstream
from xerus.atlassian.credentials import Product
from xerus.tools.declaration import Tool

_CALLS = 10_000  # on each of Cloud and Data Center
_MOST_SHOWN = 20


async def jira_reads() -> str:
    """Try the tools that read Jira."""
    return await _stage([tool for tool in _of(Product.JIRA) if not tool.writes])


async def jira_writes() -> str:
    """Try the tools that change Jira."""
    return await _stage([tool for tool in _of(Product.JIRA) if tool.writes])


async def confluence() -> str:
    """Try the tools of Confluence."""
    return await _stage(_of(Product.CONFLUENCE))


async def of_both() -> str:
    """Try the tools that reach both products, or run others."""
    return await _stage(_of(None))


def _of(product: Product | None) -> list[Tool]:
    return [tool for tool in TOOLS if tool.product is product]


async def _stage(tools: list[Tool]) -> str:
    whole = Tally()
    loop = asyncio.get_running_loop()
    # A fresh interpreter for each: nothing of this one's loop or logging goes along.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        runs = [loop.run_in_executor(pool, _tried, tool.name) for tool in tools]
        for done, run in enumerate(asyncio.as_completed(runs), start=1):
            name, tally = await run
            whole.add(tally)
            say(f"  {done} of {len(runs)}: {name}: {_counts(tally)}")
    if whole.findings:
        shown = "\n".join(finding.encode(errors="backslashreplace").decode() for finding in
                          whole.findings[:_MOST_SHOWN])  # fmt: skip
        raise StageFailed(f"{len(whole.findings)} findings in {_counts(whole)}\n{shown}")
    slow, where = whole.slowest
    return f"{_counts(whole)}; no finding; slowest {slow:.2f} s ({where!a:.120})"


def _tried(name: str) -> tuple[str, Tally]:
    """Run one tool in each of four ways; called in a process of its own."""
    tool = next(tool for tool in TOOLS if tool.name == name)
    whole = Tally()
    with tempfile.TemporaryDirectory() as folder:
        upstream = Upstream(Path(folder))
        for is_cloud, is_held in product((True, False), repeat=2):
            rounds = Rounds(upstream, is_cloud=is_cloud, is_held=is_held)
            whole.add(asyncio.run(rounds.run(tool, _CALLS // 2, seed="soak ")))
        upstream.close()
    return name, whole


def _counts(tally: Tally) -> str:
    statuses = ", ".join(f"{count} x {status}" for status, count in sorted(tally.statuses.items()))
    return (
        f"{tally.calls} calls, {tally.answered} answered, {tally.refused} refused unsent, "
        f"{tally.requests} requests ({statuses})"
    )
