"""Everybody's events for administrators: filtered, in order of time, a portion at a time.

The newest first, or the oldest. Each query follows one index that holds the order of time already
(the sources below), and reads a bounded number of rows of it: where the rest of the filter fits
few of them, a portion comes back short and tells how far it looked, so that no search reads the
whole log at once. It runs in a transaction that can only read.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, LiteralString

from psycopg import sql
from psycopg.errors import QueryCanceled

from xerus.audit.events import Event, Fact
from xerus.db.database import Connection, Database
from xerus.db.roles import Role
from xerus.errors import XerusError
from xerus.ids import UserId

SUCCEEDED, FAILED = "succeeded", "failed"
"""Outcomes that can be asked for beside one by its own name."""

COMMON = (Event.CALL_STARTED, Event.CALL_FINISHED, Event.TOKEN_REFRESHED)
"""What the log is full of: found by reading along; the other events have an index."""

_ABOUT_PEOPLE = tuple(event for event in Event if event.startswith("account:person:"))
_LOOKED_THROUGH = 20_000
_EXPORTED_AT_ONCE = 1_000
_SECONDS = 8
_LONGEST = 300

# As the index `audit_events_failed` has it, to the letter.
FAILING: LiteralString = (
    "(event LIKE '%refused' OR event LIKE '%failed' OR event LIKE '%replayed'"
    " OR event LIKE '%expired'"
    " OR coalesce(facts ->> 'outcome', 'ok') NOT IN ('ok', 'sound', 'started'))"
)
# In order of an index or not at all: the planner would gather and sort all that a client ever did.
_ONLY_READING = (
    "SELECT set_config('transaction_read_only', 'on', true),"
    " set_config('statement_timeout', %s, true), set_config('enable_bitmapscan', 'off', true),"
    " set_config('enable_seqscan', 'off', true)"
)
_REFERENCES = ("correlation_id", "trace_id", "target")


class SearchTooLong(XerusError):
    """The database took longer than a search may."""

    code = "search_too_long"
    status = 503


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which events; whatever is left out fits everything.

    Attributes:
        people: of these people, or about the removal of one of them; nobody if empty.
        outcome: SUCCEEDED, FAILED, or one by its name.
        reference: a correlation id, a trace id, or what a call was about, to the letter.
        since, until: the instants between which they were written, the last one excluded.
    """

    people: Sequence[UserId] | None = None
    events: Collection[Event] | None = None
    tool: str = ""
    client: str = ""
    outcome: str = ""
    reference: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an event stands in the order of time."""

    at: datetime
    shard: int
    n: int


@dataclass(frozen=True, kw_only=True)
class Found:
    """An event with its place and its keyed hash (hexadecimal digits)."""

    shard: int
    n: int
    at: datetime
    event: str
    user_id: UserId | None
    facts: dict[str, Fact]
    mac: str

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(at=self.at, shard=self.shard, n=self.n)


@dataclass(frozen=True, kw_only=True)
class Portion:
    """Some of what was wanted, in order.

    Attributes:
        after: where the next portion begins; None where there is no more.
        looked_to: how far was looked, where that was the reason to stop.
    """

    rows: Sequence[Found]
    after: Place | None
    looked_to: datetime | None = None


class AuditSearch:
    """Reads everybody's events; who may do that is for the caller to check."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    async def portion(
        self, wanted: Wanted, *, after: Place | None = None, limit: int, newest_first: bool = True
    ) -> Portion:
        """Return up to `limit` events that come after a place.

        Raises:
            SearchTooLong: the database took more than 8 s.
            Unavailable: the database does not answer.
        """
        query = _Query(_clean(wanted), after=after, newest_first=newest_first, limit=limit)
        try:
            async with self._db.transaction(Role.WORKER) as conn:
                # The role can do more than this needs: here it cannot.
                await conn.execute(_ONLY_READING, (f"{_SECONDS}s",))
                return await query.run(conn)
        except QueryCanceled as error:
            raise SearchTooLong(
                "This search takes too long.",
                hint="Narrow it: a shorter time, a person, or a reference.",
                debug=str(error),
            ) from error

    async def everything(
        self, wanted: Wanted, *, until: datetime
    ) -> AsyncIterator[Sequence[Found]]:
        """Yield all events written before `until`, the oldest first, 1,000 or fewer at a time."""
        last = until if wanted.until is None else min(until, wanted.until)
        bounded = replace(wanted, until=last)
        after: Place | None = None
        while True:
            portion = await self.portion(
                bounded, after=after, limit=_EXPORTED_AT_ONCE, newest_first=False
            )
            if portion.rows:
                yield portion.rows
            after = portion.after
            if after is None:
                return


