"""SQL of the data keys and the canary. Exactly one data key is active: an index says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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


@dataclass(frozen=True, kw_only=True)
class KeyRow:
    """A key as administrators see it.

    Attributes:
        kind: "data" or "signing".
        state: active, decrypt_only, verify_only or waiting.
        since: when it began to be used.
        sealed: of a data key, how many credentials and sign-ins lie under it.
        is_finished: False while a rotation to it goes on.
    """

    kind: str
    name: str
    state: str
    since: datetime
    sealed: int | None = None
    is_finished: bool = True


async def count_sealed(conn: Connection) -> dict[UUID, int]:
    """Return how many credentials and sign-ins lie under each data key (worker role)."""
    # The id of its key stands at the beginning of each sealed value, see `envelope.py`.
    found = await conn.execute(
        "SELECT encode(substring(sealed FROM 2 FOR 16), 'hex') AS key, count(*) AS n FROM ("
        "SELECT access_token AS sealed FROM credentials UNION ALL"
        " SELECT access_token FROM remote_credentials UNION ALL"
        " SELECT refresh_token FROM identities) AS lasting GROUP BY key"
    )
    return {UUID(row["key"]): row["n"] for row in await found.fetchall()}


async def key_rows(conn: Connection, on_each: Mapping[UUID, int]) -> list[KeyRow]:
    """Return every data key, the newest first."""
    found = await conn.execute(
        "SELECT id, state, created_at, finished_at FROM data_keys ORDER BY created_at DESC"
    )
    rows = await found.fetchall()
    return [
        KeyRow(
            kind="data",
            name=str(row["id"]),
            state=row["state"],
            since=row["created_at"],
            sealed=on_each.get(row["id"], 0),
            is_finished=row["finished_at"] is not None
            or len(rows) == 1
            or row["state"] != "active",
        )
        for row in rows
    ]


async def add_active_key(conn: Connection, *, key_id: UUID, wrapped: bytes, reference: str) -> None:
    """Keep a new active key, unless there is an active one already."""
    await conn.execute(
        "INSERT INTO data_keys (id, wrapped, reference, state) VALUES (%s, %s, %s, 'active')"
        " ON CONFLICT DO NOTHING",
        (key_id, wrapped, reference),
    )


async def count_keys(conn: Connection) -> list[dict[str, Any]]:
    """Return for each state how many data keys there are, and when the newest was made."""
    found = await conn.execute(
        "SELECT state, count(*) AS n, max(created_at) AS newest FROM data_keys GROUP BY state"
    )
    return await found.fetchall()


async def rotation_finished(conn: Connection) -> bool:
    """Tell whether nothing is left to seal anew; others wait until the transaction has decided."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtext('xerus data_keys'))")
    unfinished = await conn.execute(
        "SELECT FROM data_keys WHERE state = 'active' AND finished_at IS NULL"
        " AND EXISTS (SELECT FROM data_keys WHERE state <> 'active')"
    )
    return await unfinished.fetchone() is None


async def replace_active_key(
    conn: Connection, *, key_id: UUID, wrapped: bytes, reference: str
) -> None:
    """Keep a new active key; the one before it only opens from now on."""
    await conn.execute(
        "UPDATE data_keys SET state = 'decrypt_only', retired_at = now() WHERE state = 'active'"
    )
    await add_active_key(conn, key_id=key_id, wrapped=wrapped, reference=reference)


async def finish_rotation(conn: Connection, key_id: UUID, canary: bytes) -> None:
    """Note that nothing is left to seal anew with a key; keep the canary that it sealed."""
    await conn.execute(
        "UPDATE data_keys SET finished_at = now() WHERE id = %s AND finished_at IS NULL", (key_id,)
    )
    await conn.execute("UPDATE vault_canary SET sealed = %s", (canary,))


async def retired_keys(conn: Connection, age: timedelta) -> list[UUID]:
    """Return the keys that only opened for at least `age`, by the clock of the database."""
    found = await conn.execute(
        "SELECT id FROM data_keys WHERE state = 'decrypt_only' AND retired_at <= now() - %s",
        (age,),
    )
    return [row["id"] for row in await found.fetchall()]


async def delete_keys(conn: Connection, ids: Sequence[UUID]) -> None:
    """Forget keys for good; the active one stays."""
    await conn.execute(
        "DELETE FROM data_keys WHERE id = ANY(%s) AND state = 'decrypt_only'", (list(ids),)
    )


async def canary(conn: Connection) -> bytes | None:
    """Return the sealed canary, or None before the first start."""
    row = await (await conn.execute("SELECT sealed FROM vault_canary")).fetchone()
    return bytes(row["sealed"]) if row else None


async def add_canary(conn: Connection, sealed: bytes) -> None:
    """Keep the canary, unless there is one already."""
    await conn.execute(
        "INSERT INTO vault_canary (id, sealed) VALUES (1, %s) ON CONFLICT DO NOTHING", (sealed,)
    )
