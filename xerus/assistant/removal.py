"""The end of the conversations of a removed person, and of what their answers used."""

from xerus.db.database import Connection
from xerus.ids import UserId

_TABLES = ("conversations", "model_use", "tool_policies")


async def erase(conn: Connection, user_id: UserId) -> None:
    """Delete conversations with everything under them, what they used, and policies, as the gate."""
    for table in _TABLES:
        await conn.execute(f"DELETE FROM {table} WHERE user_id = %s", (user_id,))  # noqa: S608 - a name of ours


async def erase_of_nobody(conn: Connection) -> int:
    """Delete what requests that were under way wrote for people after they were removed."""
    erased = 0
    for table in _TABLES:
        cursor = await conn.execute(
            f"DELETE FROM {table} t"  # noqa: S608 - a name of ours
            " WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = t.user_id)"
        )
        erased += cursor.rowcount
    return erased
