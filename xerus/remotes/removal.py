"""The end of everything that a removed person had at remote servers."""

from xerus.connections.signals import CREDENTIAL, ENDED, FLOW
from xerus.db import erasing
from xerus.db.database import Connection
from xerus.db.notify import notify
from xerus.ids import UserId

_CHANNELS = (("remote_flows", (FLOW,)), ("remote_connections", (CREDENTIAL, ENDED)))


async def erase(conn: Connection, user_id: UserId) -> None:
    """Delete it, and at the commit let every process forget it. In a transaction of the gate's."""
    for table, channels in _CHANNELS:
        cursor = await conn.execute(
            f"DELETE FROM {table} WHERE user_id = %s RETURNING id::text AS id",  # noqa: S608 - a name of ours
            (user_id,),
        )
        for row in await cursor.fetchall():
            for channel in channels:
                await notify(conn, channel, row["id"])


async def erase_of_nobody(conn: Connection) -> int:
    """Delete what requests that were under way wrote for people after they were removed."""
    return await erasing.of_nobody(conn, [table for table, _ in _CHANNELS])
