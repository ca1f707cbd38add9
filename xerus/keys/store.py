"""SQL of the wrapped keys. Whoever inserts first wins; everybody then reads what stands."""

from datetime import datetime
from typing import Any

import orjson
from psycopg import AsyncConnection

Connection = AsyncConnection[dict[str, Any]]


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
