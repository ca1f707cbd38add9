"""One server for the people who connect it: begun, finished, shown, tried, ended."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from pydantic import SecretStr

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.connections import flows, store
from xerus.connections.arrivals import Arrivals, unknown_state
from xerus.connections.authorize import Authorize
from xerus.connections.flows import Claimed
from xerus.connections.problems import problem_of
from xerus.connections.provider import GrantRefused, TokenSet
from xerus.connections.sealing import Sealer, ahead
from xerus.connections.signals import CREDENTIAL, ENDED, FLOW, Signals
from xerus.connections.views import ConnectionView, FlowStatus, FlowView, Outcome, Started
from xerus.db.database import Connection, Database
from xerus.db.notify import notify
from xerus.db.roles import Role
from xerus.errors import InvalidInput, UpstreamRefused
from xerus.ids import ConnectionId, FlowId, SessionId, UserId, correlation_id, new_id
from xerus.remotes import connection_store
from xerus.remotes.checks import Checks, Tried
from xerus.remotes.connection_store import RemoteConnection, Sealed
from xerus.remotes.discovery import clean_scopes
from xerus.remotes.entered import is_key
from xerus.remotes.renewals import Renewals
from xerus.remotes.sealing import Keys
from xerus.remotes.servers import Registered
from xerus.remotes.tables import tables_of
from xerus.remotes.views import own_view, shared_view
from xerus.vault.service import Vault

_ENDS = frozenset({FlowStatus.CONNECTED, FlowStatus.DENIED})


class ServerLink:
    """What the pages of one server call; made for a request, it holds nothing of its own."""

    def __init__(
        self,
        row: Registered,
        *,
        db: Database,
        vault: Vault,
        audit: AuditLog,
        signals: Signals,
        renewals: Renewals,
        checks: Checks,
        exchanges: set[asyncio.Task[None]],
        clock: Clock,
    ) -> None:
        self.row = row
        self._server = row.server
        self._tables = tables_of(row.server)
        self._facts = {"server": row.server.slug}
        self._db = db
        self._audit = audit
        self._signals = signals
        self._checks = checks
        self._clock = clock
        self._client = renewals.client(row)
        self._sealer = Sealer(vault=vault, tables=self._tables)
        self._keys = Keys(vault=vault)
        self._arrivals = Arrivals(
            db=db,
            tables=self._tables,
            audit=audit,
            signals=signals,
            clock=clock,
            facts=self._facts,
            exchanges=exchanges,
        )

    async def begin(
        self, *, user_id: UserId, session_id: SessionId, return_to: str = "/tools"
    ) -> Started:
        """Start an attempt to connect. Raises as `connections.authorize.Authorize.begin`."""
        return await self._authorize().begin(
            user_id=user_id, session_id=session_id, return_to=return_to
        )

    async def complete(
        self, *, user_id: UserId, session_id: SessionId, query: Mapping[str, str]
    ) -> Outcome:
        """Finish an attempt to connect; every failure is an outcome in words."""
        flow = await self._arrivals.arrive(
            user_id=user_id, session_id=session_id, query=query, finish=self._finish
        )
        view = await self.view(user_id)
        if flow is None:
            error = unknown_state(self._server.name)
            problem = problem_of(error, correlation_id(), self._clock.now())
            return Outcome(status=FlowStatus.FAILED, flow_id=None, view=view, error=problem)
        return Outcome(
            status=flow.status if flow.status in _ENDS else FlowStatus.FAILED,
            flow_id=flow.flow_id,
            view=view,
            return_to=flow.return_to,
            error=flow.error,
        )

    async def keep_key(self, user_id: UserId, key: SecretStr) -> None:
        """Keep a person's own key, if the server takes it.

        Raises:
            InvalidInput: it is no key.
            UpstreamRefused, UpstreamUnavailable: the server does not take it; nothing was kept.
        """
        if not is_key(key):
            raise InvalidInput(
                "This is no key: it is empty or has characters that no header may have.",
                hint="Paste it once more.",
            )
        checked = await self._checks.try_key(user_id, self.row, key)
        now = self._clock.now()
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            await store.serialize(conn, user_id)
            connection_id = await self._put(conn, user_id, ())
            sealed = Sealed(
                access_token=await self._keys.seal(key, user_id, connection_id),
                refresh_token=None,
                issued_at=now,
                access_expires_at=None,
                renew_after=None,
            )
            await connection_store.put_credential(conn, user_id, connection_id, sealed)
            await connection_store.note_check(conn, self._tables, user_id, connection_id, checked)
            await self._connected(conn, user_id, connection_id, "")

    async def flow(self, user_id: UserId, flow_id: FlowId | None = None) -> FlowView | None:
        """Return an attempt to connect, the newest when no id is given."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            return await flows.find(conn, user_id, self._tables, flow_id, self._clock.now())

    async def cancel(self, user_id: UserId) -> None:
        """Cancel the pending attempt to connect."""
        await self._authorize().cancel(user_id)

    async def wait_for_change(self, flow_id: FlowId, timeout: float) -> None:
        """Wait until an attempt may have changed, two seconds at most."""
        with self._signals.watch(flow_id) as changed:
            await self._signals.pause(changed, timeout)

    async def view(self, user_id: UserId) -> ConnectionView:
        """Return how the person's connection stands."""
        if not self.row.is_personal:
            return shared_view(self.row)
        flow = await self.flow(user_id)
        mine = await self._mine(user_id)
        return own_view(self.row, mine, flow, now=self._clock.now())

    async def test(self, user_id: UserId) -> Tried:
        """Make a real call now, and say how it went."""
        return await self._checks.test(user_id, self.row)

    async def disconnect(self, user_id: UserId, *, by_administrator: bool = False) -> None:
        """Erase what is kept of a person here, then tell the authorization server."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            await store.serialize(conn, user_id)
            for flow_id in await flows.cancel_all(conn, user_id, self._tables):
                await notify(conn, FLOW, flow_id)
            mine = await connection_store.of_server(conn, user_id, self._server.id)
            ended = await connection_store.end(conn, user_id, self._server.id, self._clock.now())
            if ended is not None:
                await notify(conn, CREDENTIAL, ended)
                await notify(conn, ENDED, ended)
                await self._audit.record(
                    conn,
                    Event.ACCOUNT_DISCONNECTED,
                    user_id=user_id,
                    connection=ended,
                    **({"cause": "ended_by_administrator"} if by_administrator else {}),
                    **self._facts,
                )
        if ended is not None and mine is not None and self._client.configured:
            await self._tell(user_id, mine)

    async def _finish(self, claimed: Claimed, query: Mapping[str, str]) -> None:
        """Redeem what came back, keep it, and prove it by a real call."""
        self._client.check_issuer(query)
        if query.get("error") == "access_denied":
            await self._arrivals.denied(claimed)
            return
        tokens = await self._redeem(claimed, query)
        connection_id = await self._keep(claimed, tokens)
        if connection_id is None:
            return
        await self._checks.prove(claimed.user_id, self.row)
        await self._arrivals.end(claimed, FlowStatus.CONNECTED)

    async def _redeem(self, claimed: Claimed, query: Mapping[str, str]) -> TokenSet:
        code = query.get("code")
        if not code:
            raise UpstreamRefused(
                f"{self._server.name} returned without granting access.",
                hint="Try again; if it stays so, tell your administrator.",
                debug=f"error={query.get('error', '')!r}",
            )
        await self._require_same_issuer(claimed)
        verifier = await self._sealer.open_verifier(
            claimed.user_id, claimed.flow_id, claimed.code_verifier
        )
        try:
            return await self._client.exchange(code=SecretStr(code), code_verifier=verifier)
        except GrantRefused as error:
            raise UpstreamRefused(
                f"{self._server.name} did not accept its own answer: it was used before or is too old.",
                hint="Try again.",
                code="code_refused",
                debug=error.debug,
            ) from error

    async def _require_same_issuer(self, claimed: Claimed) -> None:
        """Redeem nowhere but where the attempt was begun, whatever was changed since."""
        async with self._db.transaction(Role.APP, user_id=claimed.user_id) as conn:
            begun_at = await connection_store.issuer_of(conn, claimed.user_id, claimed.flow_id)
        if begun_at != self._client.oauth.issuer:
            raise UpstreamRefused(
                f"{self._server.name} was changed while you signed in.", hint="Start again."
            )

    async def _keep(self, claimed: Claimed, tokens: TokenSet) -> ConnectionId | None:
        user_id = claimed.user_id
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            await store.serialize(conn, user_id)
            if not await flows.still_claimed(conn, self._tables, user_id, claimed.flow_id):
                return None
            scopes = tokens.scopes
            # RFC 6749 5.1: an answer without `scope` means that what was asked for was granted.
            granted = self._client.oauth.scopes if scopes is None else clean_scopes(sorted(scopes))
            connection_id = await self._put(conn, user_id, granted)
            sealed = await self._sealed(user_id, connection_id, tokens)
            await connection_store.put_credential(conn, user_id, connection_id, sealed)
            await self._connected(conn, user_id, connection_id, " ".join(granted))
        return connection_id

    async def _sealed(
        self, user_id: UserId, connection_id: ConnectionId, tokens: TokenSet
    ) -> Sealed:
        begun, life = tokens.requested_at, timedelta(seconds=tokens.expires_in)
        refresh = tokens.refresh_token
        knows_end = tokens.says_when or refresh is not None
        return Sealed(
            access_token=await self._keys.seal(tokens.access_token, user_id, connection_id),
            refresh_token=await self._keys.seal(refresh, user_id, connection_id, "refresh_token")
            if refresh
            else None,
            issued_at=begun,
            access_expires_at=begun + life if knows_end else None,
            renew_after=begun + ahead(tokens.expires_in) if refresh else None,
        )

    async def _put(
        self, conn: Connection, user_id: UserId, scopes: tuple[str, ...]
    ) -> ConnectionId:
        known = await connection_store.of_server(conn, user_id, self._server.id)
        connection_id = known.connection_id if known else ConnectionId(new_id())
        await connection_store.put(
            conn, user_id, self._server.id, connection_id, scopes=scopes, now=self._clock.now()
        )
        return connection_id

    async def _connected(
        self, conn: Connection, user_id: UserId, connection_id: ConnectionId, scopes: str
    ) -> None:
        await self._audit.record(
            conn,
            Event.ACCOUNT_CONNECTED,
            user_id=user_id,
            connection=connection_id,
            scopes=scopes,
            **self._facts,
        )
        await notify(conn, CREDENTIAL, connection_id)

    async def _tell(self, user_id: UserId, mine: RemoteConnection) -> None:
        """End the tokens there; the refresh token ends what came of it (RFC 7009 2.1)."""
        column = "refresh_token" if mine.refresh_token else "access_token"
        sealed = mine.refresh_token or mine.access_token
        if sealed is None:
            return
        token = await self._keys.open(sealed, user_id, mine.connection_id, column)
        told = await self._client.revoke(token, hint=column)
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            await connection_store.note_end(
                conn,
                user_id,
                mine.connection_id,
                f"You disconnected it; {self._server.name} was told to end the access."
                if told
                else f"You disconnected it; {self._server.name} could not be told.",
            )

    async def _mine(self, user_id: UserId) -> RemoteConnection | None:
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            return await connection_store.of_server(conn, user_id, self._server.id)

    def _authorize(self) -> Authorize:
        return Authorize(
            db=self._db,
            oauth=self._client,
            tables=self._tables,
            sealer=self._sealer,
            audit=self._audit,
            clock=self._clock,
            facts=self._facts,
            extra={"issuer": self._client.oauth.issuer} if self._client.configured else {},
        )
