"""The whole product as processes: the simulated outside world and Xerus on it."""

import asyncio
import select
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import orjson

from tests.support.prepared import prepare
from tests.support.processes import Process, free_port

_DAY = 24 * 60 * 60


class Port:
    """The controls of one sandbox port (design: section 4)."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._newest = 0
        # One connection for all questions: a test asks many, and a client of its own for each cost
        # six times the CPU time.
        self._http = HTTPConnection(urlsplit(base).netloc, timeout=30)
        self._one_at_a_time = threading.Lock()

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        with self._one_at_a_time:
            self._http.close()

    async def _send(self, method: str, path: str, body: object = None) -> Any:
        return await asyncio.to_thread(self._ask, method, path, body)

    def _ask(self, method: str, path: str, body: object) -> Any:
        with self._one_at_a_time:
            if _ended(self._http):
                self._http.close()  # the sandbox was started anew
            try:
                self._http.request(
                    method,
                    f"/_sandbox/{path}",
                    None if body is None else orjson.dumps(body),
                    {"Content-Type": "application/json"},
                )
                response = self._http.getresponse()
                content = response.read()
            except BaseException:
                self._http.close()
                raise
        assert response.status < 400, f"{method} {path}: {response.status} {content.decode()}"
        return orjson.loads(content)

    async def log(self, after: int = 0) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = await self._send("GET", f"log?after={after}")
        return entries

    async def mark(self) -> int:
        """Return the number of the newest log entry, to ask for later ones with `log`."""
        entries = await self.log(self._newest)
        if entries:
            self._newest = int(entries[-1]["n"])
        return self._newest

    async def reset(self) -> None:
        await self._send("POST", "reset", {})

    async def advance(self, seconds: float) -> None:
        await self._send("POST", "clock", {"advance_seconds": seconds})

    async def configure(self, **changes: object) -> None:
        await self._send("PATCH", "config", changes)

    async def config(self) -> dict[str, Any]:
        values: dict[str, Any] = await self._send("GET", "config")
        return values

    async def faults(self, faults: Sequence[dict[str, Any]]) -> None:
        await self._send("POST", "faults", list(faults))

    async def revoke(self, account: str) -> None:
        await self._send("POST", "grants/revoke", {"account": account})

    async def rotate_keys(self) -> None:
        await self._send("POST", "keys/rotate", {})


def _ended(connection: HTTPConnection) -> bool:
    """Whether the other side closed a connection on which nothing is awaited."""
    if connection.sock is None:
        return False
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


class Sandbox:
    """The simulated Atlassian and Entra ID."""

    program: tuple[str, ...] = ("-m", "xerus_sandbox")

    def __init__(self, folder: Path, record: str | None) -> None:
        self.folder = folder
        """Where a Xerus beside it may keep its files."""
        self._own = folder
        self._ports = (free_port(), free_port())
        self._record = record
        self.atlassian = Port(f"http://127.0.0.1:{self._ports[0]}")
        self.entra = Port(f"http://127.0.0.1:{self._ports[1]}")
        self._process: Process | None = None
        self._credentials: dict[str, Any] = {}
        self.start()

    def start(self) -> None:
        args = [*self.program, "--data-dir", str(self._own / "sandbox")]
        args += ["--atlassian-port", str(self._ports[0]), "--entra-port", str(self._ports[1])]
        if self._record:
            args += ["--record", self._record]
        self._process = Process(
            *args, env={}, log=self._own / "sandbox.log", ready="Sandbox is ready"
        )

    def stop(self) -> None:
        for port in (self.atlassian, self.entra):
            port.close()
        if self._process:
            self._process.stop()

    async def credentials(self) -> dict[str, Any]:
        """Return every fixed value that a caller needs."""
        if not self._credentials:
            here: dict[str, Any] = (await self.atlassian.config())["credentials"]
            there: dict[str, Any] = (await self.entra.config())["credentials"]
            self._credentials = {"atlassian": here, "entra": there, **here, **there}
        return self._credentials


@dataclass
class Xerus:
    """One Xerus process and what it was given."""

    folder: Path
    env: dict[str, str]
    port: int = field(default_factory=free_port)
    args: tuple[str, ...] = ("serve",)
    program: tuple[str, ...] = ("-m", "xerus")
    process: Process | None = None
    prepared: ClassVar[bool] = False
    """Whether a first start finds its database made: nearly all tests want nothing of making it."""
    seconds_ahead: int = 0
    """How far its clock is before the machine's, from the next start on."""

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "xerus.log"

    def start(self) -> "Xerus":
        program = self.program
        if self.seconds_ahead:
            program = ("-m", "tests.support.later", str(self.seconds_ahead))
        if self.prepared and self.args[0] == "serve" and "XERUS_DATABASE_URL" not in self.env:
            prepare(self.folder / "data")
        self.process = Process(
            *program,
            *self.args,
            env={
                "XERUS_PORT": str(self.port),
                "XERUS_DATA_DIR": str(self.folder / "data"),
                **self.env,
            },
            log=self.log,
            ready="Xerus is ready",
        )
        return self

    def kill(self) -> None:
        assert self.process
        self.process.kill()

    def stop(self) -> None:
        if self.process:
            self.process.stop()

    def restart(self, *, with_signal: signal.Signals = signal.SIGINT) -> None:
        if with_signal is signal.SIGKILL:
            self.kill()
        else:
            self.stop()
        self.start()


@dataclass
class Stack:
    """Xerus on the sandbox."""

    sandbox: Sandbox
    xerus: Xerus

    @property
    def url(self) -> str:
        return self.xerus.url

    async def a_day_passes(self) -> None:
        """Move the clock of the whole world; the client's is the test's business."""
        self.xerus.stop()
        self.xerus.seconds_ahead += _DAY
        for port in (self.sandbox.entra, self.sandbox.atlassian):
            await port.advance(_DAY)
        self.xerus.start()

    def stop(self) -> None:
        self.xerus.stop()
        self.sandbox.stop()


async def identity_env(sandbox: Sandbox) -> dict[str, str]:
    """Return the settings of the app registration at the simulated Entra ID."""
    entra = (await sandbox.entra.config())["credentials"]["entra"]
    return {
        "ENTRA_ID_EXPECTED_ISSUER": entra["issuer"],
        "ENTRA_ID_CLIENT_ID": entra["client_id"],
        "ENTRA_ID_CLIENT_SECRET": entra["client_secret"],
        "XERUS_ADMINS": "ada@example.com",
    }


async def user_mode(sandbox: Sandbox) -> dict[str, str]:
    """Return the settings with which each person connects Atlassian."""
    atlassian = (await sandbox.atlassian.config())["credentials"]["atlassian"]
    return {
        **await identity_env(sandbox),
        "ATLASSIAN_OAUTH_CLIENT_ID": atlassian["client_id"],
        "ATLASSIAN_OAUTH_CLIENT_SECRET": atlassian["client_secret"],
        "ATLASSIAN_AUTH_URL": atlassian["auth_url"],
        "ATLASSIAN_API_URL": atlassian["api_url"],
    }
