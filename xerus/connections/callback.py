"""The way back: one exchange for one state, then the account, its sites, and a first real call."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.connections import flows, store
from xerus.connections.arrivals import Arrivals, unknown_state
from xerus.connections.flows import Claimed
from xerus.connections.health import Health
from xerus.connections.links import Link
from xerus.connections.problems import problem_of
from xerus.connections.provider import Account, GrantRefused, Provider, TokenSet
from xerus.connections.running import Running
from xerus.connections.sealing import Sealer
from xerus.connections.signals import CREDENTIAL, ENDED, FLOW, Signals
from xerus.connections.sites import GrantedSite
from xerus.connections.store import NewConnection
from xerus.connections.tables import tables_of
from xerus.connections.views import FlowStatus, Outcome
from xerus.db.database import Connection, Database
from xerus.db.notify import notify
from xerus.db.roles import Role
from xerus.errors import UpstreamRefused
from xerus.ids import CloudId, ConnectionId, SessionId, UserId, correlation_id, new_id
from xerus.telemetry.logs import logger

log = logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Granted:
    """All that one consent brought, before it is stored."""

    tokens: TokenSet
    refresh_token: SecretStr
    account: Account
    sites: tuple[GrantedSite, ...]
    scopes: frozenset[str]


class Callback:
    """Finishes attempts to connect."""

    def __init__(
        self,
        *,
        db: Database,
        oauth: Provider,
        sealer: Sealer,
        audit: AuditLog,
        signals: Signals,
        running: Running,
        health: Health,
        clock: Clock,
    ) -> None:
        self._db = db
        self._oauth = oauth
        self._link = oauth.link
        self._sealer = sealer
        self._audit = audit
        self._tables = tables_of(self._link)
        self._arrivals = Arrivals(
            db=db, tables=self._tables, audit=audit, signals=signals, clock=clock
        )
        self._running = running
        self._health = health
        self._clock = clock

    async def complete(
        self, *, user_id: UserId, session_id: SessionId, query: Mapping[str, str]
    ) -> Outcome:
        """Answer a return from Atlassian.

        The state counts only in the session that began, and once: of parallel duplicates one
        redeems the code, the others wait and report the same end.
        """
        flow = await self._arrivals.arrive(
            user_id=user_id, session_id=session_id, query=query, finish=self._finish
        )
        view = await self._health.view(user_id)
        if flow is None:
            problem = problem_of(
                unknown_state(Link.CLOUD.label), correlation_id(), self._clock.now()
            )
            return Outcome(status=FlowStatus.FAILED, flow_id=None, view=view, error=problem)
        return Outcome(
            status=flow.status if flow.status in _ENDS else FlowStatus.FAILED,
            flow_id=flow.flow_id,
            view=view,
            return_to=flow.return_to,
            error=flow.error,
        )

    async def close(self) -> None:
        """Let exchanges under way finish, five seconds at most."""
        await self._arrivals.close()

    async def _finish(self, claimed: Claimed, query: Mapping[str, str]) -> None:
        if query.get("error") == "access_denied":
            await self._arrivals.denied(claimed)
            return
        granted = await self._redeem(claimed, query)
        await self._keep(claimed, granted)

    async def _redeem(self, claimed: Claimed, query: Mapping[str, str]) -> Granted:
        code = query.get("code")
        if not code:
            asked = " ".join(sorted(self._oauth.scopes))
            raise UpstreamRefused(
                f"{self._link.label} returned without granting access.",
                hint=f"It does not allow {asked} here: an administrator changes that there."
                if query.get("error") == "invalid_scope"
                else "Try again; if it stays so, an administrator should check the app's settings "
                "there.",
                debug=f"error={query.get('error', '')!r}",
            )
        verifier = await self._sealer.open_verifier(
            claimed.user_id, claimed.flow_id, claimed.code_verifier
        )
        try:
            tokens = await self._oauth.exchange(code=SecretStr(code), code_verifier=verifier)
        except GrantRefused as error:
            raise UpstreamRefused(
                f"{self._link.label} did not accept its own answer: it was used before or is too old.",
                hint="Try again.",
                code="code_refused",
                debug=error.debug,
            ) from error
        return await self._learn(tokens)

    async def _learn(self, tokens: TokenSet) -> Granted:
        """Ask whose account this is and which sites it reaches."""
        if tokens.refresh_token is None:
            raise UpstreamRefused(
                f"{self._link.label} granted access for a short time only.",
                hint="An administrator has to allow offline_access for the app at Atlassian."
                if self._link is Link.CLOUD
                else "An administrator has to look at the application link.",
                code="no_refresh_token",
            )
        account, sites = await asyncio.gather(
            self._oauth.account(tokens.access_token), self._oauth.sites(tokens.access_token)
        )
        if not sites:
            raise UpstreamRefused(
                f"The Atlassian account {account.email or account.name} has no site that it may "
                "use with this app.",
                hint="Sign in at Atlassian with another account, or ask for access to a site.",
                code="no_site",
            )
        # RFC 6749 5.1: an answer without `scope` means that what was asked for was granted.
        scopes = self._oauth.scopes if tokens.scopes is None else tokens.scopes
        return Granted(
            tokens=tokens,
            refresh_token=tokens.refresh_token,
            account=account,
            sites=sites,
            scopes=scopes,
        )

    async def _keep(self, claimed: Claimed, granted: Granted) -> None:
        """Store the grant at once: the consent may have ended the previous pair. Then prove it."""
        user_id = claimed.user_id
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            await store.serialize(conn, user_id)
            if not await flows.still_claimed(conn, self._tables, user_id, claimed.flow_id):
                return
            chosen = await self._present_choice(conn, user_id, granted)
            connection_id = await self._store(conn, user_id, granted, chosen)
            if chosen is None:
                await flows.finish(
                    conn,
                    self._tables,
                    user_id,
                    claimed.flow_id,
                    FlowStatus.CHOOSING_SITE,
                    problem=None,
                )
                await notify(conn, FLOW, claimed.flow_id)
        if chosen is None:
            return
        with self._running.until_ended([connection_id]):
            await self._health.prove(user_id, connection_id, chosen)
        await self._arrivals.end(claimed, FlowStatus.CONNECTED)

    async def _present_choice(
        self, conn: Connection, user_id: UserId, granted: Granted
    ) -> CloudId | None:
        """The only site, or the one that this very account had chosen before."""
        if len(granted.sites) == 1:
            return granted.sites[0].cloud_id
        before = await store.newest(conn, user_id, self._link)
        if before is None or not before.live or before.account_id != granted.account.account_id:
            return None
        known = {site.cloud_id for site in granted.sites}
        return before.chosen_cloud_id if before.chosen_cloud_id in known else None

    async def _store(
        self, conn: Connection, user_id: UserId, granted: Granted, chosen: CloudId | None
    ) -> ConnectionId:
        account, now = granted.account, self._clock.now()
        for ended, email in await store.end_others(
            conn, user_id, self._link, account.account_id, now
        ):
            await self._audit.record(conn, Event.ACCOUNT_REPLACED, user_id=user_id, account=email)
            await notify(conn, CREDENTIAL, ended)
            await notify(conn, ENDED, ended)
        known = await store.account_connection_id(conn, user_id, self._link, account.account_id)
        connection_id = known or ConnectionId(new_id())
        new = NewConnection(
            user_id=user_id,
            link=self._link,
            account_id=account.account_id,
            account_email=account.email,
            account_name=account.name,
            sites=granted.sites,
            chosen_cloud_id=chosen,
            granted_scopes=granted.scopes,
            status="unproven" if chosen else "choosing_site",
            consented_at=now,
        )
        await store.put_connection(conn, connection_id, new)
        sealed = await self._sealer.seal_tokens(
            user_id, connection_id, granted.tokens, granted.refresh_token
        )
        await store.put_credential(conn, user_id, connection_id, sealed)
        await self._audit.record(
            conn,
            Event.ACCOUNT_CONNECTED,
            user_id=user_id,
            account=account.email,
            scopes=" ".join(sorted(granted.scopes)),
        )
        await notify(conn, CREDENTIAL, connection_id)
        return connection_id


_ENDS = frozenset({FlowStatus.CONNECTED, FlowStatus.CHOOSING_SITE, FlowStatus.DENIED})
