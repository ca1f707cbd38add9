"""Rows of calls that wait; all as one user under row-level security.

Promises: a wait is decided once (`decide` tells the one caller who did it), and what was decided
is never edited (`edit` changes only what still waits).
"""

from datetime import datetime
from typing import Any

from xerus.db.database import Connection
from xerus.ids import UserId


async def add(
    conn: Connection,
    *,
    user_id: UserId,
    approval_id: str,
    conversation_id: str,
    turn: int,
    call_id: str,
    tool: str,
    kind: str,
    call: bytes,
    more: bytes | None,
    asked_at: datetime,
    expires_at: datetime,
) -> None:
    """Insert a call that waits."""
    await conn.execute(
        "INSERT INTO approvals (user_id, id, conversation_id, turn, call_id, tool, kind, call, more,"
        " asked_at, expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *(user_id, approval_id, conversation_id, turn, call_id, tool, kind, call, more),
            *(asked_at, expires_at),
        ),
    )


async def of(conn: Connection, *, user_id: UserId, conversation_id: str) -> list[dict[str, Any]]:
    """Return every wait of a conversation, oldest first."""
    cursor = await conn.execute(
        "SELECT id::text, turn, call_id, tool, kind, call, more, asked_at, expires_at, decision,"
        " decided_at FROM approvals WHERE user_id = %s AND conversation_id = %s ORDER BY asked_at",
        (user_id, conversation_id),
    )
    return await cursor.fetchall()


async def waiting_in(conn: Connection, *, user_id: UserId, kind: str) -> list[str]:
    """Return the conversations of a person in which a call of this kind waits, in order of id."""
    cursor = await conn.execute(
        "SELECT DISTINCT conversation_id::text AS id FROM approvals"
        " WHERE user_id = %s AND kind = %s AND decided_at IS NULL ORDER BY id",
        (user_id, kind),
    )
    return [row["id"] for row in await cursor.fetchall()]


async def decide(
    conn: Connection,
    *,
    user_id: UserId,
    approval_id: str,
    decision: str,
    more: bytes | None,
    now: datetime,
) -> bool:
    """Decide once; False if it was decided before. `more` None: leave what is there."""
    cursor = await conn.execute(
        "UPDATE approvals SET decision = %s, decided_at = %s, more = coalesce(%s, more)"
        " WHERE user_id = %s AND id = %s AND decided_at IS NULL",
        (decision, now, more, user_id, approval_id),
    )
    return cursor.rowcount == 1


async def edit(
    conn: Connection, *, user_id: UserId, approval_id: str, call: bytes, more: bytes
) -> bool:
    """Put another call in the place of one that waits; False if it waits no more."""
    cursor = await conn.execute(
        "UPDATE approvals SET call = %s, more = %s"
        " WHERE user_id = %s AND id = %s AND decided_at IS NULL",
        (call, more, user_id, approval_id),
    )
    return cursor.rowcount == 1
