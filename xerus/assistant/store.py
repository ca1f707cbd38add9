"""Rows of conversations, turns and approvals; all as one user under row-level security.

Promises: one run at a time per conversation (`begin_run` is a compare-and-swap on the lease, by
the database's clock); only the run that holds the lease writes (`keep_run` fails otherwise); an
approval is decided once (`decide` tells the one caller who did it).
"""

from datetime import datetime
from typing import Any

from xerus.db.database import Connection
from xerus.ids import UserId

_RUN_SECONDS = 150
"""Longer than any run: a run ends itself before somebody else may take over."""


async def add_conversation(
    conn: Connection, *, user_id: UserId, conversation_id: str, title: bytes, now: datetime
) -> None:
    """Insert a conversation."""
    await conn.execute(
        "INSERT INTO conversations (user_id, id, title, created_at, updated_at)"
        " VALUES (%s, %s, %s, %s, %s)",
        (user_id, conversation_id, title, now, now),
    )


async def conversations(conn: Connection, *, user_id: UserId, limit: int) -> list[dict[str, Any]]:
    """Return id and sealed title, the one last used first."""
    cursor = await conn.execute(
        "SELECT id::text, title FROM conversations WHERE user_id = %s"
        " ORDER BY updated_at DESC LIMIT %s",
        (user_id, limit),
    )
    return await cursor.fetchall()


async def is_running(conn: Connection, *, user_id: UserId, conversation_id: str) -> bool | None:
    """Return whether a run is under way; None where there is no such conversation."""
    cursor = await conn.execute(
        "SELECT coalesce(run_until > now(), false) AS running FROM conversations"
        " WHERE user_id = %s AND id = %s",
        (user_id, conversation_id),
    )
    row = await cursor.fetchone()
    return None if row is None else row["running"]


async def lock(conn: Connection, *, user_id: UserId, conversation_id: str) -> None:
    """Hold a conversation until the transaction ends."""
    await conn.execute(
        "SELECT FROM conversations WHERE user_id = %s AND id = %s FOR UPDATE",
        (user_id, conversation_id),
    )


async def begin_run(
    conn: Connection, *, user_id: UserId, conversation_id: str, run_id: str, now: datetime
) -> bool:
    """Take the lease; False while another run has it."""
    cursor = await conn.execute(
        "UPDATE conversations SET run_id = %s, updated_at = %s,"
        " run_until = now() + make_interval(secs => %s)"
        " WHERE user_id = %s AND id = %s AND coalesce(run_until <= now(), true)",
        (run_id, now, _RUN_SECONDS, user_id, conversation_id),
    )
    return cursor.rowcount == 1


async def keep_run(
    conn: Connection, *, user_id: UserId, conversation_id: str, run_id: str, end: bool
) -> bool:
    """Check that the lease is still ours, locking it; give it back if this is the `end`."""
    cursor = await conn.execute(
        "UPDATE conversations SET run_id = CASE WHEN %(end)s THEN NULL ELSE run_id END,"
        " run_until = CASE WHEN %(end)s THEN NULL ELSE run_until END"
        " WHERE user_id = %(user)s AND id = %(conversation)s AND run_id = %(run)s",
        {"end": end, "user": user_id, "conversation": conversation_id, "run": run_id},
    )
    return cursor.rowcount == 1


async def next_turn(conn: Connection, *, user_id: UserId, conversation_id: str) -> int:
    """Return the number of the turn to come, the first being 0."""
    cursor = await conn.execute(
        "SELECT coalesce(max(n) + 1, 0) AS n FROM conversation_turns"
        " WHERE user_id = %s AND conversation_id = %s",
        (user_id, conversation_id),
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row["n"])


async def put_turn(
    conn: Connection, *, user_id: UserId, conversation_id: str, n: int, content: bytes
) -> None:
    """Insert or replace a turn."""
    await conn.execute(
        "INSERT INTO conversation_turns (user_id, conversation_id, n, content)"
        " VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (user_id, conversation_id, n) DO UPDATE SET content = EXCLUDED.content",
        (user_id, conversation_id, n, content),
    )


async def turns(conn: Connection, *, user_id: UserId, conversation_id: str) -> list[bytes]:
    """Return the sealed turns in order."""
    cursor = await conn.execute(
        "SELECT content FROM conversation_turns WHERE user_id = %s AND conversation_id = %s"
        " ORDER BY n",
        (user_id, conversation_id),
    )
    return [row["content"] for row in await cursor.fetchall()]


async def add_approval(
    conn: Connection,
    *,
    user_id: UserId,
    approval_id: str,
    conversation_id: str,
    turn: int,
    call_id: str,
    tool: str,
    call: bytes,
    asked_at: datetime,
    expires_at: datetime,
) -> None:
    """Insert an approval that waits."""
    await conn.execute(
        "INSERT INTO approvals (user_id, id, conversation_id, turn, call_id, tool, call, asked_at,"
        " expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *(user_id, approval_id, conversation_id, turn, call_id, tool, call),
            *(asked_at, expires_at),
        ),
    )


async def approvals(
    conn: Connection, *, user_id: UserId, conversation_id: str
) -> list[dict[str, Any]]:
    """Return every approval of a conversation, oldest first."""
    cursor = await conn.execute(
        "SELECT id::text, turn, call_id, tool, call, expires_at, decision FROM approvals"
        " WHERE user_id = %s AND conversation_id = %s ORDER BY asked_at",
        (user_id, conversation_id),
    )
    return await cursor.fetchall()


async def run_out(conn: Connection, *, user_id: UserId, now: datetime) -> None:
    """Let every approval of a person that still waits run out at once."""
    await conn.execute(
        "UPDATE approvals SET expires_at = %(now)s"
        " WHERE user_id = %(user)s AND decided_at IS NULL AND expires_at > %(now)s",
        {"user": user_id, "now": now},
    )


async def decide(
    conn: Connection, *, user_id: UserId, approval_id: str, decision: str, now: datetime
) -> bool:
    """Decide once; False if it was decided before."""
    cursor = await conn.execute(
        "UPDATE approvals SET decision = %s, decided_at = %s"
        " WHERE user_id = %s AND id = %s AND decided_at IS NULL",
        (decision, now, user_id, approval_id),
    )
    return cursor.rowcount == 1
