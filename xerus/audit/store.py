"""SQL of the audit log. A chain is locked from `tail` to the end of the transaction."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from psycopg import AsyncConnection, sql

from xerus.audit.chain import GENESIS, Entry, link
from xerus.ids import UserId

Connection = AsyncConnection[dict[str, Any]]

_BATCH = 2_000
_INSERT = sql.SQL(
    "INSERT INTO audit_events (shard, n, at, event, user_id, facts, mac)"
    " SELECT shard, n, at, event, user_id, facts, decode(mac, 'hex')"
    " FROM json_to_recordset({}::json) AS given(shard smallint, n bigint, at timestamptz,"
    " event text, user_id uuid, facts jsonb, mac text)"
)
_INSERT_GIVEN = _INSERT.format(sql.Placeholder())


@dataclass(frozen=True, kw_only=True)
class Head:
    """The end of a chain."""

    shard: int
    n: int
    mac: bytes


@dataclass(frozen=True, kw_only=True)
class Link:
    """An entry in its place."""

    shard: int
    n: int
    mac: bytes
    entry: Entry

    @property
    def head(self) -> Head:
        """The end of its chain, while nothing follows."""
        return Head(shard=self.shard, n=self.n, mac=self.mac)


def chained(key: bytes, head: Head, entries: Iterable[Entry]) -> list[Link]:
    """Return entries in their places after the end of a chain."""
    links = []
    for entry in entries:
        n = head.n + 1
        mac = link(key, head.mac, entry, shard=head.shard, n=n)
        links.append(Link(shard=head.shard, n=n, mac=mac, entry=entry))
        head = links[-1].head
    return links


async def tail(conn: Connection, shard: int) -> Head:
    """Lock the chain until the transaction ends, and return its end."""
    found = await conn.execute("SELECT n, mac FROM audit_tail(%s::smallint)", (shard,))
    row = await found.fetchone()
    if row is None or row["n"] is None:
        return Head(shard=shard, n=0, mac=GENESIS)
    return Head(shard=shard, n=row["n"], mac=bytes(row["mac"]))


async def append(conn: Connection, links: Sequence[Link]) -> None:
    """Write links whose chain this transaction has locked; one statement for all."""
    await conn.execute(_INSERT_GIVEN, (_rows(links),))


def appending(links: Sequence[Link]) -> sql.Composed:
    """Return SQL that locks the chain and writes links to it.

    It fails with `UniqueViolation`, and writes nothing, unless they follow the end of the chain.
    """
    lock = sql.SQL("SELECT FROM audit_tail({}::smallint)").format(links[0].shard)
    return sql.SQL("{}; {}").format(lock, _INSERT.format(_rows(links)))


async def holds(conn: Connection, last: Link) -> bool:
    """Tell whether exactly this link is in the log."""
    found = await conn.execute(
        "SELECT FROM audit_events WHERE shard = %s AND n = %s AND mac = %s",
        (last.shard, last.n, last.mac),
    )
    return await found.fetchone() is not None


def _rows(links: Sequence[Link]) -> str:
    """Return links as JSON.

    Arrays would be built element by element in Python, and row-level security forbids COPY.
    """
    rows = [
        {
            "shard": one.shard,
            "n": one.n,
            "at": one.entry.at,
            "event": one.entry.event,
            "user_id": one.entry.user_id,
            "facts": one.entry.facts,
            "mac": one.mac.hex(),
        }
        for one in links
    ]
    return orjson.dumps(rows).decode()


async def heads(conn: Connection) -> list[Head]:
    """Return the end of each chain that has one, as committed."""
    found = await conn.execute(
        "SELECT chain AS shard, last.n, last.mac FROM generate_series(0, 15) AS chain,"
        " LATERAL (SELECT n, mac FROM audit_events WHERE shard = chain"
        "          ORDER BY n DESC LIMIT 1) AS last"
    )
    return [_head(row) for row in await found.fetchall()]


async def events(conn: Connection) -> AsyncIterator[Link]:
    """Yield every event, chain by chain and in order of its number."""
    async with conn.cursor(name="audit_events") as cursor:
        cursor.itersize = _BATCH
        await cursor.execute("SELECT * FROM audit_events ORDER BY shard, n")
        async for row in cursor:
            yield _link(row)


async def recent(
    conn: Connection,
    user_id: UserId,
    *,
    limit: int,
    since: datetime | None,
    before: datetime | None,
    events: Sequence[str] | None,
    facts: Mapping[str, str],
) -> list[Link]:
    """Return a person's newest events, the newest first; of `events`, and with `facts`, only."""
    found = await conn.execute(
        "SELECT * FROM audit_events WHERE user_id = %s AND at < coalesce(%s::timestamptz, 'infinity')"
        " AND at >= coalesce(%s::timestamptz, '-infinity')"
        " AND (%s::text[] IS NULL OR event = ANY(%s::text[])) AND facts @> %s::jsonb"
        " ORDER BY at DESC, shard, n DESC LIMIT %s",
        (user_id, before, since, events, events, orjson.dumps(facts).decode(), limit),
    )
    return [_link(row) for row in await found.fetchall()]


