"""The end of everything that a removed person had here: connections, tokens, attempts to connect."""

from xerus.connections import store
from xerus.connections.signals import CREDENTIAL, ENDED, FLOW
from xerus.db import erasing
from xerus.db.database import Connection
from xerus.db.notify import notify
from xerus.ids import UserId


async def erase(conn: Connection, user_id: UserId) -> None:
    """Delete it; at the commit every process forgets the tokens and ends the person's calls.

    In a transaction of the gate's.
    """
    await store.serialize(conn, user_id)
    for table, channels in (("connect_flows", (FLOW,)), ("connections", (CREDENTIAL, ENDED))):
        cursor = await conn.execute(
            f"DELETE FROM {table} WHERE user_id = %s RETURNING id::text AS id",  # noqa: S608 - a name of ours
            (user_id,),
        )
        for row in await cursor.fetchall():
            for channel in channels:
                await notify(conn, channel, row["id"])
    await notify(conn, ENDED, user_id)


async def erase_of_nobody(conn: Connection) -> int:
    """Delete what requests that were under way wrote for people after they were removed."""
    return await erasing.of_nobody(conn, ("connect_flows", "connections"))
