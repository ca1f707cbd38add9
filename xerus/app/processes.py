"""Several server processes on one socket."""

import contextlib
import signal
import socket
import subprocess
import sys
import time

from xerus.app.roles import Role
from xerus.app.serving import Bind, listen

_WATCH_SECONDS = 0.5
_RESTART_SECONDS = 1.0
_STOP_SECONDS = 15.0


def supervise(*, bind: Bind, roles: frozenset[Role], workers: int) -> int:
    """Run `workers` server processes on one socket; start a new one for each that dies."""
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with listen(bind) as listening:
        listening.set_inheritable(True)
        command = [sys.executable, "-m", "xerus", "serve", "--roles", ",".join(sorted(roles))]
        command += ["--host", bind.host, "--port", str(bind.port), "--fd", str(listening.fileno())]
        children = [_spawn(command, listening) for _ in range(workers)]
        while not stopping:
            time.sleep(_WATCH_SECONDS)
            for index, child in enumerate(children):
                if child.poll() is not None and not stopping:
                    time.sleep(_RESTART_SECONDS)
                    children[index] = _spawn(command, listening)
        for child in children:
            end(child)
    return 0


def _spawn(command: list[str], listening: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, pass_fds=(listening.fileno(),))


def end(child: subprocess.Popen[bytes]) -> None:
    """Ask a child to stop, and make it where it does not."""
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