async def removable(conn: Connection, before: datetime) -> list[Head]:
    """Return the last event of each chain's beginning that is older than `before`.

    At most 2,000 events of a chain, and never its newest: it is what the next one follows.
    """
    found = await conn.execute(
        "SELECT e.shard, e.n, e.mac FROM generate_series(0, 15) AS chain CROSS JOIN LATERAL"
        " (SELECT min(n) AS oldest, max(n) AS newest FROM audit_events WHERE shard = chain) AS ends"
        " LEFT JOIN LATERAL (SELECT n FROM audit_events WHERE shard = chain AND at >= %s"
        "                    ORDER BY n LIMIT 1) AS young ON true"
        " JOIN audit_events e ON e.shard = chain"
        "  AND e.n = least(coalesce(young.n, newest) - 1, newest - 1, oldest + %s - 1)",
        (before, _BATCH),
    )
    return [_head(row) for row in await found.fetchall()]


async def beginning(conn: Connection, last: Head) -> list[Link]:
    """Return a chain's events up to `last`, in order."""
    found = await conn.execute(
        "SELECT * FROM audit_events WHERE shard = %s AND n <= %s ORDER BY n", (last.shard, last.n)
    )
    return [_link(row) for row in await found.fetchall()]


async def remove(conn: Connection, last: Head) -> int:
    """Remove a chain's events up to `last`; return how many there were."""
    found = await conn.execute("SELECT audit_remove(%s::smallint, %s) AS n", (last.shard, last.n))
    row = await found.fetchone()
    assert row is not None
    return int(row["n"])


async def forget(conn: Connection, checkpoint_ids: Sequence[int]) -> None:
    """Remove checkpoints that a base covers."""
    await conn.execute("SELECT audit_forget(%s::bigint[])", (list(checkpoint_ids),))


async def last_checkpoint(conn: Connection) -> tuple[datetime, int] | None:
    """Return the instant and the number of events of the newest checkpoint."""
    found = await conn.execute(
        "SELECT at, events FROM audit_checkpoints WHERE NOT base ORDER BY id DESC LIMIT 1"
    )
    row = await found.fetchone()
    return (row["at"], row["events"]) if row else None


async def last_verification(conn: Connection) -> tuple[datetime, bool] | None:
    """Return when the log was last verified, and whether it was sound."""
    found = await conn.execute(
        "SELECT at, facts ->> 'outcome' = 'sound' AS sound FROM audit_events"
        " WHERE event = 'audit:log:verified' ORDER BY at DESC LIMIT 1"
    )
    row = await found.fetchone()
    return (row["at"], bool(row["sound"])) if row else None


async def lock_checkpoints(conn: Connection) -> bool:
    """Be the one process that writes a checkpoint now; False where another is."""
    found = await conn.execute("SELECT pg_try_advisory_xact_lock(1635084660, -1) AS mine")
    row = await found.fetchone()
    return row is not None and bool(row["mine"])


async def add_checkpoint(
    conn: Connection, *, at: datetime, events: int, heads: bytes, signature: bytes, base: bool
) -> None:
    """Keep a signed checkpoint; `heads` is its JSON."""
    await conn.execute(
        "INSERT INTO audit_checkpoints (at, events, heads, signature, base)"
        " VALUES (%s, %s, %s, %s, %s)",
        (at, events, heads.decode(), signature, base),
    )


async def checkpoints(conn: Connection) -> list[dict[str, Any]]:
    """Return every checkpoint: id, at, heads, signature, base; the oldest first."""
    found = await conn.execute(
        "SELECT id, at, heads, signature, base FROM audit_checkpoints ORDER BY id"
    )
    return await found.fetchall()


def _head(row: dict[str, Any]) -> Head:
    return Head(shard=row["shard"], n=row["n"], mac=bytes(row["mac"]))


def _link(row: dict[str, Any]) -> Link:
    user_id = UserId(str(row["user_id"])) if row["user_id"] else None
    entry = Entry(at=row["at"], event=row["event"], user_id=user_id, facts=row["facts"])
    return Link(shard=row["shard"], n=row["n"], mac=bytes(row["mac"]), entry=entry)
