"""Real calls on request: "Test now", and the choice of a site, which has to answer first."""

import asyncio
from collections.abc import Callable

from xerus.atlassian.credentials import Disconnected, NotConnected, Product
from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.connections import flows, store
from xerus.connections.health import Health
from xerus.connections.links import Link
from xerus.connections.problems import problem_of
from xerus.connections.running import Running
from xerus.connections.signals import FLOW
from xerus.connections.sites import find_site
from xerus.connections.store import ConnectionRow
from xerus.connections.tables import tables_of
from xerus.connections.token_answers import SCOPE_MISSING
from xerus.connections.user_credentials import UserCredentials
from xerus.connections.views import Check
from xerus.db.database import Database
from xerus.db.notify import notify
from xerus.db.roles import Role
from xerus.errors import NotFound, UpstreamError, UpstreamRefused
from xerus.ids import CloudId, ConnectionId, UserId
from xerus.telemetry.trace import current_correlation_id

_UNAUTHORIZED = 401


class Checks:
    """Proves a connection at a person's wish, with a token renewed first where needed."""

    def __init__(
        self,
        *,
        link: Link,
        db: Database,
        running: Running,
        health: Health,
        audit: AuditLog,
        clock: Clock,
        credentials_for: Callable[[UserId], UserCredentials],
    ) -> None:
        self._link = link
        self._db = db
        self._running = running
        self._health = health
        self._audit = audit
        self._clock = clock
        self._credentials_for = credentials_for

    async def choose_site(self, user_id: UserId, cloud_id: CloudId) -> None:
        """Make `cloud_id` the site that tools use, after a real call to it succeeded.

        Raises:
            SiteUnknown: the grant does not reach it.
            NotFound, NotConnected, Disconnected: there is no connection, or it has ended.
            UpstreamRefused, UpstreamUnavailable: the site does not answer; nothing was changed.
        """
        row = await self._live(user_id)
        site = find_site(row.sites, cloud_id, None)
        await self.prove(user_id, row.connection_id, site.cloud_id)
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            for flow_id in await flows.chose_site(conn, user_id, tables_of(self._link)):
                await notify(conn, FLOW, flow_id)
            await self._audit.record(
                conn, Event.SITE_CHOSEN, user_id=user_id, account=row.account_email, site=site.name
            )

    async def test(self, user_id: UserId) -> Check:
        """Make a real call now, and say how it went and how long it took.

        Raises:
            NotFound: there is no connection, or no site is chosen yet.
        """
        row = await self._live(user_id)
        if row.chosen_cloud_id is None:
            raise NotFound("No site is chosen yet.", hint="Choose a site on the Tools page.")
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            served = await self.prove(user_id, row.connection_id, row.chosen_cloud_id)
        except (UpstreamError, NotConnected, Disconnected) as error:
            problem = problem_of(
                error, current_correlation_id(), self._clock.now(), whom=self._link.label
            )
            return Check(ok=False, seconds=loop.time() - began, products=frozenset(), error=problem)
        names = frozenset(product.value for product in served)
        return Check(ok=True, seconds=loop.time() - began, products=names)

    async def prove(
        self, user_id: UserId, connection_id: ConnectionId, cloud_id: CloudId
    ) -> frozenset[Product]:
        """Make the real calls; a token that looked valid and is refused is renewed once.

        Raises as `Health.prove` and `Renewal.ensure`.
        """
        with self._running.until_ended([connection_id]):
            return await self._proven(user_id, connection_id, cloud_id)

    async def _proven(
        self, user_id: UserId, connection_id: ConnectionId, cloud_id: CloudId
    ) -> frozenset[Product]:
        credentials = self._credentials_for(user_id)
        await credentials.fresh()
        try:
            return await self._health.prove(user_id, connection_id, cloud_id)
        except UpstreamRefused as error:
            if error.upstream_status != _UNAUTHORIZED or error.code == SCOPE_MISSING:
                raise
            if not await credentials.renew_stored():
                raise
        return await self._health.prove(user_id, connection_id, cloud_id)

    async def _live(self, user_id: UserId) -> ConnectionRow:
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            row = await store.newest(conn, user_id, self._link)
        if row is None or not row.live:
            raise NotFound(
                f"{self._link.label} is not connected.", hint="Connect it on the Tools page."
            )
        return row
