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
        key: the columns that make up the row id of the binding, joined by a slash.
        provider: the provider of the binding.
        role: `Role.WORKER` reaches the rows of everybody; `Role.APP` those of one user.
    """

    table: str
    column: str
    key: tuple[str, ...]
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
    done = 0
    after: tuple[Any, ...] = ()
    while True:
        async with db.transaction(column.role, user_id=user_id) as conn:
            found = await conn.execute(_select(column, begun=bool(after)), after)
            rows = await found.fetchall()
            for row in rows:
                fresh = await vault.reseal(bytes(row["sealed"]), _binding(column, row))
                if fresh is not None:
                    values = (fresh, *_place(column, row), row["sealed"])
                    done += (await conn.execute(_update(column), values)).rowcount
        if len(rows) < _BATCH:
            return done
        after = _place(column, rows[-1])


def _place(column: SealedColumn, row: dict[str, Any]) -> tuple[Any, ...]:
    return (row["user_id"], *(row[name] for name in column.key))


def _binding(column: SealedColumn, row: dict[str, Any]) -> Binding:
    return Binding(
        table=column.table,
        column=column.column,
        row_id="/".join(str(row[name]) for name in column.key),
        user_id=str(row["user_id"]),
        provider=column.provider,
    )


def _select(column: SealedColumn, *, begun: bool) -> sql.Composed:
    place = _columns(column)
    return sql.SQL(
        "SELECT {place}, {column} AS sealed FROM {table}"
        " WHERE {column} IS NOT NULL AND {after} ORDER BY {place} LIMIT {batch}"
    ).format(
        place=place,
        column=sql.Identifier(column.column),
        table=sql.Identifier(column.table),
        after=_compared(place, ">", column) if begun else sql.SQL("true"),
        batch=sql.Literal(_BATCH),
    )


def _update(column: SealedColumn) -> sql.Composed:
    name = sql.Identifier(column.column)
    return sql.SQL("UPDATE {table} SET {column} = %s WHERE {row} AND {column} = %s").format(
        table=sql.Identifier(column.table),
        column=name,
        row=_compared(_columns(column), "=", column),
    )


def _columns(column: SealedColumn) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, ("user_id", *column.key)))


def _compared(place: sql.Composed, operator: str, column: SealedColumn) -> sql.Composed:
    values = sql.SQL(", ").join([sql.Placeholder()] * (1 + len(column.key)))
    return sql.SQL("({}) {} ({})").format(place, sql.SQL(operator), values)
