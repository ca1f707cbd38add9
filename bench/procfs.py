"""What a process and its descendants used."""

from contextlib import suppress
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, kw_only=True)
class Usage:
    """CPU seconds so far and resident memory now, of a whole process tree."""

    cpu_seconds: float
    rss_mib: float


def usage(pid: int) -> Usage:
    """Add up the tree of `pid`, with the CPU time of children that ended and were waited for."""
    cpu, rss = 0.0, 0
    for process in _tree(pid):
        with suppress(psutil.Error):
            times = process.cpu_times()
            cpu += times.user + times.system + times.children_user + times.children_system
            rss += process.memory_info().rss
    return Usage(cpu_seconds=cpu, rss_mib=rss / 2**20)


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []
