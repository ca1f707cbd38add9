"""SQL of the data keys and the canary. Exactly one data key is active: an index says so."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

Connection = AsyncConnection[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class WrappedKey:
    """A data key as it is stored."""

    id: UUID
    wrapped: bytes
    active: bool


async def data_keys(conn: Connection) -> list[WrappedKey]:
    """Return every data key."""
    found = await conn.execute("SELECT id, wrapped, state FROM data_keys")
    return [
        WrappedKey(id=row["id"], wrapped=bytes(row["wrapped"]), active=row["state"] == "active")
        for row in await found.fetchall()
    ]


async def add_active_key(conn: Connection, *, key_id: UUID, wrapped: bytes, reference: str) -> None:
    """Keep a new active key, unless there is an active one already."""
    await conn.execute(
        "INSERT INTO data_keys (id, wrapped, reference, state) VALUES (%s, %s, %s, 'active')"
        " ON CONFLICT DO NOTHING",
        (key_id, wrapped, reference),
    )


async def replace_active_key(
    conn: Connection, *, key_id: UUID, wrapped: bytes, reference: str
) -> None:
    """Keep a new active key; the one before it only opens from now on."""
    await conn.execute("UPDATE data_keys SET state = 'decrypt_only' WHERE state = 'active'")
    await add_active_key(conn, key_id=key_id, wrapped=wrapped, reference=reference)


async def canary(conn: Connection) -> bytes | None:
    """Return the sealed canary, or None before the first start."""
    row = await (await conn.execute("SELECT sealed FROM vault_canary")).fetchone()
    return bytes(row["sealed"]) if row else None


async def add_canary(conn: Connection, sealed: bytes) -> None:
    """Keep the canary, unless there is one already."""
    await conn.execute(
        "INSERT INTO vault_canary (id, sealed) VALUES (1, %s) ON CONFLICT DO NOTHING", (sealed,)
    )
