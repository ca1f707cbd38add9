"""Connections in this process, on a database and a sandbox of the test's own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from tests.stores.databases import Fresh
from tests.support.browser import Browser, LeftTheWorld
from tests.support.stack import Sandbox
from xerus.atlassian.limits import AtlassianLimits
from xerus.audit.log import AuditLog
from xerus.clock import SystemClock
from xerus.connections.cloud import CloudOAuth
from xerus.connections.running import Running
from xerus.connections.service import Connections
from xerus.connections.views import Outcome
from xerus.db.database import Database
from xerus.db.notify import Listener
from xerus.db.roles import Role
from xerus.egress.client import Egress
from xerus.ids import SessionId, UserId, new_id
from xerus.keys.file import FileKeyProvider
from xerus.keys.purpose import PurposeKeys
from xerus.telemetry.metrics import Metrics
from xerus.vault.service import Vault

REDIRECT = "http://localhost:9999/connections/atlassian/callback"
SCOPES = frozenset(
    {"read:jira-work", "write:jira-work", "read:jira-user", "read:space:confluence"}
    | {"read:page:confluence", "write:page:confluence", "search:confluence"}
)


class MovableClock:
    """The machine's time, moved by as much as a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead


@dataclass
class Part:
    """What one process of Xerus holds of connections."""

    db: Database
    listener: Listener
    audit: AuditLog
    clock: MovableClock
    running: Running
    connections: Connections
    metrics: Metrics
    limits: AtlassianLimits

    async def events(self, user_id: UserId) -> list[str]:
        soon = self.clock.now() + timedelta(minutes=1)
        return [row.event for row in reversed(await self.audit.recent(user_id, before=soon))]

    async def pauses_end(self, user_id: UserId) -> None:
        """Let the pause after a failed renewal be over; it is by the database's clock."""
        async with self.db.transaction(Role.APP, user_id=user_id) as conn:
            await conn.execute("UPDATE credentials SET retry_at = now()")


@asynccontextmanager
async def a_process(
    fresh: Fresh, sandbox: Sandbox, key_file: Path, **changes: Any
) -> AsyncIterator[Part]:
    """One process of Xerus; several on the same database and key file are a fleet."""
    atlassian = (await sandbox.credentials())["atlassian"]
    values = {
        "client_id": atlassian["client_id"],
        "client_secret": SecretStr(atlassian["client_secret"]),
        **changes,
    }
    async with a_process_at(fresh, sandbox.atlassian.base, key_file, **values) as part:
        yield part


@asynccontextmanager
async def a_process_at(
    fresh: Fresh, atlassian: str, key_file: Path, **values: Any
) -> AsyncIterator[Part]:
    """One process of Xerus whose Atlassian is at the address `atlassian`."""
    clock, metrics = MovableClock(), Metrics()
    limits = AtlassianLimits(clock=clock)
    direct = fresh.direct or fresh.login
    db = Database(dsn=fresh.login, direct_dsn=direct)
    await db.open()
    provider = FileKeyProvider(key_file)
    vault = Vault(database=db, provider=provider)
    await vault.start()
    purposes = PurposeKeys(database=db, provider=provider)
    checkpoints = key_file.with_suffix(".checkpoints")
    audit = AuditLog(
        database=db, keys=purposes, clock=clock, checkpoint_file=checkpoints, metrics=metrics
    )
    await audit.start(write_checkpoints=False)
    listener = Listener(direct_dsn=direct)
    egress = Egress(allowed_origins=[atlassian])
    cloud = CloudOAuth(
        redirect_uri=REDIRECT,
        auth_url=atlassian,
        api_url=atlassian,
        egress=egress,
        clock=clock,
        points=limits.points,
        **{"scopes": SCOPES, **values},
    )
    running = Running(db=db, listener=listener)
    connections = Connections(
        provider=cloud,
        db=db,
        vault=vault,
        audit=audit,
        listener=listener,
        running=running,
        clock=clock,
        tools_url="http://localhost:9999/tools",
        limits=limits,
        metrics=metrics,
    )
    await listener.start()
    yield Part(
        db=db,
        listener=listener,
        audit=audit,
        clock=clock,
        running=running,
        connections=connections,
        metrics=metrics,
        limits=limits,
    )
    await connections.close()
    await listener.stop()
    await egress.close()
    await audit.stop()
    await db.close()


class Person:
    """Somebody with a session at Xerus and an account at Atlassian."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.user_id = UserId(new_id())
        self.session_id = SessionId(new_id())

    async def visit(self, url: str, *, decision: str = "Accept", site: str = "") -> dict[str, str]:
        """Sign in and decide at Atlassian; return the query that comes back."""
        async with Browser(stops_at=(REDIRECT,)) as browser:
            await browser.open(url)
            await browser.click(self.account)
            try:
                await browser.click(decision, site=site)
            except LeftTheWorld as left:
                return dict(parse_qsl(urlsplit(left.url).query))
        raise AssertionError(f"Atlassian did not send the browser back: {browser.page.text}")

    async def go(self, part: Part, *, decision: str = "Accept", site: str = "") -> dict[str, str]:
        """Begin at Xerus and decide at Atlassian."""
        started = await part.connections.begin(
            user_id=self.user_id, session_id=self.session_id, return_to="/tools"
        )
        return await self.visit(started.url, decision=decision, site=site)

    async def back(self, part: Part, query: Mapping[str, str]) -> Outcome:
        """Come back to Xerus."""
        return await part.connections.complete(
            user_id=self.user_id, session_id=self.session_id, query=query
        )

    async def connect(self, part: Part, *, site: str = "acme") -> Outcome:
        """Go the whole way."""
        return await self.back(part, await self.go(part, site=site))


async def token_requests(sandbox: Sandbox, after: int) -> int:
    """Return how many token requests Atlassian saw since log entry `after`."""
    entries = await sandbox.atlassian.log(after)
    return sum(entry["path"] == "/oauth/token" for entry in entries)


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    """Ask again and again until the answer is truthy, for at most 30 seconds."""
    async with asyncio.timeout(30):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.01)
