"""Conversions of long texts, done beside the event loop so that no other caller waits for them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

QUICK_MARKDOWN = 2_000
"""Characters that are converted on the spot: some 20 ms where all of them are table cells."""
QUICK_ANSWER = 48 * 1024
"""Bytes of Atlassian's answers that are: 1 or 2 ms for a search, 60 ms for a page of tables."""

# One, however many ask: threads of Python take turns, so more would only keep the event loop from its own.
_THREADS = ThreadPoolExecutor(max_workers=1, thread_name_prefix="conversion")


async def aside(work: Callable[[], T], *, size: int, quick: int = QUICK_ANSWER) -> T:
    """Return what `work` returns, or raise what it raises; in a thread if `size` is over `quick`.

    `work` is a pure function: it may go on after a caller has gone.
    """
    if size <= quick:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work)
