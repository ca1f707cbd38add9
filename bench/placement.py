"""Which core what runs on: what is measured has one to itself, where there are two."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

SUBJECT_CORE, OTHER_CORE = 0, 1


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Let what this thread starts in the block run on one core, where the machine has more.

    Children inherit the mask; what was started before keeps its own.
    """
    if not hasattr(os, "sched_setaffinity") or core not in os.sched_getaffinity(0):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
