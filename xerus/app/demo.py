"""`xerus demo`: Xerus on a simulated Atlassian and a simulated Entra ID."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn
from urllib.request import ProxyHandler, build_opener

import orjson

from xerus.app.loop import run
from xerus.app.processes import end
from xerus.app.roles import Role
from xerus.app.serving import Bind, progress, serve
from xerus.errors import NotConfigured
from xerus.settings import loading
from xerus.settings.groups import Settings

_PORT_SECONDS = 10.0
_PAUSE = 0.1


def sandbox() -> NoReturn:
    """Become the simulated outside world, so that every signal to this process reaches it."""
    command = _command(loading.load())
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - our own interpreter


def demo() -> int:
    """Run the sandbox and, on top of it, Xerus with settings that fit it, until Ctrl-C."""
    given = loading.environment()
    with running_sandbox(loading.load(given)) as credentials:
        settings = loading.load({**demo_environment(credentials), **given})
        bind = Bind(host=settings.server.host, port=settings.server.port)
        return run(serve(settings, roles=frozenset(Role), bind=bind))


def demo_environment(credentials: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings that point Xerus at the sandbox; what the caller set wins over them."""
    entra, atlassian = credentials["entra"], credentials["atlassian"]
    return {
        "ENTRA_ID_EXPECTED_ISSUER": entra["issuer"],
        "ENTRA_ID_CLIENT_ID": entra["client_id"],
        "ENTRA_ID_CLIENT_SECRET": entra["client_secret"],
        "ATLASSIAN_OAUTH_CLIENT_ID": atlassian["client_id"],
        "ATLASSIAN_OAUTH_CLIENT_SECRET": atlassian["client_secret"],
        "ATLASSIAN_AUTH_URL": atlassian["auth_url"],
        "ATLASSIAN_API_URL": atlassian["api_url"],
        "XERUS_ADMINS": "ada@example.com",
    }


@contextlib.contextmanager
def running_sandbox(settings: Settings) -> Iterator[dict[str, Any]]:
    """Run the sandbox as a child that ends with this process; yield its fixed credentials.

    Raises:
        NotConfigured: a port is taken, or the sandbox does not start.
    """
    for port in (settings.sandbox.atlassian_port, settings.sandbox.entra_port):
        _await_free(port)
    progress("Starting the simulated Atlassian and Entra ID")
    # The child reads this pipe and ends when it closes, even if this process is killed.
    child = subprocess.Popen(
        [*_command(settings), "--stop-with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        if not child.stdout.readline().startswith(b"Sandbox is ready"):
            raise NotConfigured("The sandbox did not start.", hint="See the message above.")
        yield _credentials(settings.sandbox.atlassian_port)
    finally:
        end(child)


def _command(settings: Settings) -> list[str]:
    return [
        sys.executable,
        "-m",
        "xerus_sandbox",
        "--data-dir",
        str(settings.server.data_dir / "sandbox"),
        "--atlassian-port",
        str(settings.sandbox.atlassian_port),
        "--entra-port",
        str(settings.sandbox.entra_port),
    ]


def _await_free(port: int) -> None:
    """Wait a moment for the port: the sandbox of a demo that was killed may still be ending."""
    deadline = time.monotonic() + _PORT_SECONDS
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                if time.monotonic() > deadline:
                    raise NotConfigured(
                        f"Port {port} is taken by another program.",
                        hint="End that program, or choose other ports with "
                        "XERUS_SANDBOX_ATLASSIAN_PORT and XERUS_SANDBOX_ENTRA_PORT.",
                    ) from error
            else:
                return
        time.sleep(_PAUSE)


def _credentials(port: int) -> dict[str, Any]:
    direct = build_opener(ProxyHandler({}))
    with direct.open(f"http://127.0.0.1:{port}/_sandbox/config", timeout=10) as answer:
        values: dict[str, Any] = orjson.loads(answer.read())["credentials"]
        return values
