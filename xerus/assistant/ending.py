"""The end of every answer that is being written for somebody who may not use Xerus any more."""

from xerus.assistant.signals import stop_run
from xerus.db.database import Connection
from xerus.ids import UserId


async def stop_answers(conn: Connection, user_id: UserId) -> None:
    """Ask for the end of a person's answers in every process, at the commit (gate role).

    A write that is under way is waited for; no other call begins.
    """
    found = await conn.execute(
        "UPDATE conversations SET run_stop = true WHERE user_id = %s AND run_id IS NOT NULL"
        " RETURNING run_id::text AS id",
        (user_id,),
    )
    for row in await found.fetchall():
        await stop_run(conn, row["id"])
