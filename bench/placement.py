"""Which core what runs on: what is measured has one to itself, where there are two.

A browser has them all, as a person's has: on one core beside the driver and the simulated Atlassian
it would be the queue for that core which is measured.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

SUBJECT_CORE, OTHER_CORE = 0, 1
_ALL = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()


def on_core(core: int) -> AbstractContextManager[None]:
    """Let what this thread starts in the block run on one core, where the machine has more.

    Children inherit the mask; what was started before keeps its own.
    """
    return _on({core} & _ALL)


def on_all_cores() -> AbstractContextManager[None]:
    """Let what this thread starts in the block run on every core."""
    return _on(_ALL)


@contextmanager
def _on(cores: set[int]) -> Iterator[None]:
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
