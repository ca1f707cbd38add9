"""The world that is measured: the sandbox, Xerus processes on it, people with tokens."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from bench.driver import MODERN, Driver, Revision
from bench.placement import OTHER_CORE, SUBJECT_CORE, on_core
from tests.support.browser import Browser
from tests.support.journeys import connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected
from tests.support.stack import Sandbox, Xerus, user_mode
from xerus.db import place, postmaster

_OK = 200
# A load comes from few people. The limits are kept and counted, at values that no load reaches.
UNLIMITED = {
    "XERUS_MCP_CALLER_REQUESTS_PER_MINUTE": "1000000000",
    "XERUS_MCP_CLIENT_REQUESTS_PER_MINUTE": "1000000000",
    "XERUS_OAUTH_REQUESTS_PER_MINUTE": "1000000000",
}


@dataclass
class Person:
    """Somebody who signed in, connected Atlassian, and authorized an MCP client."""

    account: str
    url: str
    storage: Storage = field(default_factory=Storage)

    @property
    def token(self) -> str:
        assert self.storage.tokens
        return self.storage.tokens.access_token

    def driver(
        self, *, revision: Revision = MODERN, endpoint: str = "", timeout: float = 60
    ) -> Driver:
        """Return an MCP client of this person, at another process of the same Xerus if given."""
        return Driver(
            endpoint=endpoint or f"{self.url}/mcp",
            token=self.token,
            revision=revision,
            host=self.url.removeprefix("http://") if endpoint else "",
            timeout=timeout,
        )

    async def refresh(self) -> None:
        """Spend the refresh token, as the client would after ten minutes."""
        tokens, client = self.storage.tokens, self.storage.client
        assert tokens
        assert client
        data = {
            "grant_type": "refresh_token",
            "refresh_token": tokens.refresh_token or "",
            "client_id": client.client_id or "",
        }
        if client.client_secret:
            data["client_secret"] = client.client_secret
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
            answer = await http.post(f"{self.url}/oauth/token", data=data)
        assert answer.status_code == _OK, answer.text
        self.storage.tokens = tokens.model_copy(update=answer.json())


@dataclass
class World:
    """The sandbox and the first Xerus process; more may be started on the same data."""

    folder: Path
    sandbox: Sandbox
    xerus: Xerus
    others: list[Xerus] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.xerus.url

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def pid(self) -> int:
        assert self.xerus.process
        return self.xerus.process.pid

    @property
    def database_pid(self) -> int:
        """The embedded PostgreSQL's main process, 0 where none runs."""
        kept = place.remembered(self.data)
        server = postmaster.find(kept.data) if kept else None
        return server.pid if server else 0

    def start(self) -> None:
        """Start Xerus on the core of what is measured."""
        with on_core(SUBJECT_CORE):
            self.xerus.start()

    async def person(self, account: str, *, site: str = "acme") -> Person:
        """Return `account` with everything done that a person does once."""
        somebody = Person(account=account, url=self.url)
        async with Browser() as browser:
            await sign_in(browser, self.url, account)
            await connect_atlassian(browser, self.url, account, site)
            async with connected(self.url, somebody.storage, browser, account) as client:
                await client.list_tools()
        return somebody

    async def another(self, *args: str) -> Xerus:
        """Start one more process on the same database and under the same public URL."""
        env = {**self.xerus.env, "XERUS_PUBLIC_URL": self.url}
        other = Xerus(self.folder, env, args=args or self.xerus.args)
        self.others.append(other)
        await asyncio.to_thread(other.start)
        return other

    async def command(self, *args: str) -> tuple[int, str]:
        """Run a command of `xerus` on the same data; return its status and what it said."""
        env = {**self.xerus.env, "XERUS_DATA_DIR": str(self.data)}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "xerus", *args),
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        lines = said.decode().strip().splitlines()
        return process.returncode or 0, lines[-1] if lines else ""

    def stop(self) -> None:
        for process in (*self.others, self.xerus):
            process.stop()
        self.sandbox.stop()


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="xb-"))
    folder.chmod(0o711)  # PostgreSQL may run as another user than we
    return folder


def _sandbox(folder: Path) -> Sandbox:
    with on_core(OTHER_CORE):
        return Sandbox(folder, None)


@asynccontextmanager
async def world(*args: str, start: bool = True, **settings: str) -> AsyncIterator[World]:
    """Yield a fresh world whose Xerus was started with `args`; everything ends with the block."""
    folder = _folder()
    sandbox = await asyncio.to_thread(_sandbox, folder)
    env = {**await user_mode(sandbox), **UNLIMITED, "XERUS_LOG_LEVEL": "warning", **settings}
    here = World(folder, sandbox, Xerus(folder, env, args=args or ("serve",)))
    try:
        if start:
            await asyncio.to_thread(here.start)
        yield here
    finally:
        await asyncio.to_thread(here.stop)
        shutil.rmtree(folder, ignore_errors=True)
