"""Remote servers in this process, on a database of the test's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from tests.stores.connecting import MovableClock
from tests.stores.databases import Fresh
from xerus.atlassian.credentials import NotConnected
from xerus.audit.log import AuditLog
from xerus.db.database import Database
from xerus.db.notify import Listener
from xerus.egress.servers import ServerEgress
from xerus.ids import CloudId, UserId, new_id
from xerus.keys.file import FileKeyProvider
from xerus.keys.purpose import PurposeKeys
from xerus.remotes.administration import Servers
from xerus.remotes.entered import NewServer, Way
from xerus.remotes.servers import RemoteServer
from xerus.remotes.service import Remotes
from xerus.telemetry.metrics import Metrics
from xerus.vault.service import Vault

PUBLIC_URL = "http://localhost:9999"
ADMIN = UserId(new_id())


@dataclass
class AtlassianTokens:
    """Whose Atlassian is connected, and with which token."""

    tokens: dict[UserId, str] = field(default_factory=dict)

    async def fresh(self, user_id: UserId) -> tuple[SecretStr, CloudId | None]:
        if user_id not in self.tokens:
            raise NotConnected("Atlassian is not connected.")
        return SecretStr(self.tokens[user_id]), CloudId("cloud-acme")


@dataclass
class Far:
    """What one process of Xerus holds of remote servers."""

    db: Database
    vault: Vault
    audit: AuditLog
    clock: MovableClock
    egress: ServerEgress
    servers: Servers
    remotes: Remotes
    atlassian: AtlassianTokens
    metrics: Metrics

    async def add(self, url: str, way: Way, slug: str = "docs", **values: str) -> RemoteServer:
        row = await self.servers.add(
            NewServer(
                url=url,
                name=slug.title(),
                slug=slug,
                way=way,
                key=SecretStr(values.get("key", "")),
                key_header=values.get("key_header", "Authorization"),
                client_id=values.get("client_id", ""),
                client_secret=SecretStr(values.get("client_secret", "")),
                scopes=values.get("scopes", ""),
            ),
            by=ADMIN,
        )
        return row.server

    async def events(self, user_id: UserId) -> list[str]:
        return [row.event for row in reversed(await self.audit.recent(user_id))]


@asynccontextmanager
async def far_process(fresh: Fresh, key_file: Path) -> AsyncIterator[Far]:
    """One process of Xerus; several on the same database and key file are a fleet."""
    clock, metrics = MovableClock(), Metrics()
    direct = fresh.direct or fresh.login
    db = Database(dsn=fresh.login, direct_dsn=direct)
    await db.open()
    provider = FileKeyProvider(key_file)
    vault = Vault(database=db, provider=provider)
    await vault.start()
    audit = AuditLog(
        database=db,
        keys=PurposeKeys(database=db, provider=provider),
        clock=clock,
        checkpoint_file=key_file.with_suffix(".checkpoints"),
        metrics=metrics,
    )
    await audit.start(write_checkpoints=False)
    listener = Listener(direct_dsn=direct)
    egress, atlassian = ServerEgress(), AtlassianTokens()
    far = Far(
        db=db,
        vault=vault,
        audit=audit,
        clock=clock,
        egress=egress,
        servers=Servers(
            db=db,
            vault=vault,
            audit=audit,
            egress=egress,
            clock=clock,
            public_url=PUBLIC_URL,
        ),
        remotes=Remotes(
            db=db,
            vault=vault,
            audit=audit,
            listener=listener,
            egress=egress,
            atlassian_tokens=atlassian,
            clock=clock,
            public_url=PUBLIC_URL,
            metrics=metrics,
        ),
        atlassian=atlassian,
        metrics=metrics,
    )
    await listener.start()
    yield far
    await far.remotes.close()
    await listener.stop()
    await egress.close()
    await audit.stop()
    await db.close()
