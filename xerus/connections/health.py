"""How a connection is doing: what the page shows, and the real call that proves it."""

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import perf_counter

from xerus.atlassian.credentials import Product
from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.connections import check_store, flows, store
from xerus.connections.check_store import Checked
from xerus.connections.problems import problem_of
from xerus.connections.provider import Provider
from xerus.connections.sealing import Sealer
from xerus.connections.signals import CREDENTIAL
from xerus.connections.sites import GrantedSite, find_site
from xerus.connections.store import ConnectionRow
from xerus.connections.tables import tables_of
from xerus.connections.views import (
    CheckOutcome,
    ConnectionView,
    FlowView,
    Problem,
    Site,
    State,
)
from xerus.db.database import Database
from xerus.db.notify import notify
from xerus.db.roles import Role
from xerus.errors import NotFound, UpstreamError, UpstreamRefused
from xerus.ids import CloudId, ConnectionId, UserId
from xerus.telemetry.logs import logger
from xerus.telemetry.metrics import Metrics
from xerus.telemetry.trace import current_correlation_id

log = logger(__name__)

WARN_BEFORE = timedelta(days=14)
_AGAIN = timedelta(days=1)
_AGAIN_SOON = timedelta(hours=1)
"""An hour after Atlassian gave no verdict, a day after any other call."""


class Health:
    """Reads states and makes the calls that prove them."""

    def __init__(
        self,
        *,
        db: Database,
        oauth: Provider,
        sealer: Sealer,
        audit: AuditLog,
        clock: Clock,
        metrics: Metrics | None = None,
    ) -> None:
        self._db = db
        self._oauth = oauth
        self._sealer = sealer
        self._audit = audit
        self._clock = clock
        self._metrics = metrics or Metrics()

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
            flow = await flows.find(
                conn, user_id, tables_of(self._oauth.link), None, self._clock.now()
            )
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
        began = perf_counter()
        served, failures = await self._probe(row, find_site(row.sites, cloud_id, None))
        checked = self._checked(served, failures, perf_counter() - began)
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            if served:
                await store.set_proven(
                    conn, user_id, connection_id, chosen=cloud_id, now=checked.at
                )
            if served or row.chosen_cloud_id in {None, cloud_id}:
                # Another site that refuses says nothing of the one in use.
                tables = tables_of(self._oauth.link)
                await check_store.write(conn, tables, user_id, connection_id, checked)
            await notify(conn, CREDENTIAL, connection_id)
            await self._audit.record(
                conn,
                Event.CONNECTION_CHECKED,
                user_id=user_id,
                connection=connection_id,
                cloud_id=cloud_id,
                outcome=checked.outcome.value,
                latency_ms=checked.ms,
                **_why(checked),
            )
        if failures and not served:
            raise failures[0]
        return served

    def _checked(
        self, served: frozenset[Product], failures: Sequence[UpstreamError], seconds: float
    ) -> Checked:
        outcome, now = _outcome(served, failures), self._clock.now()
        link = self._oauth.link.value
        self._metrics.checks.labels(link, outcome.value).inc()
        self._metrics.check_seconds.labels(link).observe(seconds)
        error = (
            problem_of(failures[0], current_correlation_id(), now, whom=self._oauth.link.label)
            if failures
            else None
        )
        again_in = _AGAIN_SOON if outcome is CheckOutcome.NO_ANSWER else _AGAIN
        return Checked(
            at=now,
            ms=round(seconds * 1000),
            outcome=outcome,
            error=error,
            again_at=now + again_in * random.uniform(0.9, 1.1),  # noqa: S311 - spreads load
        )

    async def _probe(
        self, row: ConnectionRow, site: GrantedSite
    ) -> tuple[frozenset[Product], Sequence[UpstreamError]]:
        """Return the products that answered, and the failures of the others."""
        token = await self._sealer.open_access(row)
        if token is None:
            raise NotFound("This connection has ended.", hint="Connect Atlassian again.")
        if not site.products:
            nothing = UpstreamRefused(
                f"The site {site.name!r} has neither Jira nor Confluence for this connection.",
                hint="Connect again and accept all permissions, or choose another site.",
                code="no_product",
            )
            return frozenset(), [nothing]
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
                log.info(
                    "probe_failed",
                    connection=row.connection_id,
                    product=product.value,
                    cause=result.code,
                    debug=result.debug,
                    correlation_id=current_correlation_id(),
                )
                failures.append(result)
            else:
                raise result
        return frozenset(served), failures

    def _view_of(self, row: ConnectionRow | None, flow: FlowView | None) -> ConnectionView:
        waiting = flow is not None and flow.open
        begun_at = flow.created_at if flow and waiting else None
        if row is None:
            state = State.CONNECTING if waiting else State.NOT_CONNECTED
            return ConnectionView(state=state, since=begun_at)
        if not row.live:
            return ConnectionView(
                state=State.CONNECTING if waiting else State.DISCONNECTED,
                since=begun_at or row.ended_at,
                account_email=row.account_email,
                ended_at=row.ended_at,
                access_until=row.access_until,
            )
        state, cause, hint = self._state_of(row)
        since = self._since(state, row)
        if waiting and state is State.NEEDS_RECONNECT:
            state, cause, hint, since = State.CONNECTING, "", "", begun_at
        return ConnectionView(
            state=state,
            cause=cause,
            hint=hint,
            since=since,
            replaced_account=row.replaced_account or "",
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
            last_error=row.newest_error,
            failing_since=row.failing_since,
            checked_at=row.checked_at,
            check_seconds=None if row.check_ms is None else row.check_ms / 1000,
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
                return _degraded(row.check_error, cause, "Press Test now.")
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
        if ends_at is not None and ends_at - WARN_BEFORE <= now:
            return State.EXPIRING_SOON, "Atlassian ends each consent after a year.", "Reconnect."
        if row.check_outcome is CheckOutcome.REFUSED:
            return _degraded(row.check_error, "The last real call was refused.", "Press Test now.")
        return State.CONNECTED, "", ""

    def _since(self, state: State, row: ConnectionRow) -> datetime | None:
        """Return when the state of a live connection began."""
        match state:
            case State.CONNECTED:
                return row.last_ok_at
            case State.REFRESHING:
                return row.access_expires_at
            case State.EXPIRING_SOON if not row.failures:
                ends_at = self._ends_at(row)
                return ends_at and ends_at - WARN_BEFORE
            case State.NEEDS_RECONNECT if row.last_error:
                return row.last_error.at
            case State.CHOOSING_SITE:
                return row.consented_at
            case _:
                return row.failing_since or row.consented_at

    def _ends_at(self, row: ConnectionRow) -> datetime | None:
        life = self._oauth.grant_life
        return None if life is None else row.consented_at + life


def _outcome(served: frozenset[Product], failures: Sequence[UpstreamError]) -> CheckOutcome:
    if served:
        return CheckOutcome.PARTIAL if failures else CheckOutcome.OK
    if all(isinstance(error, UpstreamRefused) for error in failures):
        return CheckOutcome.REFUSED
    return CheckOutcome.NO_ANSWER


def _why(checked: Checked) -> dict[str, str]:
    error = checked.error
    return {"cause": error.code, "correlation_id": error.correlation_id} if error else {}


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
