"""Whether servers answer at all, asked by the worker before anybody's chat has to find out.

A greeting shows the server nothing. Calls of people count as well, so that a server in use is not
greeted besides; one that does not answer is left alone for longer each time, an hour at most.
"""

import asyncio
from datetime import timedelta
from time import perf_counter

from structlog.contextvars import bound_contextvars

from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import UpstreamError
from xerus.ids import correlation_id
from xerus.remotes import store
from xerus.remotes.checks import checked_of, spread
from xerus.remotes.probe import Probe
from xerus.remotes.servers import Registered
from xerus.telemetry.logs import logger

log = logger(__name__)

_AT_ONCE = 4
_TAKEN_FOR = timedelta(minutes=2)


class Reaching:
    """Greets the servers that nobody has called for a while."""

    def __init__(self, *, db: Database, probe: Probe, clock: Clock) -> None:
        self._db = db
        self._probe = probe
        self._clock = clock

    async def run_due(self) -> int:
        """Greet a few servers whose time has come; return how many."""
        now = self._clock.now()
        async with self._db.transaction(Role.WORKER) as conn:
            due = await store.take_unheard(conn, now, until=now + _TAKEN_FOR, limit=_AT_ONCE)
        await asyncio.gather(*(self._greet(row) for row in due))
        return len(due)

    async def _greet(self, row: Registered) -> None:
        with bound_contextvars(correlation_id=correlation_id()):
            began, error = perf_counter(), None
            try:
                await self._probe.greet(row.server.url)
            except UpstreamError as failure:
                error = failure
            checked = checked_of(perf_counter() - began, error, now=self._clock.now())
            async with self._db.transaction(Role.WORKER) as conn:
                await store.note_reached(
                    conn,
                    row.server.id,
                    at=checked.at,
                    ms=checked.ms,
                    error=checked.error,
                    away=error is not None,
                    greeted=True,
                    spread=spread(0.2),
                )
            was_away = row.server.away_since is not None
            if error is not None and not was_away:
                log.warning("server_away", server=row.server.slug, cause=error.code)
            elif error is None and was_away:
                log.info("server_back", server=row.server.slug)
