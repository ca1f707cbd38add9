"""The end of the conversations of a removed person."""

from xerus.db.database import Connection
from xerus.ids import UserId


async def erase(conn: Connection, user_id: UserId) -> None:
    """Delete conversations with their turns and approvals, in a transaction of the gate's."""
    await conn.execute("DELETE FROM conversations WHERE user_id = %s", (user_id,))


async def erase_of_nobody(conn: Connection) -> int:
    """Delete what requests that were under way wrote for people after they were removed."""
    cursor = await conn.execute(
        "DELETE FROM conversations c WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = c.user_id)"
    )
    return cursor.rowcount
