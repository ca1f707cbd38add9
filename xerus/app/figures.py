"""The figures of the whole installation for `/metrics`, read from the database every 30 s.

The worker reads them, so that no scrape waits for the database. Every worker tells the same
numbers: a rule takes their maximum. Where they cannot be read the last ones stay, with their time.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime

from xerus.accounts import store as accounts
from xerus.audit import store as audit
from xerus.clock import Clock
from xerus.connections import store as connections
from xerus.connections.links import Link
from xerus.db.database import Connection, Database
from xerus.db.roles import Role
from xerus.grants import store as grants
from xerus.keys import store as keys
from xerus.remotes import figures as remotes
from xerus.remotes.tables import METRIC
from xerus.telemetry import metric_list as names
from xerus.telemetry.metrics import Reading
from xerus.vault import store as vault

STATUSES = (*connections.LIVE, "disconnected", "replaced")


class Figures:
    """Keeps the last figures."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._last: tuple[Reading, ...] = ()

    def readings(self) -> Iterator[Reading]:
        """Yield the last figures; none before the first look, or without the worker role."""
        yield from self._last

    async def refresh(self) -> int:
        """Read them anew.

        Raises:
            Unavailable: the database does not answer.
        """
        async with self._db.transaction(Role.WORKER) as conn:
            found = [one async for one in self._of_worker(conn)]
        async with self._db.transaction(Role.GATE) as conn:
            found += [one async for one in self._of_gate(conn)]
        found.append((names.FIGURES_AT, self._clock.now().timestamp()))
        self._last = tuple(found)
        return 0

    async def _of_worker(self, conn: Connection) -> AsyncIterator[Reading]:
        now = self._clock.now()
        counts = await connections.count_by_status(conn)
        for link in Link:
            for status in STATUSES:
                yield names.CONNECTIONS, counts.get((link, status), 0), link.value, status
        failing = await connections.count_failing(conn)
        for link in Link:
            yield names.FAILING, failing.get(link, 0), link.value
        due = {link: (n, oldest) for link, n, oldest in await connections.count_due(conn, now)}
        for link in Link:
            n, oldest = due.get(link, (0, now))
            yield names.DUE, n, link.value
            yield names.OVERDUE_SECONDS, (now - oldest).total_seconds(), link.value
        async for reading in self._of_servers(conn, now):
            yield reading
        events = sum(head.n for head in await audit.heads(conn))
        signed_at, signed = await audit.last_checkpoint(conn) or (now, 0)
        verified = await audit.last_verification(conn)
        if verified is not None:
            yield names.AUDIT_VERIFIED_AT, verified[0].timestamp()
            yield names.AUDIT_SOUND, verified[1]
        yield names.AUDIT_UNSIGNED, events - signed
        yield names.CHECKPOINT_AGE_SECONDS, max(0.0, (now - signed_at).total_seconds())

    async def _of_servers(self, conn: Connection, now: datetime) -> AsyncIterator[Reading]:
        found = await remotes.read(conn, now)
        for status in remotes.STATUSES:
            yield names.CONNECTIONS, found.statuses.get(status, 0), METRIC, status
        yield names.FAILING, found.failing, METRIC
        yield names.DUE, found.due, METRIC
        yield names.OVERDUE_SECONDS, (now - (found.oldest or now)).total_seconds(), METRIC
        for state, n in found.servers.items():
            yield names.SERVERS, n, state

    async def _of_gate(self, conn: Connection) -> AsyncIterator[Reading]:
        now = self._clock.now()
        yield names.SESSIONS, await accounts.count_sessions(conn, now)
        yield names.GRANTS, await grants.count_live(conn)
        for kind, rows in (
            ("data", await vault.count_keys(conn)),
            ("signing", await keys.count_signing_keys(conn, now)),
        ):
            for row in rows:
                yield names.KEYS, row["n"], kind, row["state"]
                if row["state"] == "active":
                    age = (now - row["newest"]).total_seconds()
                    yield names.KEY_AGE_SECONDS, max(0.0, age), kind
