"""The real call that each connection makes once a day, so that its page is true without a visit.

At most four at once and some 3,000 an hour from a process, spread over the day. While Atlassian
gives no verdict nobody is checked, then one connection at a time until one has answered.
"""

import asyncio
import random
from datetime import timedelta

from structlog.contextvars import bound_contextvars

from xerus.atlassian.limits import AtlassianLimits
from xerus.clock import Clock
from xerus.connections import check_store, store
from xerus.connections.checks import Checks
from xerus.connections.gate import Gate
from xerus.connections.provider import Provider
from xerus.connections.sites import find_site
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import Unavailable, UpstreamUnavailable, XerusError
from xerus.ids import ConnectionId, UserId, correlation_id
from xerus.telemetry.logs import logger

log = logger(__name__)

MOST_AT_ONCE = 4
_TAKEN_FOR = timedelta(hours=1)
"""How long a check that did not come to a result, for whatever reason, waits for another try."""
_FIRST_REST_SECONDS = 60.0
_LONGEST_REST_SECONDS = 1800.0


class DailyChecks:
    """Takes the connections whose check is due and proves them."""

    def __init__(
        self,
        *,
        db: Database,
        provider: Provider,
        checks: Checks,
        gate: Gate,
        limits: AtlassianLimits | None,
        clock: Clock,
    ) -> None:
        self._db = db
        self._provider = provider
        self._checks = checks
        self._gate = gate
        self._limits = limits
        self._clock = clock
        self._unanswered = 0
        self._rests_until = 0.0

    async def run(self) -> int:
        """Check a few connections that are due; return how many.

        Raises:
            Unavailable: the database does not answer.
        """
        if asyncio.get_running_loop().time() < self._rests_until or not self._gate.is_open:
            return 0
        taken = await self._take(1 if self._unanswered else MOST_AT_ONCE)
        results = await asyncio.gather(
            *(self._check(*one) for one in taken), return_exceptions=True
        )
        unanswered = [one for one in results if isinstance(one, UpstreamUnavailable)]
        if unanswered:
            self._rest(unanswered[0])
        elif True in results:
            self._unanswered = 0
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, UpstreamUnavailable):
                raise result
        return len(taken)

    async def _take(self, limit: int) -> list[tuple[UserId, ConnectionId]]:
        now = self._clock.now()
        until = now + _TAKEN_FOR * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load
        async with self._db.transaction(Role.WORKER) as conn:
            return await check_store.take_due(
                conn, self._provider.link, now, until=until, limit=limit
            )

    async def _check(self, user_id: UserId, connection_id: ConnectionId) -> bool:
        """Make the real calls; tell whether there was a verdict.

        Raises:
            UpstreamUnavailable: there was none.
            Unavailable: the database does not answer.
        """
        with bound_contextvars(correlation_id=correlation_id()):
            try:
                return await self._prove(user_id, connection_id)
            except (Unavailable, UpstreamUnavailable):
                raise
            except XerusError:  # a verdict, which its page shows
                return True

    async def _prove(self, user_id: UserId, connection_id: ConnectionId) -> bool:
        """Make the real calls; False where there is nothing to call, or the quota is for others."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            row = await store.newest(conn, user_id, self._provider.link)
        if row is None or row.connection_id != connection_id or row.chosen_cloud_id is None:
            return False
        if not self._may_ask(row):
            return False
        await self._checks.prove(user_id, connection_id, row.chosen_cloud_id)
        return True

    def _may_ask(self, row: store.ConnectionRow) -> bool:
        """Whether the quotas that a check would use have room for what can wait."""
        if self._limits is None:
            return True
        site = find_site(row.sites, row.chosen_cloud_id, None)
        targets = (
            self._provider.target(
                product, site, account=row.account_email, granted=row.granted_scopes
            )
            for product in site.products
        )
        return all(self._limits.has_room(target) for target in targets)

    def _rest(self, error: UpstreamUnavailable) -> None:
        asked = float(error.retry_after or 0)
        own = min(_FIRST_REST_SECONDS * 2.0**self._unanswered, _LONGEST_REST_SECONDS)
        seconds = max(min(asked, _LONGEST_REST_SECONDS * 2), own)
        seconds *= random.uniform(0.8, 1.2)  # noqa: S311 - spreads load
        self._unanswered = min(self._unanswered + 1, 10)
        self._rests_until = asyncio.get_running_loop().time() + seconds
        log.warning(
            "connection_checks_rest",
            link=self._provider.link.value,
            seconds=round(seconds),
            cause=error.code,
        )
