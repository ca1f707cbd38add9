"""What the measurements were made on, in a line."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import psutil

_CPUINFO = Path("/proc/cpuinfo")


def described() -> str:
    """Return date, Python, processor, memory and how busy the machine is already."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, "
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"load average before {os.getloadavg()[0]:.1f}"
    )


def _processor() -> str:
    lines = _CPUINFO.read_text().splitlines() if _CPUINFO.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
