"""Programs of ours, forked from a process that has imported their libraries already.

The tests start Xerus and the sandbox a few hundred times, and four fifths of the CPU time of a start
are imports. What a fresh interpreter does, the tests of the commands, of several workers and of
stdio show; the soak stages and the benchmark never start from here.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import BinaryIO

LIBRARIES = (
    "xerus.cli",
    "xerus.app.serving",
    "xerus.app.processes",
    "xerus.app.web",
    "alembic.command",
    "sqlalchemy.dialects.postgresql.psycopg",
    "xerus_sandbox.server",
    "xerus_sandbox.atlassian.product_store",
    "xerus_sandbox.products.catalogue",
    "xerus_sandbox.products.world",
)
_PROGRAMS = ("xerus_sandbox", "tests.support.later")


def can_start(args: Sequence[str]) -> bool:
    """Tell whether this is a program that the tests start often."""
    serves = tuple(args[:3]) == ("-m", "xerus", "serve") and "--workers" not in args
    return serves or (args[0] == "-m" and args[1] in _PROGRAMS)


class WarmProcess:
    """`python -m PROGRAM ...` as far as `subprocess.Popen` is used for it."""

    def __init__(self, args: Sequence[str], *, env: dict[str, str], stderr: Path) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(LIBRARIES))
        ours, theirs = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_run, args=(args[1:], env, str(Path.cwd()), theirs, str(stderr)), daemon=True
        )
        self._process.start()
        theirs.close()
        self.stdout: BinaryIO = os.fdopen(os.dup(ours.fileno()), "rb")
        ours.close()
        assert self._process.pid
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        status = self.poll()
        if status is None:
            raise subprocess.TimeoutExpired("a warm process", timeout)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()


def _run(
    program: Sequence[str], env: dict[str, str], folder: str, stdout: Connection, stderr: str
) -> None:
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    os.dup2(stdout.fileno(), 1)
    stdout.close()
    log = os.open(stderr, os.O_WRONLY | os.O_APPEND)
    os.dup2(log, 2)
    os.close(log)
    sys.argv = list(program)
    runpy.run_module(program[0], run_name="__main__", alter_sys=True)
