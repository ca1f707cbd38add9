"""How a connection is doing: what the page shows, and the real call that proves it."""

import asyncio
from datetime import datetime, timedelta

from xerus.atlassian.credentials import Product
from xerus.clock import Clock
from xerus.connections import flows, store
from xerus.connections.problems import problem_of
from xerus.connections.provider import Provider
from xerus.connections.sealing import Sealer
from xerus.connections.signals import CREDENTIAL
from xerus.connections.sites import GrantedSite, find_site
from xerus.connections.store import ConnectionRow
from xerus.connections.views import ConnectionView, FlowView, Problem, Site, State
from xerus.db.database import Database
from xerus.db.notify import notify
from xerus.db.roles import Role
from xerus.errors import NotFound, UpstreamError, UpstreamRefused
from xerus.ids import CloudId, ConnectionId, UserId
from xerus.telemetry.logs import logger
from xerus.telemetry.trace import current_correlation_id

log = logger(__name__)

_WARN_BEFORE = timedelta(days=14)


class Health:
    """Reads states and makes the calls that prove them."""

    def __init__(
        self,
        *,
        db: Database,
        oauth: Provider,
        sealer: Sealer,
        clock: Clock,
    ) -> None:
        self._db = db
        self._oauth = oauth
        self._sealer = sealer
        self._clock = clock

    async def view(self, user_id: UserId) -> ConnectionView:
        """Return what the Tools page shows."""
        if not self._oauth.configured:
            return ConnectionView(
                state=State.NOT_CONFIGURED,
                cause=f"Connecting {self._oauth.link.label} is not set up on this server.",
                hint=f"An administrator has to set {self._oauth.settings}.",
            )
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            row = await store.newest(conn, user_id, self._oauth.link)
            flow = await flows.find(conn, user_id, self._oauth.link, None, self._clock.now())
        return self._view_of(row, flow)

    async def prove(
        self, user_id: UserId, connection_id: ConnectionId, cloud_id: CloudId
    ) -> frozenset[Product]:
        """Make a real call to each product of the site; on success the connection is connected.

        One product that answers is enough. A failure is kept with the connection.

        Raises:
            UpstreamRefused, UpstreamUnavailable: no product answered.
            NotFound: the connection has ended.
        """
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            row = await store.newest(conn, user_id, self._oauth.link)
        if row is None or row.connection_id != connection_id:
            raise NotFound("This connection has ended.", hint="Connect Atlassian again.")
        served, failure = await self._probe(row, find_site(row.sites, cloud_id, None))
        problem = (
            problem_of(failure, current_correlation_id(), self._clock.now()) if failure else None
        )
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            await store.set_error(conn, user_id, connection_id, problem)
            if served:
                await store.set_proven(
                    conn, user_id, connection_id, chosen=cloud_id, now=self._clock.now()
                )
            await notify(conn, CREDENTIAL, connection_id)
        if failure and not served:
            raise failure
        return served

    async def _probe(
        self, row: ConnectionRow, site: GrantedSite
    ) -> tuple[frozenset[Product], UpstreamError | None]:
        """Return the products that answered, and the first failure among the others."""
        token = await self._sealer.open_access(row)
        if token is None:
            raise NotFound("This connection has ended.", hint="Connect Atlassian again.")
        if not site.products:
            return frozenset(), UpstreamRefused(
                f"The site {site.name!r} has neither Jira nor Confluence for this connection.",
                hint="Connect again and accept all permissions, or choose another site.",
                code="no_product",
            )
        products = sorted(site.products)
        results = await asyncio.gather(
            *(
                self._oauth.probe(product, site.cloud_id, token, row.granted_scopes)
                for product in products
            ),
            return_exceptions=True,
        )
        served: set[Product] = set()
        failures: list[UpstreamError] = []
        for product, result in zip(products, results, strict=True):
            if result is None:
                served.add(product)
            elif isinstance(result, UpstreamError):
                log.info("probe_failed", product=product.value, debug=result.debug)
                failures.append(result)
            else:
                raise result
        return frozenset(served), failures[0] if failures else None

    def _view_of(self, row: ConnectionRow | None, flow: FlowView | None) -> ConnectionView:
        waiting = flow is not None and flow.open
        if row is None:
            return ConnectionView(state=State.CONNECTING if waiting else State.NOT_CONNECTED)
        if not row.live:
            state = State.CONNECTING if waiting else State.DISCONNECTED
            return ConnectionView(state=state, account_email=row.account_email)
        state, cause, hint = self._state_of(row)
        if waiting and state is State.NEEDS_RECONNECT:
            state = State.CONNECTING
        return ConnectionView(
            state=state,
            cause=cause,
            hint=hint,
            connection_id=row.connection_id,
            account_email=row.account_email,
            account_name=row.account_name,
            sites=tuple(_site(site, row) for site in row.sites),
            scopes=row.granted_scopes,
            missing_scopes=self._oauth.missing(row.granted_scopes),
            connected_at=row.consented_at,
            access_expires_at=row.access_expires_at,
            reconnect_by=self._ends_at(row),
            refreshed_at=row.issued_at,
            last_ok_at=row.last_ok_at,
            last_error=row.last_error,
            retry_at=row.retry_at,
        )

    def _state_of(self, row: ConnectionRow) -> tuple[State, str, str]:
        """Return the state word of a live connection, why, and the next step."""
        match row.status:
            case "choosing_site":
                return (
                    State.CHOOSING_SITE,
                    f"{self._oauth.link.label} is connected.",
                    "Choose the site to work in.",
                )
            case "needs_reconnect":
                return State.NEEDS_RECONNECT, row.cause, f"Reconnect {self._oauth.link.label}."
            case "unproven":
                cause = f"No call to {self._oauth.link.label} has succeeded yet."
                return _degraded(row.last_error, cause, "Press Test now.")
            case _:
                return self._token_state(row)

    def _token_state(self, row: ConnectionRow) -> tuple[State, str, str]:
        now, error = self._clock.now(), row.last_error
        expired = row.access_expires_at is None or row.access_expires_at <= now
        if row.lease_live and expired:
            return State.REFRESHING, "The connection is being renewed.", ""
        if row.failures and expired:
            return _degraded(error, "The connection could not be renewed.", "It is tried again.")
        if row.failures:
            return State.EXPIRING_SOON, error.message if error else "", "It is tried again."
        ends_at = self._ends_at(row)
        if ends_at is not None and ends_at - _WARN_BEFORE <= now:
            return State.EXPIRING_SOON, "Atlassian ends each consent after a year.", "Reconnect."
        return State.CONNECTED, "", ""

    def _ends_at(self, row: ConnectionRow) -> datetime | None:
        life = self._oauth.grant_life
        return None if life is None else row.consented_at + life


def _degraded(error: Problem | None, cause: str, hint: str) -> tuple[State, str, str]:
    return State.DEGRADED, error.message if error else cause, (error and error.hint) or hint


def _site(site: GrantedSite, row: ConnectionRow) -> Site:
    return Site(
        name=site.name,
        url=site.url,
        cloud_id=site.cloud_id,
        products=frozenset(product.value for product in site.products),
        chosen=site.cloud_id == row.chosen_cloud_id,
    )