class _Query:
    """One portion as SQL."""

    def __init__(
        self, wanted: Wanted, *, after: Place | None, newest_first: bool, limit: int
    ) -> None:
        self._limit = limit
        self._newest_first = newest_first
        sources, rest = _taken_apart(wanted)
        within = sql.SQL(" AND ").join(_within(wanted, after, newest_first=newest_first))
        self._way = sql.SQL("DESC" if newest_first else "ASC")
        self._order = self._ordered()
        self._sources = [
            sql.SQL("{} AND {} {}").format(one.condition, within, self._ordered(one.along))
            for one in sources
        ]
        self._rest = sql.SQL(" AND ").join(rest) if rest else None

    async def run(self, conn: Connection) -> Portion:
        """Return the portion."""
        found = await conn.execute(self._statement())
        rows = [_found(row) for row in await found.fetchall()]
        if len(rows) > self._limit:
            rows = rows[: self._limit]
            return Portion(rows=rows, after=rows[-1].place)
        cut = await self._cut(conn) if self._rest is not None else None
        if cut is None:
            return Portion(rows=rows, after=None)
        kept = [row for row in rows if not self._is_beyond(row.place, cut)]
        return Portion(rows=kept, after=cut, looked_to=cut.at)

    def _ordered(self, along: sql.Composable | None = None) -> sql.Composed:
        columns = [*([along] if along else []), *map(sql.Identifier, ("at", "shard", "n"))]
        parts = [sql.SQL("{} {}").format(column, self._way) for column in columns]
        return sql.SQL("ORDER BY {}").format(sql.SQL(", ").join(parts))

    def _statement(self) -> sql.Composed:
        # Without anything left to ask, what the index gives is what is shown.
        bound = sql.Literal(self._limit + 1 if self._rest is None else _LOOKED_THROUGH)
        one = sql.SQL("(SELECT * FROM audit_events WHERE {} LIMIT {})")
        parts = [one.format(source, bound) for source in self._sources]
        return sql.SQL("SELECT * FROM ({}) AS looked_at WHERE {} {} LIMIT {}").format(
            sql.SQL(" UNION ALL ").join(parts),
            self._rest or sql.SQL("true"),
            self._order,
            sql.Literal(self._limit + 1),
        )

    async def _cut(self, conn: Connection) -> Place | None:
        """Return how far every source was read, None where all were read to their end."""
        ends = []
        for source in self._sources:
            found = await conn.execute(
                sql.SQL("SELECT at, shard, n FROM audit_events WHERE {} OFFSET {} LIMIT 1").format(
                    source, sql.Literal(_LOOKED_THROUGH - 1)
                )
            )
            row = await found.fetchone()
            if row is not None:
                ends.append(Place(**row))
        if not ends:
            return None
        return max(ends, key=_key) if self._newest_first else min(ends, key=_key)

    def _is_beyond(self, place: Place, cut: Place) -> bool:
        return _key(place) < _key(cut) if self._newest_first else _key(place) > _key(cut)


def _key(place: Place) -> tuple[datetime, int, int]:
    return place.at, place.shard, place.n


@dataclass(frozen=True, kw_only=True)
class _Source:
    """One index in order of time.

    Behind row-level security the planner does not see that a fact which equals something is the
    same in all rows: `along` says it, as the first thing to order by.
    """

    condition: sql.Composable
    along: sql.Composable | None = None


# True of every event; only who says it gets the index of all in order of time, which the planner
# would otherwise read to its end for what an index of its own has at once: row-level security
# hides from it how often a fact has a value.
_ANY = _Source(condition=sql.SQL("n > 0"))
_NONE = _Source(condition=sql.SQL("false"))
_FAILING = _Source(condition=sql.SQL(FAILING))


