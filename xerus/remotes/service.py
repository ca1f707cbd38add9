"""The one object that tools, pages and loops ask about remote servers; it wires this package."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.connections import flows
from xerus.connections.signals import Signals
from xerus.db.database import Database
from xerus.db.notify import Listener
from xerus.db.roles import Role
from xerus.egress.servers import ServerEgress
from xerus.errors import NotFound, UpstreamUnavailable, XerusError
from xerus.ids import RemoteServerId, UserId
from xerus.remotes import store
from xerus.remotes.checks import Checks, checked_of
from xerus.remotes.credentials import AtlassianTokens, Credentials
from xerus.remotes.link import ServerLink
from xerus.remotes.probe import Probe
from xerus.remotes.reaching import Reaching
from xerus.remotes.renewals import Renewals
from xerus.remotes.servers import Registered, RemoteServer
from xerus.remotes.tables import FLOWS
from xerus.telemetry.metrics import Metrics
from xerus.vault.service import Vault

_KEEP_FLOWS = timedelta(days=7)


class Remotes:
    """The servers that people may use, and how each person's calls of them are authorized.

    Construct it before the listener is started: it subscribes to two channels.
    """

    def __init__(
        self,
        *,
        db: Database,
        vault: Vault,
        audit: AuditLog,
        listener: Listener,
        egress: ServerEgress,
        atlassian_tokens: AtlassianTokens,
        clock: Clock,
        public_url: str,
        metrics: Metrics | None = None,
    ) -> None:
        self._db = db
        self._vault = vault
        self._audit = audit
        self._clock = clock
        self._signals = Signals(listener=listener)
        self._renewals = Renewals(
            db=db,
            vault=vault,
            audit=audit,
            signals=self._signals,
            egress=egress,
            clock=clock,
            public_url=public_url,
            metrics=metrics,
        )
        self._credentials = Credentials(
            db=db,
            vault=vault,
            audit=audit,
            renewals=self._renewals,
            atlassian_tokens=atlassian_tokens,
            clock=clock,
            public_url=public_url,
        )
        probe = Probe(egress=egress)
        self._reaching = Reaching(db=db, probe=probe, clock=clock)
        self._checks = Checks(
            db=db,
            credentials=self._credentials,
            probe=probe,
            audit=audit,
            clock=clock,
            metrics=metrics,
        )
        self._exchanges = set[asyncio.Task[None]]()
        self.readings = self._renewals.readings

    async def usable(self, user_id: UserId) -> Sequence[RemoteServer]:
        """Return the enabled servers, by name; the same for everybody at present."""
        return [row.server for row in await self._all(user_id)]

    async def headers(self, user_id: UserId, server_id: RemoteServerId) -> dict[str, str]:
        """Return what authorizes one call, fresh.

        Raises:
            NotConnected: the person has to connect first, at its `url`.
            NotFound: the server was removed or switched off.
            UpstreamUnavailable: a token could not be renewed at the moment.
            ClientRejected: the authorization server no longer knows Xerus; nothing is lost.
        """
        return await self._credentials.headers(user_id, await self._enabled(user_id, server_id))

    async def refused(
        self, user_id: UserId, server_id: RemoteServerId, headers: dict[str, str]
    ) -> bool:
        """Take note that a server answered 401 to `headers`.

        True: call `headers` again and retry once. False: a retry changes nothing; where the
        person can do something about it, the connection says so from now on. Raises as `headers`.
        """
        row = await self._enabled(user_id, server_id)
        return await self._credentials.refused(user_id, row, headers)

    async def reached(
        self,
        user_id: UserId,
        server_id: RemoteServerId,
        *,
        seconds: float,
        error: Exception | None = None,
        tools: int | None = None,
    ) -> None:
        """Keep how a call of the server went: when, how long, what failed.

        Args:
            user_id: whose call.
            server_id: of which server.
            seconds: how long it took.
            error: why it failed, None where it did not.
            tools: how many tools the server listed, where it was asked.
        """
        row = await self._enabled(user_id, server_id)
        checked = checked_of(seconds, _in_words(error), now=self._clock.now())
        await self._checks.note(user_id, row, checked, audited=False)
        if tools is not None and tools != row.tools:
            async with self._db.transaction(Role.APP, user_id=user_id) as conn:
                await store.note_tools(conn, server_id, tools)

    async def links(self, user_id: UserId) -> Sequence[ServerLink]:
        """Return the enabled servers as a person's pages use them."""
        return [self._link(row) for row in await self._all(user_id)]

    async def link(self, user_id: UserId, slug: str) -> ServerLink:
        """Return an enabled server by its short name. Raises NotFound."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            row = await store.by_slug(conn, slug)
        if row is None or not row.enabled:
            raise _gone()
        return self._link(row)

    async def renew_due(self) -> int:
        """Renew a batch of tokens ahead of time; return how many were tried."""
        return await self._renewals.renew_due()

    async def check_due(self) -> int:
        """Make the real calls that are due, a few; always 0, so that the loop rests between."""
        return await self._checks.run_due()

    async def greet_due(self) -> int:
        """Greet the servers that nobody has called for a while; return how many."""
        return await self._reaching.run_due()

    async def clean_up(self) -> int:
        """Delete attempts to connect that ended long ago; return how many."""
        async with self._db.transaction(Role.WORKER) as conn:
            return await flows.delete_old(conn, FLOWS, self._clock.now() - _KEEP_FLOWS)

    async def close(self) -> None:
        """Let exchanges and renewals under way finish, five seconds each at most."""
        if self._exchanges:
            await asyncio.wait(self._exchanges, timeout=5.0)
        await self._renewals.close()

    async def _all(self, user_id: UserId) -> Sequence[Registered]:
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            return await store.enabled(conn)

    async def _enabled(self, user_id: UserId, server_id: RemoteServerId) -> Registered:
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            row = await store.by_id(conn, server_id)
        if row is None or not row.enabled:
            raise _gone()
        return row

    def _link(self, row: Registered) -> ServerLink:
        return ServerLink(
            row,
            db=self._db,
            vault=self._vault,
            audit=self._audit,
            signals=self._signals,
            renewals=self._renewals,
            checks=self._checks,
            exchanges=self._exchanges,
            clock=self._clock,
        )


def _gone() -> NotFound:
    return NotFound("This MCP server is no longer here.", hint="An administrator took it away.")


def _in_words(error: Exception | None) -> XerusError | None:
    if error is None or isinstance(error, XerusError):
        return error
    return UpstreamUnavailable(
        "The server did not answer as it should.", code="server_failed", debug=type(error).__name__
    )
