"""Rows of `users` as administrators see and change them, in the caller's transaction."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from xerus.db.database import Connection
from xerus.ids import UserId

Row = dict[str, Any]

_FOUND = """
SELECT u.*, s.last_seen_at, s.sessions, count(*) OVER () AS total FROM users u
LEFT JOIN LATERAL (
    SELECT max(last_seen_at) AS last_seen_at, count(*) FILTER (WHERE ended_at IS NULL
        AND expires_at > %(now)s AND created_at >= u.void_before AND u.disabled_at IS NULL) AS sessions
    FROM sessions WHERE user_id = u.id) s ON true
WHERE strpos(lower(u.name || ' ' || u.email), lower(%(words)s)) > 0
    AND (u.disabled_at IS NOT NULL OR NOT %(only_disabled)s)
    AND (%(id)s::uuid IS NULL OR u.id = %(id)s)
ORDER BY s.last_seen_at DESC NULLS LAST, u.id OFFSET %(skipped)s LIMIT %(most)s
"""


async def found(
    conn: Connection,
    *,
    now: datetime,
    most: int,
    words: str = "",
    only_disabled: bool = False,
    skipped: int = 0,
    user_id: UserId | None = None,
) -> list[Row]:
    """Return whose name or e-mail has `words`, the last seen first, with their sessions.

    Each row carries how many people fit in all.
    """
    cursor = await conn.execute(
        _FOUND,
        {
            "now": now,
            "words": words,
            "only_disabled": only_disabled,
            "id": user_id,
            "skipped": skipped,
            "most": most,
        },
    )
    return await cursor.fetchall()


async def people_of(conn: Connection, user_ids: Collection[UserId]) -> list[Row]:
    """Return the rows of these people, of those that there are."""
    cursor = await conn.execute("SELECT * FROM users WHERE id = ANY(%s)", (list(user_ids),))
    return await cursor.fetchall()


async def serialize_administrators(conn: Connection) -> None:
    """Let changes of who administers run one after the other, until the commit."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('xerus administrators', 0))")


async def disable(conn: Connection, user_id: UserId, now: datetime) -> bool:
    """Keep a person out, and void what was made for them; False where that is so already."""
    cursor = await conn.execute(
        "UPDATE users SET disabled_at = %(now)s, void_before = greatest(void_before, %(now)s)"
        " WHERE id = %(id)s AND disabled_at IS NULL",
        {"now": now, "id": user_id},
    )
    return cursor.rowcount == 1


async def enable(conn: Connection, user_id: UserId, now: datetime) -> bool:
    """Let a person in again, who begins anew; False where nobody keeps them out."""
    cursor = await conn.execute(
        "UPDATE users SET disabled_at = NULL, void_before = greatest(void_before, %(now)s)"
        " WHERE id = %(id)s AND disabled_at IS NOT NULL",
        {"now": now, "id": user_id},
    )
    return cursor.rowcount == 1
