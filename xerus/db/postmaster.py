"""The running PostgreSQL server of a data directory: found, waited for, stopped."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

_POLL_SECONDS = 0.01
_FAST_STOP_SECONDS = 20.0
_QUIT_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Postmaster:
    """What `postmaster.pid` says about a server that is really alive.

    `status` is PostgreSQL's own word: starting, stopping, ready or standby; empty before the
    first one is written.
    """

    pid: int
    socket_dir: Path
    port: int
    status: str

    @property
    def socket(self) -> Path:
        """The socket that clients connect to."""
        return self.socket_dir / f".s.PGSQL.{self.port}"


def find(data: Path) -> Postmaster | None:
    """Return the live server of `data`, or None where there is none (a stale file included)."""
    lines = _lock_file(data)
    # Line 1 pid, 2 data directory, 3 start time, 4 port, 5 socket directory, 8 status
    # (PostgreSQL, src/include/utils/pidfile.h).
    if not lines or not _serves(int(lines[0]), data):
        return None
    lines += [""] * (8 - len(lines))
    return Postmaster(
        pid=int(lines[0]),
        port=int(lines[3] or 0),
        socket_dir=Path(lines[4]),
        status=lines[7].strip(),
    )


def clear_stale_lock(data: Path) -> None:
    """Remove `postmaster.pid` where its process id now belongs to another program.

    PostgreSQL clears the file of a dead process by itself, but refuses to start when the id was
    given to something else since, which is usual after a restart of a container.
    """
    lines = _lock_file(data)
    if lines and psutil.pid_exists(int(lines[0])) and not _serves(int(lines[0]), data):
        (data / "postmaster.pid").unlink(missing_ok=True)


def stop(data: Path) -> None:
    """Stop the server of `data`, if one runs: fast, and if that takes too long at once."""
    server = find(data)
    if server is None:
        return
    for sign, seconds in ((signal.SIGINT, _FAST_STOP_SECONDS), (signal.SIGQUIT, _QUIT_SECONDS)):
        try:
            os.kill(server.pid, sign)
        except ProcessLookupError:
            return
        if _gone(server.pid, data, seconds):
            return


def await_settled(data: Path, seconds: float) -> Postmaster | None:
    """Wait while a server is starting or stopping; return it once ready, None if it ended."""
    deadline = time.monotonic() + seconds
    while (server := find(data)) is not None:
        if server.status == "ready":
            return server
        if time.monotonic() > deadline:
            return None
        time.sleep(_POLL_SECONDS)
    return None


def _lock_file(data: Path) -> list[str]:
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []
    return lines if lines and lines[0].strip().isdigit() else []


def _serves(pid: int, data: Path) -> bool:
    """Whether the process is alive and the server of `data`, not one that got its number since."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and str(data) in process.cmdline()
    except psutil.Error:
        return False


def _gone(pid: int, data: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while _serves(pid, data):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
