"""The end of the conversations of a removed person, and of what their answers used."""

from xerus.assistant.ending import stop_answers
from xerus.db import erasing
from xerus.db.database import Connection
from xerus.ids import UserId

_TABLES = ("conversations", "model_use", "tool_policies")


async def erase(conn: Connection, user_id: UserId) -> None:
    """End answers; delete conversations, what they used, and policies, as the gate."""
    await stop_answers(conn, user_id)
    await erasing.of(conn, _TABLES, user_id)


async def erase_of_nobody(conn: Connection) -> int:
    """Delete what requests that were under way wrote for people after they were removed."""
    return await erasing.of_nobody(conn, _TABLES)
