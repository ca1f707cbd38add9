"""SQL of the wrapped keys. Whoever inserts first wins; everybody then reads what stands."""

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
    """Return every signing key: kid, public (JWK), wrapped, state; the active one first."""
    found = await conn.execute(
        "SELECT kid, public, wrapped, state FROM signing_keys"
        " ORDER BY state = 'active' DESC, created_at DESC"
    )
    return await found.fetchall()


async def add_signing_key(
    conn: Connection, *, kid: str, public: dict[str, Any], wrapped: bytes, reference: str
) -> None:
    """Keep a new active signing key, unless there is an active one already."""
    await conn.execute(
        "INSERT INTO signing_keys (kid, public, wrapped, reference, state)"
        " VALUES (%s, %s, %s, %s, 'active') ON CONFLICT DO NOTHING",
        (kid, orjson.dumps(public).decode(), wrapped, reference),
    )
