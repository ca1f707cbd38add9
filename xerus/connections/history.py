"""How everybody's connections were, hour by hour: for administrators, kept 90 days, nobody named.

The `worker` role writes it. An hour that nobody wrote is told apart from one in which there was
nothing to count, so that a gap is shown as a gap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from psycopg import sql

from xerus.audit.events import Event
from xerus.audit.search import COMMON
from xerus.clock import Clock
from xerus.connections import overview
from xerus.connections.cloud import GRANT_LIFE
from xerus.connections.health import WARN_BEFORE
from xerus.db.database import Connection, Database
from xerus.db.roles import Role

KEPT = timedelta(days=90)
HOUR = timedelta(hours=1)
RENEWED = "ok"
"""The name of a renewal that succeeded; others are named by their cause."""
LEFT = ("over", "10", "30", "more")
"""Access that has run out; that does within 10 minutes; within 30; later."""

_COUNTED_BACK = timedelta(days=7)
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('xerus connection_hours')) AS mine"
_LAST = "SELECT max(hour) AS hour FROM connection_hours WHERE kind = 'sample'"
_CLEAR = "DELETE FROM connection_hours WHERE hour = %s AND kind <> 'renewal'"
_ADD = """
INSERT INTO connection_hours (hour, kind, name, n)
SELECT %(hour)s, given.* FROM unnest(%(kinds)s::text[], %(names)s::text[], %(counts)s::bigint[])
    AS given (kind, name, n)
"""
_TIME_LEFT = """
SELECT CASE WHEN access_expires_at <= %(now)s THEN 'over'
            WHEN access_expires_at <= %(now)s + interval '10 minutes' THEN '10'
            WHEN access_expires_at <= %(now)s + interval '30 minutes' THEN '30'
            ELSE 'more' END AS name, count(*) AS n
  FROM credentials k JOIN connections c ON c.user_id = k.user_id AND c.id = k.connection_id
 WHERE c.status = 'connected' GROUP BY 1
"""
# The list of events again, because the index on them is without the common ones.
_RENEWALS = sql.SQL("""
INSERT INTO connection_hours AS h (hour, kind, name, n)
SELECT date_trunc('hour', at, 'UTC'), 'renewal',
       CASE event WHEN {done} THEN {renewed}
            ELSE left(coalesce(nullif(facts ->> 'cause', {renewed}), 'unknown'), 100) END, count(*)
  FROM audit_events
 WHERE event IN ({done}, {failed}, {ended}) AND event NOT IN ({common}) AND at >= %s
 GROUP BY 1, 3
ON CONFLICT (hour, kind, name) DO UPDATE SET n = excluded.n
""").format(
    done=sql.Literal(str(Event.CREDENTIAL_REFRESHED)),
    failed=sql.Literal(str(Event.CREDENTIAL_REFRESH_FAILED)),
    ended=sql.Literal(str(Event.CREDENTIAL_EXPIRED)),
    renewed=sql.Literal(RENEWED),
    common=sql.SQL(", ").join(sql.Literal(str(event)) for event in COMMON),
)


@dataclass(frozen=True, kw_only=True)
class HourRow:
    """One hour (UTC).

    Attributes:
        was_seen: whether anybody counted in it; where not, only the renewals are known.
        states: connections by the state that their people saw, at the last look in the hour.
        renewals: by RENEWED or the cause of a failure, all of the hour.
        left: connections by LEFT, at the last look in the hour.
    """

    hour: datetime
    was_seen: bool = False
    states: Mapping[str, int] = field(default_factory=dict)
    renewals: Mapping[str, int] = field(default_factory=dict)
    left: Mapping[str, int] = field(default_factory=dict)


class ConnectionHistory:
    """Writes and reads the hours."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def write(self) -> int:
        """Count now, in place of what was counted earlier in this hour; return 0, as a loop does.

        Raises:
            Unavailable: the database does not answer.
        """
        now = self._clock.now()
        async with self._db.transaction(Role.WORKER) as conn:
            # One process at a time: another would count the same.
            mine = await (await conn.execute(_LOCK)).fetchone()
            if mine is None or not mine["mine"]:
                return 0
            last = await (await conn.execute(_LAST)).fetchone()
            before = last["hour"] if last and last["hour"] else now - _COUNTED_BACK
            await conn.execute(_RENEWALS, (_hour(max(before, now - _COUNTED_BACK)),))
            await self._count(conn, now)
            await conn.execute("DELETE FROM connection_hours WHERE hour < %s", (now - KEPT - HOUR,))
        return 0

    async def _count(self, conn: Connection, now: datetime) -> None:
        rows = [("sample", "", 1)]
        states: dict[str, int] = {}
        found = await overview.states(conn, now, now + WARN_BEFORE - GRANT_LIFE)
        for (_, state), n in found.items():
            states[state] = states.get(state, 0) + n
        rows += [("state", state, n) for state, n in states.items()]
        left = await conn.execute(_TIME_LEFT, {"now": now})
        rows += [("left", row["name"], row["n"]) for row in await left.fetchall()]
        await conn.execute(_CLEAR, (_hour(now),))
        kinds, names, counts = (list(column) for column in zip(*rows, strict=True))
        values = {"hour": _hour(now), "kinds": kinds, "names": names, "counts": counts}
        await conn.execute(_ADD, values)

    async def hours(self, since: datetime) -> Sequence[HourRow]:
        """Return every hour from `since` to now, the oldest first, those without figures too."""
        now = self._clock.now()
        async with self._db.transaction(Role.WORKER) as conn:
            found = await conn.execute(
                "SELECT hour, kind, name, n FROM connection_hours WHERE hour >= %s",
                (_hour(since),),
            )
            rows = await found.fetchall()
        told: dict[datetime, dict[str, dict[str, int]]] = {}
        for row in rows:
            of_hour = told.setdefault(row["hour"], {})
            of_hour.setdefault(row["kind"], {})[row["name"]] = row["n"]
        span = int((_hour(now) - _hour(since)) / HOUR) + 1
        return [_row(_hour(since) + n * HOUR, told) for n in range(span)]


def _row(hour: datetime, told: Mapping[datetime, Mapping[str, Mapping[str, int]]]) -> HourRow:
    of_hour = told.get(hour, {})
    return HourRow(
        hour=hour,
        was_seen="sample" in of_hour,
        states=of_hour.get("state", {}),
        renewals=of_hour.get("renewal", {}),
        left=of_hour.get("left", {}),
    )


def _hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)