def _taken_apart(wanted: Wanted) -> tuple[Sequence[_Source], list[sql.Composable]]:
    """Return the sources, and what is left to ask of their rows.

    The source is the part of the filter that fits fewest events.
    """
    asked = {
        "reference": _references(wanted.reference),
        "people": None if wanted.people is None else _people(wanted.people),
        "failed": [_FAILING] if wanted.outcome not in {"", SUCCEEDED, "ok"} else None,
        "events": _events(wanted.events),
        "client": [_with("client", wanted.client)] if wanted.client else None,
        "tool": [_with("tool", wanted.tool)] if wanted.tool else None,
    }
    chosen = next((name for name, parts in asked.items() if parts is not None), "")
    rest: list[sql.Composable] = [
        _any(part.condition for part in parts)
        for name, parts in asked.items()
        if parts is not None and name != chosen
    ]
    if wanted.events is not None and asked["events"] is None:
        rest.append(sql.SQL("event IN ({})").format(_listed(sorted(wanted.events))))
    if wanted.outcome in {SUCCEEDED, "ok"}:
        rest.append(sql.SQL("NOT {}").format(_FAILING.condition))
    elif wanted.outcome and wanted.outcome != FAILED:
        rest.append(_fact("outcome", wanted.outcome))
    sources = asked.get(chosen)
    return ([_ANY] if sources is None else sources or [_NONE]), rest


def _any(conditions: Iterable[sql.Composable]) -> sql.Composed:
    return sql.SQL("({})").format(sql.SQL(" OR ").join([*conditions] or [sql.SQL("false")]))


def _references(reference: str) -> list[_Source] | None:
    return [_with(name, reference) for name in _REFERENCES] if reference else None


def _people(people: Sequence[UserId]) -> list[_Source]:
    """Return what these people did, and what administrators did to them."""
    did = [sql.SQL("user_id = {}").format(sql.Literal(user_id)) for user_id in people]
    about = sql.SQL("event = {} AND facts ->> 'person' = ANY({})")
    done_to = [
        about.format(sql.Literal(str(event)), sql.Literal([str(one) for one in people]))
        for event in _ABOUT_PEOPLE
    ]
    return [_Source(condition=one) for one in (*did, *done_to)] if people else []


def _events(events: Collection[Event] | None) -> list[_Source] | None:
    """Return a source for each event, None where one of them is too common to have an index."""
    if events is None or not set(events).isdisjoint(COMMON):
        return None
    has_index = sql.SQL("event NOT IN ({})").format(_listed(COMMON))
    return [
        _Source(condition=sql.SQL("event = {} AND {}").format(sql.Literal(str(event)), has_index))
        for event in sorted(events)
    ]


def _listed(events: Collection[Event]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Literal(str(event)) for event in events)


def _with(name: LiteralString, value: str) -> _Source:
    return _Source(
        condition=_fact(name, value), along=sql.SQL("(facts ->> {})").format(sql.Literal(name))
    )


def _fact(name: LiteralString, value: str) -> sql.Composed:
    return sql.SQL("facts ->> {} = {}").format(sql.Literal(name), sql.Literal(value))


def _within(wanted: Wanted, after: Place | None, *, newest_first: bool) -> list[sql.Composable]:
    parts: list[sql.Composable] = [sql.SQL("true")]
    if wanted.since is not None:
        parts.append(sql.SQL("at >= {}").format(sql.Literal(wanted.since)))
    if wanted.until is not None:
        parts.append(sql.SQL("at < {}").format(sql.Literal(wanted.until)))
    if after is not None:
        # `at` alone first: it is what the indexes have.
        beyond = (
            sql.SQL("at <= {at} AND (at, shard, n) < ({at}, {shard}, {n})")
            if newest_first
            else sql.SQL("at >= {at} AND (at, shard, n) > ({at}, {shard}, {n})")
        )
        parts.append(
            beyond.format(
                at=sql.Literal(after.at), shard=sql.Literal(after.shard), n=sql.Literal(after.n)
            )
        )
    return parts


def _clean(wanted: Wanted) -> Wanted:
    """PostgreSQL's text holds no U+0000, and no fact is longer than 300 characters."""

    def text(value: str) -> str:
        return value.replace("\x00", "")[:_LONGEST]

    return replace(
        wanted,
        tool=text(wanted.tool),
        client=text(wanted.client),
        outcome=text(wanted.outcome),
        reference=text(wanted.reference),
    )


def _found(row: dict[str, Any]) -> Found:
    return Found(
        shard=row["shard"],
        n=row["n"],
        at=row["at"],
        event=row["event"],
        user_id=UserId(str(row["user_id"])) if row["user_id"] else None,
        facts=row["facts"],
        mac=bytes(row["mac"]).hex(),
    )
