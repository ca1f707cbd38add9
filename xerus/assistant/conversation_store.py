"""Rows of whole conversations: listed, renamed, branched, deleted; turns and approvals go with them.

Promises: a page of the list begins where the one before it ended, whatever was added or removed
meanwhile; `delete` and the loop of `retention` leave no row of a conversation behind (the turns and
approvals are deleted by their foreign keys).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from xerus.db.database import Connection
from xerus.ids import UserId

_ROW = """
SELECT id::text, title, created_at, updated_at, origin_id::text, origin_turn, model,
       coalesce(run_until > now(), false) AS running,
       EXISTS (SELECT FROM approvals a WHERE a.user_id = c.user_id AND a.conversation_id = c.id
               AND a.decided_at IS NULL AND a.expires_at > %(now)s) AS waiting
  FROM conversations c WHERE user_id = %(user)s
"""
_NEWEST = " ORDER BY updated_at DESC, id DESC LIMIT %(limit)s"


async def page(
    conn: Connection,
    *,
    user_id: UserId,
    now: datetime,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return rows, the last used first, after the place `before` (instant of use, id)."""
    given: dict[str, Any] = {"user": user_id, "now": now, "limit": limit}
    query = _ROW
    if before is not None:
        query += " AND (updated_at, id) < (%(at)s, %(id)s::uuid)"
        given |= {"at": before[0], "id": before[1]}
    return await (await conn.execute(query + _NEWEST, given)).fetchall()


async def count(conn: Connection, *, user_id: UserId) -> int:
    """Return how many conversations a person has."""
    cursor = await conn.execute(
        "SELECT count(*) AS n FROM conversations WHERE user_id = %s", (user_id,)
    )
    found = await cursor.fetchone()
    assert found is not None
    return int(found["n"])


async def row(
    conn: Connection, *, user_id: UserId, conversation_id: str, now: datetime
) -> dict[str, Any] | None:
    """Return one conversation's row."""
    cursor = await conn.execute(
        _ROW + " AND id = %(id)s", {"user": user_id, "now": now, "id": conversation_id}
    )
    return await cursor.fetchone()


async def branches(
    conn: Connection, *, user_id: UserId, conversation_id: str
) -> list[dict[str, Any]]:
    """Return id, sealed title and turn of what was branched from a conversation, oldest first."""
    cursor = await conn.execute(
        "SELECT id::text, title, origin_turn FROM conversations"
        " WHERE user_id = %s AND origin_id = %s ORDER BY created_at, id",
        (user_id, conversation_id),
    )
    return await cursor.fetchall()


async def add_branch(
    conn: Connection,
    *,
    user_id: UserId,
    conversation_id: str,
    title: bytes,
    origin_id: str,
    origin_turn: int,
    now: datetime,
) -> None:
    """Insert a conversation that was branched from another one at a turn of that, with its model."""
    await conn.execute(
        "INSERT INTO conversations (user_id, id, title, created_at, updated_at, origin_id,"
        " origin_turn, model) SELECT user_id, %s, %s, %s, %s, id, %s, model"
        " FROM conversations WHERE user_id = %s AND id = %s",
        (conversation_id, title, now, now, origin_turn, user_id, origin_id),
    )


async def rename(conn: Connection, *, user_id: UserId, conversation_id: str, title: bytes) -> bool:
    """Replace the sealed title; False where there is no such conversation.

    Its place in the list stays: a new name is no use of it.
    """
    cursor = await conn.execute(
        "UPDATE conversations SET title = %s WHERE user_id = %s AND id = %s",
        (title, user_id, conversation_id),
    )
    return cursor.rowcount == 1


async def lock(conn: Connection, *, user_id: UserId, ids: Sequence[str]) -> list[str]:
    """Hold conversations until the transaction ends; return the runs that answer in them.

    Nothing in them is begun or decided meanwhile.
    """
    cursor = await conn.execute(
        "SELECT run_id::text FROM conversations WHERE user_id = %s AND id = ANY(%s::uuid[])"
        " ORDER BY id FOR UPDATE",
        (user_id, list(ids)),
    )
    return [row["run_id"] for row in await cursor.fetchall() if row["run_id"]]


async def undecided(
    conn: Connection, *, user_id: UserId, ids: Sequence[str]
) -> list[dict[str, Any]]:
    """Return id, conversation and tool of the approvals that nobody decided; calls stay sealed."""
    cursor = await conn.execute(
        "SELECT id::text, conversation_id::text, tool FROM approvals"
        " WHERE user_id = %s AND conversation_id = ANY(%s::uuid[]) AND decided_at IS NULL"
        " ORDER BY asked_at, id",
        (user_id, list(ids)),
    )
    return await cursor.fetchall()


async def delete(conn: Connection, *, user_id: UserId, ids: Sequence[str]) -> int:
    """Delete conversations with everything under them; return how many there were."""
    cursor = await conn.execute(
        "DELETE FROM conversations WHERE user_id = %s AND id = ANY(%s::uuid[])",
        (user_id, list(ids)),
    )
    return cursor.rowcount


async def forget(conn: Connection, *, before: datetime, limit: int) -> list[UserId]:
    """Delete conversations last used before an instant; return whose they were, one entry each.

    In a transaction of the gate's. One that is used at this moment stays: its row says so by the
    time its lock is got.
    """
    cursor = await conn.execute(
        "DELETE FROM conversations WHERE (user_id, id) IN"
        " (SELECT user_id, id FROM conversations WHERE updated_at < %(before)s"
        " ORDER BY updated_at LIMIT %(limit)s) AND updated_at < %(before)s"
        " RETURNING user_id::text",
        {"before": before, "limit": limit},
    )
    return [UserId(found["user_id"]) for found in await cursor.fetchall()]
