"""What a process and its descendants used."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, kw_only=True)
class Usage:
    """CPU seconds so far and resident memory now, of a whole process tree."""

    cpu_seconds: float
    rss_mib: float


def usage(pid: int) -> Usage:
    """Add up the tree of `pid`; what ends meanwhile counts nothing."""
    cpu, rss = 0.0, 0
    for process in _tree(pid):
        with suppress(psutil.Error):
            times = process.cpu_times()
            cpu += times.user + times.system
            rss += process.memory_info().rss
    return Usage(cpu_seconds=cpu, rss_mib=rss / 2**20)


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Let what is started in the block run on one core, where the machine has more than one.

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
