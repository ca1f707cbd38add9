"""Grants in rows, without anybody who consented, and processes of Xerus that renew them."""

import asyncio
import multiprocessing
import os
import shutil
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path

from pydantic import SecretStr

from tests.support.folders import reachable
from tests.support.renewals.endpoint import TokenEndpoint
from xerus.audit.log import AuditLog
from xerus.clock import Clock, SystemClock
from xerus.connections import lease, store
from xerus.connections.cloud import CloudOAuth
from xerus.connections.lease import Lease
from xerus.connections.links import Link
from xerus.connections.provider import TOKEN_DEADLINE, TokenSet
from xerus.connections.refresh import Renewal
from xerus.connections.sealing import Sealer
from xerus.connections.signals import Signals
from xerus.connections.store import NewConnection
from xerus.connections.tables import tables_of
from xerus.db import place, postmaster
from xerus.db.database import Database
from xerus.db.embedded import EmbeddedPostgres
from xerus.db.migrate import migrate
from xerus.db.notify import Listener
from xerus.db.place import LOGIN
from xerus.db.roles import Role
from xerus.egress.client import Egress
from xerus.ids import ConnectionId, UserId, new_id
from xerus.keys.file import FileKeyProvider
from xerus.keys.purpose import PurposeKeys
from xerus.vault.service import Vault

_WRITES_AT_ONCE = 8


CLOUD = tables_of(Link.CLOUD)


@dataclass(frozen=True)
class Grant:
    """A row and the number that the endpoint knows it by."""

    user_id: UserId
    connection_id: ConnectionId
    number: int


@dataclass(frozen=True, kw_only=True)
class Where:
    """What a process needs to know; it can be sent to another one."""

    dsn: str
    key_file: Path
    endpoint: str


def forked(preload: str) -> ForkServerContext:
    """Return how to start processes of a module that is imported once for all of them."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
    return context


class WrongClock:
    """The machine's time, wrong by so many seconds."""

    def __init__(self, seconds_ahead: float) -> None:
        self._ahead = timedelta(seconds=seconds_ahead)

    def now(self) -> datetime:
        return SystemClock().now() + self._ahead


@dataclass
class Process:
    """What a process of Xerus has for renewing, one client id each."""

    db: Database
    oauth: CloudOAuth
    sealer: Sealer
    audit: AuditLog
    signals: Signals
    clock: Clock
    renewal: Renewal

    def restarted(self, *, deadline: float = TOKEN_DEADLINE) -> Renewal:
        """Return a renewal that remembers nothing, as after a restart."""
        return Renewal(
            db=self.db, oauth=self.oauth, tables=CLOUD, sealer=self.sealer, audit=self.audit,
            signals=self.signals, clock=self.clock, tools_url="/tools",
            deadline=deadline,
        )  # fmt: skip

    async def generation(self, grant: Grant) -> int:
        """Return the generation that is stored."""
        async with self.db.transaction(Role.APP, user_id=grant.user_id) as conn:
            found = await lease.generation_of(conn, CLOUD, grant.user_id, grant.connection_id)
        assert found is not None
        return found

    async def refresh_token(self, grant: Grant) -> str:
        """Return the refresh token that is stored, opened."""
        async with self.db.transaction(Role.APP, user_id=grant.user_id) as conn:
            cursor = await conn.execute(
                "SELECT user_id::text AS user_id, connection_id::text AS connection_id, generation,"
                " failures, refresh_token FROM credentials WHERE connection_id = %s",
                (grant.connection_id,),
            )
            row = await cursor.fetchone()
        assert row
        return (await self.sealer.open_refresh(Lease(owner="", **row))).get_secret_value()

    async def make_due(self, grant: Grant) -> None:
        """Let the access token be over, and a pause after a failure too."""
        async with self.db.transaction(Role.APP, user_id=grant.user_id) as conn:
            await conn.execute(
                "UPDATE credentials SET renew_after = now(), access_expires_at = now(),"
                " retry_at = NULL WHERE renew_after IS NOT NULL"
            )

    async def end_lease(self, grant: Grant) -> None:
        """Let the half minute be over that a lease lasts."""
        async with self.db.transaction(Role.APP, user_id=grant.user_id) as conn:
            await conn.execute(
                "UPDATE credentials SET lease_until = now() WHERE lease_until IS NOT NULL"
            )

    async def count(self, condition: str) -> int:
        """Return how many grants are so."""
        async with self.db.transaction(Role.WORKER) as conn:
            cursor = await conn.execute(
                "SELECT count(*) AS n FROM connections c JOIN credentials k"  # noqa: S608 - conditions of these files
                " ON k.user_id = c.user_id AND k.connection_id = c.id WHERE " + condition
            )
            row = await cursor.fetchone()
        assert row
        return int(row["n"])

    async def add(self, endpoint: TokenEndpoint, count: int) -> list[Grant]:
        """Return new grants, connected and fresh."""
        added: list[Grant] = []
        while len(added) < count:
            some = min(_WRITES_AT_ONCE, count - len(added))
            added += await asyncio.gather(*(self._add(endpoint) for _ in range(some)))
        return added

    async def _add(self, endpoint: TokenEndpoint) -> Grant:
        number, refresh_token = endpoint.new_grant()
        grant = Grant(UserId(new_id()), ConnectionId(new_id()), number)
        tokens = TokenSet(
            access_token=SecretStr("first"),
            refresh_token=None,
            expires_in=3600,
            scopes=None,
            requested_at=self.clock.now(),
        )
        sealed = await self.sealer.seal_tokens(
            grant.user_id, grant.connection_id, tokens, SecretStr(refresh_token)
        )
        new = NewConnection(
            user_id=grant.user_id,
            link=Link.CLOUD,
            account_id=new_id(),
            account_email=f"{number}@example.com",
            account_name=str(number),
            sites=(),
            chosen_cloud_id=None,
            granted_scopes=frozenset(),
            status="connected",
            consented_at=self.clock.now() - timedelta(hours=1),
        )
        async with self.db.transaction(Role.APP, user_id=grant.user_id) as conn:
            await store.put_connection(conn, grant.connection_id, new)
            await store.put_credential(conn, grant.user_id, grant.connection_id, sealed)
        return grant


