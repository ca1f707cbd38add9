"""Rows of people who were removed, deleted table by table in the caller's transaction."""

from collections.abc import Iterable

from psycopg import sql

from xerus.db.database import Connection

_OF = sql.SQL("DELETE FROM {} WHERE user_id = %s")
_OF_NOBODY = sql.SQL(
    "DELETE FROM {} t WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = t.user_id)"
)


async def of(conn: Connection, tables: Iterable[str], user_id: str) -> None:
    """Delete the rows of a person."""
    for table in tables:
        await conn.execute(_OF.format(sql.Identifier(table)), (user_id,))


async def of_nobody(conn: Connection, tables: Iterable[str]) -> int:
    """Delete the rows of people who are not there any more; return how many."""
    erased = 0
    for table in tables:
        erased += (await conn.execute(_OF_NOBODY.format(sql.Identifier(table)))).rowcount
    return erased
