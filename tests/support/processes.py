"""Processes under test: started, awaited by their ready line, ended by pid."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, Queue
from typing import ClassVar

from tests.support import warm
from tests.support.warm import WarmProcess

_READY_SECONDS = 90
_STOP_SECONDS = 20
_TAIL = 4_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A command of ours in a process group of its own; stderr goes to `log`."""

    running: ClassVar[list["Process"]] = []
    warm: ClassVar[bool] = False
    """Whether what is started often starts from a process that has its libraries."""

    def __init__(self, *args: str, env: dict[str, str], log: Path, ready: str) -> None:
        self.log = log
        clean = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "TMPDIR"}}
        self._popen = self._started(args, {**clean, "PYTHONUNBUFFERED": "1", **env}, log)
        self._lines: Queue[str | None] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.running.append(self)
        self._await(ready)

    def _started(
        self, args: Sequence[str], env: dict[str, str], log: Path
    ) -> subprocess.Popen[bytes] | WarmProcess:
        with log.open("ab") as stderr:
            if self.warm and warm.can_start(args):
                return WarmProcess(args, env=env, stderr=log)
            return subprocess.Popen(
                [sys.executable, *args],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def _read(self) -> None:
        assert self._popen.stdout is not None
        with self._popen.stdout as lines:
            for line in lines:
                self._lines.put(line.decode().strip())
        self._lines.put(None)

    def _await(self, ready: str) -> None:
        line: str | None = ""
        while line is not None:
            try:
                line = self._lines.get(timeout=_READY_SECONDS)
            except Empty:
                break
            if line is not None and line.startswith(ready):
                return
        self.stop()
        raise AssertionError(f"never said {ready!r}:\n{self.tail()}")

    def kill(self) -> None:
        """End it at once, as a crash would."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._popen.pid, signal.SIGKILL)
        self._finish()

    def stop(self) -> None:
        """End it as Ctrl-C would, and by force where that takes too long."""
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGINT)
            try:
                self._popen.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._popen.kill()
        self._finish()

    def tail(self) -> str:
        """Return the end of its log."""
        return self.log.read_text(errors="replace")[-_TAIL:] if self.log.exists() else ""

    def _finish(self) -> None:
        if self in self.running:
            self.running.remove(self)
        self._popen.wait(_STOP_SECONDS)
        self._reader.join(_STOP_SECONDS)