@dataclass(frozen=True, kw_only=True)
class Store:
    """A migrated database: who logs in, and the file for the key."""

    dsn: str
    key_file: Path

    def where(self, endpoint: str) -> Where:
        """Return what a process needs to know that asks `endpoint`."""
        return Where(dsn=self.dsn, key_file=self.key_file, endpoint=endpoint)


@dataclass(frozen=True, kw_only=True)
class Server(Store):
    """The database of a PostgreSQL of its own; `owner` is who migrated it."""

    owner: str
    postgres: EmbeddedPostgres
    data: Path

    async def restart_at_once(self) -> None:
        """Shut it down as a crash would, and start it again."""
        kept = place.remembered(self.data)
        running = postmaster.find(kept.data) if kept else None
        assert running
        os.kill(running.pid, signal.SIGQUIT)  # PostgreSQL: immediate shutdown
        await self.postgres.start()


@asynccontextmanager
async def database() -> AsyncIterator[Server]:
    """Yield a server that ends with the block."""
    folder = reachable()
    data = folder / "data"
    postgres = EmbeddedPostgres(data)
    dsns = await postgres.start()
    try:
        await asyncio.to_thread(migrate, dsns.owner, login=LOGIN)
        yield Server(
            dsn=dsns.login,
            owner=dsns.owner,
            key_file=folder / "key",
            postgres=postgres,
            data=data,
        )
    finally:
        await postgres.stop()
        await asyncio.to_thread(shutil.rmtree, folder)


@asynccontextmanager
async def a_process(
    where: Where, client_id: str = "app", *, seconds_ahead: float = 0
) -> AsyncIterator[Process]:
    """One process of Xerus, as far as renewing goes."""
    db = Database(dsn=where.dsn, direct_dsn=where.dsn)
    await db.open()
    keys = FileKeyProvider(where.key_file)
    vault = Vault(database=db, provider=keys)
    await vault.start()
    clock = WrongClock(seconds_ahead)
    purposes = PurposeKeys(database=db, provider=keys)
    checkpoints = where.key_file.with_suffix(".checkpoints")
    audit = AuditLog(database=db, keys=purposes, clock=clock, checkpoint_file=checkpoints)
    await audit.start(write_checkpoints=False)
    listener = Listener(direct_dsn=where.dsn)
    egress = Egress(allowed_origins=[where.endpoint], max_connections=1_000)
    oauth = CloudOAuth(
        client_id=client_id,
        client_secret=SecretStr("secret"),
        redirect_uri=f"{where.endpoint}/callback",
        auth_url=where.endpoint,
        api_url=where.endpoint,
        scopes=frozenset(),
        egress=egress,
        clock=clock,
    )
    sealer, signals = Sealer(vault=vault, tables=CLOUD), Signals(listener=listener)
    renewal = Renewal(
        db=db, oauth=oauth, tables=CLOUD, sealer=sealer, audit=audit, signals=signals, clock=clock,
        tools_url="/tools",
    )  # fmt: skip
    await listener.start()
    yield Process(db, oauth, sealer, audit, signals, clock, renewal)
    await renewal.close()
    await listener.stop()
    await egress.close()
    await audit.stop()
    await db.close()


async def all_due(process: Process, grants: Sequence[Grant]) -> None:
    """Let every access token be over."""
    for begin in range(0, len(grants), _WRITES_AT_ONCE):
        some = grants[begin : begin + _WRITES_AT_ONCE]
        await asyncio.gather(*map(process.make_due, some))
