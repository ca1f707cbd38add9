"""A subject that is one command with a port."""

import os
import signal
import subprocess
from abc import abstractmethod
from pathlib import Path

from bench.placement import SUBJECT_CORE, on_core
from bench.subjects.subject import Subject
from tests.support.processes import free_port

_STOP_SECONDS = 20
_KEPT = frozenset({"PATH", "HOME", "LANG", "TMPDIR"})


class Command(Subject):
    """Started on the measured core, in a process group of its own."""

    def __init__(self, key: str, title: str, *, upstream: str, folder: Path) -> None:
        self.key, self.title = key, title
        self._upstream, self._log = upstream, folder / f"{key}.log"
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self, port: int) -> list[str]:
        """Return the command that serves on `port`."""

    @abstractmethod
    def env(self) -> dict[str, str]:
        """Return the environment it needs."""

    def start(self) -> None:
        self._port = free_port()
        kept = {name: value for name, value in os.environ.items() if name in _KEPT}  # noqa: TID251
        with on_core(SUBJECT_CORE), self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command(self._port),
                env=kept | self.env(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def stop(self) -> None:
        """End the group, by force where asking does not do."""
        if self._process is None or not self.is_running:
            return
        os.killpg(self.pid, signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait(_STOP_SECONDS)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def said(self) -> str:
        return self._log.read_text(errors="replace")[-1000:]
