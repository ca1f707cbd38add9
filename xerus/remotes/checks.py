"""Real calls that prove a person's connection to a server: once a day, and when somebody asks."""

import asyncio
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter

from pydantic import SecretStr
from structlog.contextvars import bound_contextvars

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.connections.check_store import Checked
from xerus.connections.problems import problem_of
from xerus.connections.signals import CREDENTIAL
from xerus.connections.views import CheckOutcome
from xerus.db.database import Database
from xerus.db.notify import notify
from xerus.db.roles import Role
from xerus.errors import NotFound, Unavailable, UpstreamError, UpstreamRefused, XerusError
from xerus.ids import RemoteServerId, UserId, correlation_id
from xerus.remotes import connection_store, store
from xerus.remotes.credentials import Credentials
from xerus.remotes.probe import Probe
from xerus.remotes.servers import NotConnected, Registered
from xerus.remotes.tables import METRIC, tables_of
from xerus.telemetry.metrics import Metrics
from xerus.telemetry.trace import current_correlation_id

_UNAUTHORIZED = 401
_AGAIN = timedelta(days=1)
_AGAIN_SOON = timedelta(hours=1)
_TAKEN_FOR = timedelta(hours=1)
_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What a test came to."""

    seconds: float
    error: XerusError | None


class Checks:
    """Calls servers as people, with nothing but a greeting."""

    def __init__(
        self,
        *,
        db: Database,
        credentials: Credentials,
        probe: Probe,
        audit: AuditLog,
        clock: Clock,
        metrics: Metrics | None = None,
    ) -> None:
        self._db = db
        self._credentials = credentials
        self._probe = probe
        self._audit = audit
        self._clock = clock
        self._metrics = metrics or Metrics()

    async def try_key(self, user_id: UserId, row: Registered, key: SecretStr) -> Checked:
        """Return what a call with a key that is not kept yet came to.

        Raises:
            UpstreamRefused: the server does not take it.
            UpstreamUnavailable: no verdict.
            NotConnected: the server works with the person's Atlassian account, which is missing.
        """
        headers = await self._credentials.with_key(user_id, row, key)
        began = perf_counter()
        await self._probe.prove(row.server.url, headers)
        return self._checked(perf_counter() - began, None)

    async def prove(self, user_id: UserId, row: Registered) -> None:
        """Make a call as a person and keep what it came to; a refused token is renewed once.

        Raises:
            UpstreamError: the server did not let the call in.
            NotConnected: there is nothing to call with.
        """
        began, error = perf_counter(), None
        try:
            await self._call(user_id, row)
        except UpstreamError as failure:
            error = failure
        checked = self._checked(perf_counter() - began, error)
        await self.note(user_id, row, checked)
        if error is not None:
            raise error

    async def test(self, user_id: UserId, row: Registered) -> Tried:
        """Make a call now, and say how it went."""
        began = perf_counter()
        try:
            await self.prove(user_id, row)
        except XerusError as error:
            return Tried(seconds=perf_counter() - began, error=error)
        return Tried(seconds=perf_counter() - began, error=None)

    async def note(
        self, user_id: UserId, row: Registered, checked: Checked, *, audited: bool = True
    ) -> None:
        """Keep how a call went, with the person's connection and with the server.

        `audited` is False for calls that are in the audit log already.
        """
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            mine = await connection_store.of_server(conn, user_id, row.server.id)
            if mine is not None and mine.live:
                tables = tables_of(row.server)
                await connection_store.note_check(
                    conn, tables, user_id, mine.connection_id, checked
                )
                await notify(conn, CREDENTIAL, mine.connection_id)
                if audited:
                    await self._audit.record(
                        conn,
                        Event.CONNECTION_CHECKED,
                        user_id=user_id,
                        connection=mine.connection_id,
                        server=row.server.slug,
                        outcome=checked.outcome.value,
                        latency_ms=checked.ms,
                    )
            away = checked.outcome is CheckOutcome.NO_ANSWER
            # A no to one person says nothing of the server.
            others_too = away or not (row.is_personal or row.server.hands_atlassian_token)
            await store.note_reached(
                conn,
                row.server.id,
                at=checked.at,
                ms=checked.ms,
                error=checked.error if others_too else None,
                away=away,
                spread=spread(),
            )

    async def run_due(self) -> int:
        """Check a few connections whose day is over; always 0, so that the loop rests between."""
        now = self._clock.now()
        async with self._db.transaction(Role.WORKER) as conn:
            due = await connection_store.take_due_checks(
                conn, now, until=now + _TAKEN_FOR * spread(), limit=_AT_ONCE
            )
        await asyncio.gather(*(self._check(user_id, server_id) for user_id, server_id in due))
        return 0

    async def _check(self, user_id: UserId, server_id: RemoteServerId) -> None:
        with bound_contextvars(correlation_id=correlation_id()):
            async with self._db.transaction(Role.APP, user_id=user_id) as conn:
                row = await store.by_id(conn, server_id)
            if row is None or not row.enabled:
                return
            try:
                await self.prove(user_id, row)
            except Unavailable:
                raise
            except XerusError:  # what came of it stands on its page
                return

    async def _call(self, user_id: UserId, row: Registered) -> None:
        headers = await self._credentials.headers(user_id, row)
        try:
            await self._probe.prove(row.server.url, headers)
        except UpstreamRefused as error:
            if error.upstream_status != _UNAUTHORIZED:
                raise
            if not await self._credentials.refused(user_id, row, headers):
                raise
            headers = await self._credentials.headers(user_id, row)
            await self._probe.prove(row.server.url, headers)

    def _checked(self, seconds: float, error: UpstreamError | None) -> Checked:
        checked = checked_of(seconds, error, now=self._clock.now())
        self._metrics.checks.labels(METRIC, checked.outcome.value).inc()
        self._metrics.check_seconds.labels(METRIC).observe(seconds)
        return checked


def checked_of(seconds: float, error: XerusError | None, *, now: datetime) -> Checked:
    """Return what is kept of a call that took so long and ended so."""
    outcome = CheckOutcome.OK
    if error is not None:
        refused = isinstance(error, UpstreamRefused | NotConnected | NotFound)
        outcome = CheckOutcome.REFUSED if refused else CheckOutcome.NO_ANSWER
    again = _AGAIN_SOON if outcome is CheckOutcome.NO_ANSWER else _AGAIN
    return Checked(
        at=now,
        ms=round(seconds * 1000),
        outcome=outcome,
        error=problem_of(error, current_correlation_id(), now) if error else None,
        again_at=now + again * spread(),
    )


def spread(share: float = 0.1) -> float:
    """Return a factor around 1 by which pauses differ, so that servers are not asked in step."""
    return random.uniform(1 - share, 1 + share)  # noqa: S311 - spreads load
