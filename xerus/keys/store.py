"""SQL of the wrapped keys. Whoever inserts first wins; everybody then reads what stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson
from psycopg import AsyncConnection, sql

Connection = AsyncConnection[dict[str, Any]]

Table = Literal["purpose_keys", "signing_keys", "data_keys"]
"""Where wrapped keys are."""
_IDS: dict[Table, str] = {"purpose_keys": "purpose", "signing_keys": "kid", "data_keys": "id"}


@dataclass(frozen=True, kw_only=True)
class Wrapped:
    """A wrapped key, its id as text, and the name of the key that wrapped it."""

    id: str
    wrapped: bytes
    reference: str


async def wrapped_keys(conn: Connection, table: Table) -> list[Wrapped]:
    """Return every key of a table."""
    query = sql.SQL("SELECT {id}::text AS id, wrapped, reference FROM {table}").format(
        id=sql.Identifier(_IDS[table]), table=sql.Identifier(table)
    )
    rows = await (await conn.execute(query)).fetchall()
    return [
        Wrapped(id=row["id"], wrapped=bytes(row["wrapped"]), reference=row["reference"])
        for row in rows
    ]


async def replace_wrapped(
    conn: Connection, table: Table, before: Wrapped, *, wrapped: bytes, reference: str
) -> int:
    """Keep a key as it was wrapped anew, unless it changed or is gone; return how many were kept."""
    query = sql.SQL(
        "UPDATE {table} SET wrapped = %s, reference = %s WHERE {id}::text = %s AND wrapped = %s"
    ).format(id=sql.Identifier(_IDS[table]), table=sql.Identifier(table))
    done = await conn.execute(query, (wrapped, reference, before.id, before.wrapped))
    return done.rowcount


async def references(conn: Connection) -> dict[str, int]:
    """Return how many keys there are by the name of the key that wrapped them."""
    found = await conn.execute(
        "SELECT reference, count(*) AS n FROM (SELECT reference FROM purpose_keys"
        " UNION ALL SELECT reference FROM signing_keys UNION ALL SELECT reference FROM data_keys)"
        " AS every GROUP BY reference"
    )
    return {row["reference"]: row["n"] for row in await found.fetchall()}


async def purpose_key(conn: Connection, purpose: str) -> bytes | None:
    """Return the wrapped key of `purpose`, or None."""
    found = await conn.execute("SELECT wrapped FROM purpose_keys WHERE purpose = %s", (purpose,))
    row = await found.fetchone()
    return bytes(row["wrapped"]) if row else None


async def add_purpose_key(
    conn: Connection, *, purpose: str, wrapped: bytes, reference: str
) -> None:
    """Keep a wrapped key, unless the purpose has one already."""
    await conn.execute(
        "INSERT INTO purpose_keys (purpose, wrapped, reference) VALUES (%s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (purpose, wrapped, reference),
    )


async def signing_keys(conn: Connection) -> list[dict[str, Any]]:
    """Return every signing key: kid, public (JWK), wrapped, signs_from; the earliest first."""
    found = await conn.execute(
        "SELECT kid, public, wrapped, signs_from FROM signing_keys ORDER BY signs_from, kid"
    )
    return await found.fetchall()


async def count_signing_keys(conn: Connection, now: datetime) -> list[dict[str, Any]]:
    """Return for each of active, waiting and verify_only how many keys, and the newest's start."""
    found = await conn.execute(
        "SELECT CASE WHEN signs_from > %(now)s THEN 'waiting'"
        " WHEN signs_from = (SELECT max(signs_from) FROM signing_keys WHERE signs_from <= %(now)s)"
        " THEN 'active' ELSE 'verify_only' END AS state, count(*) AS n, max(signs_from) AS newest"
        " FROM signing_keys GROUP BY 1",
        {"now": now},
    )
    return await found.fetchall()


async def lock_signing_keys(conn: Connection) -> None:
    """Let one transaction at a time decide about new signing keys."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtext('xerus signing_keys'))")


async def add_signing_key(
    conn: Connection,
    *,
    kid: str,
    public: dict[str, Any],
    wrapped: bytes,
    reference: str,
    signs_from: datetime,
) -> None:
    """Keep a new signing key."""
    # The first is `active`: a process of an older version knows no schedule and signs with it.
    await conn.execute(
        "INSERT INTO signing_keys (kid, public, wrapped, reference, signs_from, state) VALUES"
        " (%s, %s, %s, %s, %s, CASE WHEN EXISTS (SELECT FROM signing_keys WHERE state = 'active')"
        " THEN 'verify_only' ELSE 'active' END)",
        (kid, orjson.dumps(public).decode(), wrapped, reference, signs_from),
    )


async def delete_signing_keys(conn: Connection, kids: list[str]) -> None:
    """Forget keys whose tokens have all run out."""
    await conn.execute("DELETE FROM signing_keys WHERE kid = ANY(%s)", (kids,))
