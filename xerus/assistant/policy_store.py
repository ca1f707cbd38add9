"""Rows of what people settled for tools; all as one user under row-level security."""

from datetime import datetime
from typing import Any

from xerus.assistant.policies import Key, Policy
from xerus.db.database import Connection
from xerus.ids import UserId


async def settled(conn: Connection, *, user_id: UserId) -> dict[Key, Policy]:
    """Return what a person chose for tools, everywhere."""
    cursor = await conn.execute(
        "SELECT server, tool, policy FROM tool_policies WHERE user_id = %s", (user_id,)
    )
    rows = await cursor.fetchall()
    return {Key(row["server"], row["tool"]): Policy(row["policy"]) for row in rows}


async def here(conn: Connection, *, user_id: UserId, conversation_id: str) -> list[dict[str, Any]]:
    """Return the tools that a person allows in a conversation, the first one first."""
    cursor = await conn.execute(
        "SELECT server, tool, title FROM conversation_tool_policies"
        " WHERE user_id = %s AND conversation_id = %s ORDER BY set_at, tool",
        (user_id, conversation_id),
    )
    return await cursor.fetchall()


async def settle(
    conn: Connection, *, user_id: UserId, key: Key, policy: Policy, now: datetime
) -> None:
    """Let a policy hold for a tool, in place of what was settled for it in any form."""
    await forget(conn, user_id=user_id, key=key)
    await conn.execute(
        "INSERT INTO tool_policies (user_id, server, tool, policy, set_at)"
        " VALUES (%s, %s, %s, %s, %s)",
        (user_id, *key, policy, now),
    )


async def forget(conn: Connection, *, user_id: UserId, key: Key) -> None:
    """Let nothing be settled for a tool, in any form of it."""
    await conn.execute(
        "DELETE FROM tool_policies WHERE user_id = %s AND tool = %s"
        " AND split_part(server, ':', 1) = split_part(%s, ':', 1)",
        (user_id, key.tool, key.server),
    )


async def forget_all(conn: Connection, *, user_id: UserId, server: str) -> int:
    """Let nothing be settled for the tools of a server; return for how many something was."""
    cursor = await conn.execute(
        "DELETE FROM tool_policies WHERE user_id = %s AND split_part(server, ':', 1) = %s",
        (user_id, server),
    )
    return cursor.rowcount


async def allow_here(
    conn: Connection, *, user_id: UserId, conversation_id: str, key: Key, title: str, now: datetime
) -> None:
    """Allow a tool in a conversation."""
    await conn.execute(
        "INSERT INTO conversation_tool_policies"
        " (user_id, conversation_id, server, tool, title, set_at) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (user_id, conversation_id, server, tool) DO NOTHING",
        (user_id, conversation_id, *key, title, now),
    )


async def ask_here(conn: Connection, *, user_id: UserId, conversation_id: str, key: Key) -> bool:
    """Allow a tool in a conversation no more; False where it was not allowed."""
    cursor = await conn.execute(
        "DELETE FROM conversation_tool_policies"
        " WHERE user_id = %s AND conversation_id = %s AND server = %s AND tool = %s",
        (user_id, conversation_id, *key),
    )
    return cursor.rowcount == 1
