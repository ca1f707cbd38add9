"""What everything stands on: database, keys, vault, audit log, the way out."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict

from xerus.app.key_provider import Keyring, keyring
from xerus.app.told import Told
from xerus.audit.log import AuditLog
from xerus.clock import Clock, SystemClock
from xerus.db.database import Database
from xerus.db.notify import Listener
from xerus.db.roles import Role
from xerus.egress.client import Egress
from xerus.egress.servers import ServerEgress
from xerus.keys import store
from xerus.keys.purpose import PurposeKeys
from xerus.keys.signing import SigningKeys
from xerus.oauth.memberships import GRAPH_OF
from xerus.settings.groups import Settings
from xerus.telemetry.metrics import Metrics
from xerus.vault.service import Vault


@dataclass(frozen=True, kw_only=True)
class DatabaseUrls:
    """How the running server, its listener and the migrations reach the database."""

    login: str
    direct: str
    owner: str

    @property
    def login_name(self) -> str:
        """The login of the running server."""
        return _user_of(self.login)

    @property
    def owner_name(self) -> str:
        """The login that migrates."""
        return _user_of(self.owner)


def _user_of(url: str) -> str:
    return str(conninfo_to_dict(url).get("user") or "")


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """The objects below every service."""

    settings: Settings
    clock: Clock
    db: Database
    listener: Listener
    egress: Egress
    server_egress: ServerEgress
    keyring: Keyring
    purposes: PurposeKeys
    signing_keys: SigningKeys
    vault: Vault
    audit: AuditLog
    metrics: Metrics

    async def close(self) -> None:
        """Close what is open, the database last."""
        await self.egress.close()
        await self.server_egress.close()
        await self.keyring.close()
        await self.db.close()

    async def rewrap(self) -> int:
        """Have the key provider wrap all keys anew, while they move only the rest; return how many.

        With everything on its newest version, the older versions of a service's key can be retired.
        """
        everything = self.settings.vault.key_provider_before is None
        kinds = (self.purposes, self.signing_keys, self.vault)
        return sum([await kind.rewrap(everything=everything) for kind in kinds])

    async def wrapped_elsewhere(self) -> int:
        """Return how many keys another provider, or another key of it, wrapped."""
        async with self.db.transaction(Role.GATE) as conn:
            found = await store.references(conn)
        return sum(n for name, n in found.items() if name != self.keyring.provider.reference)


def egress_for(settings: Settings, metrics: Metrics) -> Egress:
    """Return the way out, open to the configured servers and to nothing else."""
    urls = (
        settings.atlassian.auth_url,
        settings.atlassian.api_url,
        *settings.atlassian.media_urls,
        settings.identity.expected_issuer,
        settings.jira.url,
        settings.confluence.url,
    )
    issuer = urlsplit(settings.identity.expected_issuer or "")
    graph = GRAPH_OF.get(issuer.hostname or "")
    origins = (urlsplit(url) for url in (*urls, graph) if url)
    return Egress(
        allowed_origins=[f"{parts.scheme}://{parts.netloc}" for parts in origins],
        told=Told(settings, metrics),
    )


async def lay(settings: Settings, urls: DatabaseUrls) -> Foundation:
    """Open the database and the keys.

    Raises:
        WrongKey: the key provider is not the one this database was sealed with.
        NotConfigured: the key provider cannot be used: a key file that others read, a key of a
            service that refuses.
        Unavailable: the database or the key provider does not answer.
    """
    db = Database(dsn=urls.login, direct_dsn=urls.direct)
    keys = keyring(settings)
    await db.open()
    try:
        return await _laid(settings, urls, db, keys)
    except BaseException:
        await keys.close()
        await db.close()
        raise


async def _laid(settings: Settings, urls: DatabaseUrls, db: Database, keys: Keyring) -> Foundation:
    clock, metrics, provider = SystemClock(), Metrics(), keys.provider
    purposes = PurposeKeys(database=db, provider=provider)
    vault = Vault(database=db, provider=provider)
    await vault.start()
    await purposes.start()
    signing_keys = SigningKeys(database=db, provider=provider, clock=clock)
    await signing_keys.start()
    listener = Listener(direct_dsn=urls.direct)
    signing_keys.follow(listener)
    vault.follow(listener)
    checkpoints = settings.server.data_dir / "audit-checkpoints.jsonl"
    return Foundation(
        settings=settings,
        clock=clock,
        db=db,
        listener=listener,
        egress=egress_for(settings, metrics),
        server_egress=ServerEgress(
            hosts=settings.remotes.hosts, told=Told(settings, metrics, other="mcp_server")
        ),
        keyring=keys,
        purposes=purposes,
        signing_keys=signing_keys,
        vault=vault,
        audit=AuditLog(
            database=db, keys=purposes, clock=clock, checkpoint_file=checkpoints, metrics=metrics
        ),
        metrics=metrics,
    )
