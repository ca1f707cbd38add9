"""Who uses what, by day: counted from the audit log, so that a tool call pays nothing for it.

The worker reads each chain on from where it stopped. Places and counts change in one transaction,
so that every call is counted once, whatever dies when.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import LiteralString

from psycopg import sql

from xerus.audit.events import Event
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.ids import UserId

UNKNOWN = "(no such tool)"
"""Any text can be asked for as a tool: all of it is one row."""
_BATCH = 2_000
_MOST_ROWS = 50
_COUNT = """
WITH seen AS (
    SELECT p.shard, e.n, e.at, e.event, e.user_id, e.facts
      FROM tool_use_places p CROSS JOIN LATERAL (
           SELECT * FROM audit_events a WHERE a.shard = p.shard AND a.n > p.n
            ORDER BY a.n LIMIT %(batch)s) e),
moved AS (
    UPDATE tool_use_places p SET n = last.n
      FROM (SELECT shard, max(n) AS n FROM seen GROUP BY shard) last WHERE p.shard = last.shard),
counted AS (
    INSERT INTO tool_use AS t (day, user_id, client, tool, client_name, calls, failed, ms)
    SELECT (s.at AT TIME ZONE 'UTC')::date, s.user_id, coalesce(s.facts ->> 'client', ''),
           CASE WHEN s.facts ->> 'tool' = ANY(%(known)s::text[]) THEN s.facts ->> 'tool'
                ELSE %(unknown)s END,
           max(coalesce(s.facts ->> 'client_name', '')), count(*),
           count(*) FILTER (WHERE s.facts ->> 'outcome' IS DISTINCT FROM 'ok'),
           coalesce(sum((s.facts ->> 'latency_ms')::bigint), 0)
      FROM seen s JOIN users u ON u.id = s.user_id
     WHERE s.event = ANY(%(events)s::text[])
     GROUP BY 1, 2, 3, 4
    ON CONFLICT (day, user_id, client, tool) DO UPDATE SET
        client_name = excluded.client_name, calls = t.calls + excluded.calls,
        failed = t.failed + excluded.failed, ms = t.ms + excluded.ms)
SELECT count(*) AS n FROM seen
"""


class By(StrEnum):
    """What calls are added up by."""

    TOOL = "tool"
    PERSON = "person"
    CLIENT = "client"


@dataclass(frozen=True, kw_only=True)
class Only:
    """What is added up: everything from `since` on, or what fits each value that is given."""

    since: date
    tool: str = ""
    person: UserId | None = None
    client: str | None = None


@dataclass(frozen=True, kw_only=True)
class Used:
    """One row: `key` narrows to it, `failed` of the `calls` did not succeed."""

    key: str
    name: str
    calls: int
    failed: int
    mean_ms: int
    last_day: date


@dataclass(frozen=True, kw_only=True)
class Day:
    """The calls of one day (UTC)."""

    day: date
    calls: int
    failed: int


_SHOWN: dict[By, tuple[LiteralString, LiteralString]] = {
    By.TOOL: ("t.tool", "t.tool"),
    By.PERSON: ("t.user_id::text", "max(u.name || ' · ' || u.email)"),
    By.CLIENT: ("t.client", "max(t.client_name)"),
}


class ToolUse:
    """Counts the use of tools, and adds it up."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def count(self, known: Collection[str], *, keep: timedelta) -> int:
        """Count what came since the last time; return how many events are likely to be left.

        Args:
            known: the tools there are.
            keep: days that are older are forgotten.

        Raises:
            Unavailable: the database does not answer.
        """
        async with self._db.transaction(Role.WORKER) as conn:
            # One process at a time: another would wait for the same rows.
            lock = await conn.execute(
                "SELECT pg_try_advisory_xact_lock(hashtext('xerus tool_use')) AS mine"
            )
            row = await lock.fetchone()
            if row is None or not row["mine"]:
                return 0
            found = await conn.execute(
                _COUNT,
                {
                    "batch": _BATCH,
                    "known": sorted(known),
                    "unknown": UNKNOWN,
                    "events": [Event.CALL_FINISHED, Event.CALL_REFUSED],
                },
            )
            row = await found.fetchone()
            await conn.execute(
                "DELETE FROM tool_use WHERE day < %s", ((self._clock.now() - keep).date(),)
            )
        seen = row["n"] if row else 0
        return seen if seen >= _BATCH else 0

    async def by(self, what: By, only: Only) -> Sequence[Used]:
        """Return the 50 that were used most, with the most calls first."""
        key, name = _SHOWN[what]
        query = sql.SQL(
            "SELECT {key} AS key, {name} AS name, sum(t.calls)::bigint AS calls,"
            " sum(t.failed)::bigint AS failed, (sum(t.ms) / sum(t.calls))::bigint AS mean_ms,"
            " max(t.day) AS last_day FROM tool_use t JOIN users u ON u.id = t.user_id"
            " WHERE {where} GROUP BY t.{column} ORDER BY calls DESC, 1 LIMIT {most}"
        ).format(
            key=sql.SQL(key),
            name=sql.SQL(name) if what is not By.TOOL else sql.SQL("t.tool"),
            where=_where(only),
            column=sql.Identifier(
                {By.TOOL: "tool", By.PERSON: "user_id", By.CLIENT: "client"}[what]
            ),
            most=sql.Literal(_MOST_ROWS),
        )
        async with self._db.transaction(Role.WORKER) as conn:
            rows = await (await conn.execute(query)).fetchall()
        return [Used(**row) for row in rows]

    async def days(self, only: Only) -> Sequence[Day]:
        """Return every day from `since` to today, the newest first."""
        query = sql.SQL(
            "SELECT t.day, sum(t.calls)::bigint AS calls, sum(t.failed)::bigint AS failed"
            " FROM tool_use t WHERE {where} GROUP BY t.day"
        ).format(where=_where(only))
        async with self._db.transaction(Role.WORKER) as conn:
            rows = await (await conn.execute(query)).fetchall()
        found = {row["day"]: Day(**row) for row in rows}
        today = self._clock.now().date()
        span = [today - timedelta(days=n) for n in range((today - only.since).days + 1)]
        return [found.get(day, Day(day=day, calls=0, failed=0)) for day in span]


def _where(only: Only) -> sql.Composed:
    parts = [sql.SQL("t.day >= {}").format(sql.Literal(only.since))]
    if only.tool:
        parts.append(sql.SQL("t.tool = {}").format(sql.Literal(only.tool)))
    if only.person is not None:
        parts.append(sql.SQL("t.user_id = {}").format(sql.Literal(only.person)))
    if only.client is not None:
        parts.append(sql.SQL("t.client = {}").format(sql.Literal(only.client)))
    return sql.SQL(" AND ").join(parts)
