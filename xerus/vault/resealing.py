"""Sealing stored values anew after a new data key began."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.ids import UserId
from xerus.vault.envelope import Binding
from xerus.vault.service import Vault

_BATCH = 200


@dataclass(frozen=True, kw_only=True)
class SealedColumn:
    """A column of sealed values, as its package binds them.

    Attributes:
        key: the column that holds the row id of the binding, a uuid.
        provider: the provider of the binding.
        role: `Role.WORKER` reaches the rows of everybody; `Role.APP` those of one user.
    """

    table: str
    column: str
    key: str
    provider: str
    role: Role


async def reseal(db: Database, vault: Vault, column: SealedColumn, users: Iterable[UserId]) -> int:
    """Seal every value of a column anew with the active key; return how many.

    Works in batches and by compare-and-swap: what changes meanwhile is sealed with a newer value
    already, and a run that was cut off is finished by the next.

    Raises:
        SealBroken: a stored value does not open.
        Unavailable: the database is away.
    """
    if column.role is Role.WORKER:
        return await _all_rows(db, vault, column, None)
    return sum([await _all_rows(db, vault, column, user_id) for user_id in users])


async def _all_rows(
    db: Database, vault: Vault, column: SealedColumn, user_id: UserId | None
) -> int:
    done, after = 0, "00000000-0000-0000-0000-000000000000"
    while True:
        async with db.transaction(column.role, user_id=user_id) as conn:
            found = await conn.execute(_select(column), {"after": after, "batch": _BATCH})
            rows = await found.fetchall()
            for row in rows:
                fresh = await vault.reseal(bytes(row["sealed"]), _binding(column, row))
                if fresh is not None:
                    values = {"fresh": fresh, "id": row["row_id"], "old": row["sealed"]}
                    done += (await conn.execute(_update(column), values)).rowcount
        if len(rows) < _BATCH:
            return done
        after = str(rows[-1]["row_id"])


def _binding(column: SealedColumn, row: dict[str, Any]) -> Binding:
    return Binding(
        table=column.table,
        column=column.column,
        row_id=str(row["row_id"]),
        user_id=str(row["user_id"]),
        provider=column.provider,
    )


def _select(column: SealedColumn) -> sql.Composed:
    return sql.SQL(
        "SELECT {key} AS row_id, user_id, {column} AS sealed FROM {table}"
        " WHERE {column} IS NOT NULL AND {key} > %(after)s ORDER BY {key} LIMIT %(batch)s"
    ).format(**_names(column))


def _update(column: SealedColumn) -> sql.Composed:
    return sql.SQL(
        "UPDATE {table} SET {column} = %(fresh)s WHERE {key} = %(id)s AND {column} = %(old)s"
    ).format(**_names(column))


def _names(column: SealedColumn) -> dict[str, sql.Identifier]:
    return {
        "table": sql.Identifier(column.table),
        "column": sql.Identifier(column.column),
        "key": sql.Identifier(column.key),
    }
