"""The renewal of people's tokens at servers: by the lease and the gate of `connections`, per server."""

import asyncio
from collections.abc import Iterator

from pydantic import SecretStr

from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.connections.provider import TokenSet
from xerus.connections.refresh import Renewal
from xerus.connections.sealing import Sealer
from xerus.connections.signals import Signals
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.egress.servers import ServerEgress
from xerus.errors import NotFound
from xerus.ids import RemoteServerId
from xerus.remotes import store
from xerus.remotes.client import Client
from xerus.remotes.sealing import Secrets
from xerus.remotes.servers import Auth, Registered
from xerus.remotes.tables import METRIC, Remote, tables_of
from xerus.telemetry import metric_list as names
from xerus.telemetry.metrics import Metrics, Reading
from xerus.vault.service import Vault


def callback_url(public_url: str, slug: str) -> str:
    """Return where a server's authorization server sends people back to.

    One for each server: an answer that was meant for another arrives where nothing was begun
    (RFC 9700 4.4.2.2).
    """
    return f"{public_url}/connections/servers/{slug}/callback"


class Renewals:
    """One `Renewal` for each server, made when it is first needed."""

    def __init__(
        self,
        *,
        db: Database,
        vault: Vault,
        audit: AuditLog,
        signals: Signals,
        egress: ServerEgress,
        clock: Clock,
        public_url: str,
        metrics: Metrics | None = None,
    ) -> None:
        self._db = db
        self._vault = vault
        self._secrets = Secrets(vault=vault)
        self._audit = audit
        self._signals = signals
        self._egress = egress
        self._clock = clock
        self._public_url = public_url
        self._metrics = metrics
        self._of: dict[RemoteServerId, Renewal] = {}

    def client(self, row: Registered) -> Client:
        """Return Xerus as a client of a server."""
        return Client(
            row,
            redirect_uri=callback_url(self._public_url, row.server.slug),
            secrets=self._secrets,
            egress=self._egress,
            clock=self._clock,
        )

    def of(self, row: Registered) -> Renewal:
        """Return what renews tokens of a server."""
        known = self._of.get(row.server.id)
        if known is None:
            tables = tables_of(row.server)
            known = Renewal(
                db=self._db,
                oauth=_Current(self, row),
                tables=tables,
                sealer=Sealer(vault=self._vault, tables=tables),
                audit=self._audit,
                signals=self._signals,
                clock=self._clock,
                tools_url=f"{self._public_url}/tools",
                metrics=self._metrics,
                facts={"server": row.server.slug},
            )
            self._of[row.server.id] = known
        return known

    async def current(self, server_id: RemoteServerId) -> Registered:
        """Return a server as it is now. Raises NotFound."""
        async with self._db.transaction(Role.WORKER) as conn:
            row = await store.by_id(conn, server_id)
        if row is None:
            raise NotFound("This MCP server is no longer here.")
        return row

    async def renew_due(self) -> int:
        """Renew a batch of each server's; return how many were tried."""
        async with self._db.transaction(Role.WORKER) as conn:
            rows = await store.all_with_secrets(conn)
        signing_in = [row for row in rows if row.server.auth is Auth.OAUTH]
        for gone in self._of.keys() - {row.server.id for row in rows}:
            del self._of[gone]
        return sum(await asyncio.gather(*(self.of(row).renew_due() for row in signing_in)))

    def readings(self) -> Iterator[Reading]:
        """Yield how this process's gates stand, all servers together."""
        gates = [renewal.gate for renewal in self._of.values()]
        yield names.GATE_IN_FLIGHT, sum(gate.in_flight for gate in gates), METRIC
        yield names.GATE_OPEN, all(gate.is_open for gate in gates), METRIC

    async def close(self) -> None:
        """Let renewals under way finish, five seconds at most."""
        await asyncio.gather(*(renewal.close() for renewal in self._of.values()))


class _Current:
    """Spends refresh tokens as the client that is registered by then."""

    def __init__(self, renewals: Renewals, row: Registered) -> None:
        self._renewals = renewals
        self._id = row.server.id
        self.link = Remote(row.server.name)

    async def refresh(self, refresh_token: SecretStr, *, deadline: float) -> TokenSet:
        row = await self._renewals.current(self._id)
        return await self._renewals.client(row).refresh(refresh_token, deadline=deadline)
