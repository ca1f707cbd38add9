"""Sealing stored values anew after a new data key began."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from psycopg import sql

from xerus.db.database import Connection, Database
from xerus.db.roles import Role
from xerus.ids import UserId
from xerus.telemetry.logs import logger
from xerus.vault.envelope import Binding, SealBroken
from xerus.vault.service import Vault

log = logger(__name__)

_BATCH = 200


@dataclass(frozen=True, kw_only=True)
class SealedColumn:
    """A column of sealed values, as its package binds them.

    Attributes:
        key: the columns that make up the row id of the binding, joined by a slash.
        provider: the provider of the binding.
        role: `Role.WORKER` reaches the rows of everybody; `Role.APP` those of one user.
        only: a column and the value that the rows have in it; the others are bound differently.
        of_people: whether the rows belong to people, in a column `user_id`.
    """

    table: str
    column: str
    key: tuple[str, ...]
    provider: str
    role: Role
    only: tuple[str, str] | None = None
    of_people: bool = True

    @property
    def place(self) -> tuple[str, ...]:
        """The columns that name a row, in the order in which rows are read."""
        return ("user_id", *self.key) if self.of_people else self.key


@dataclass(frozen=True, kw_only=True)
class Pass:
    """What one pass over stored values found that the active key had not sealed.

    Attributes:
        anew: sealed with the active key now.
        changed: written by somebody else meanwhile, with whichever key.
        broken: opens with no key; left as it is.
    """

    anew: int = 0
    changed: int = 0
    broken: int = 0

    @property
    def clean(self) -> bool:
        """Whether an active key had sealed everything that opens."""
        return not (self.anew or self.changed)

    def __add__(self, other: Self) -> "Pass":
        """Return what two passes over different values found together."""
        return Pass(
            anew=self.anew + other.anew,
            changed=self.changed + other.changed,
            broken=self.broken + other.broken,
        )


async def reseal(db: Database, vault: Vault, column: SealedColumn, users: Iterable[UserId]) -> Pass:
    """Seal every value of a column anew with the active key.

    Works in batches and by compare-and-swap: a value that changes meanwhile is left to the next
    pass, and a run that was cut off is finished by the next.

    Raises:
        Unavailable: the database is away.
    """
    if column.role is Role.WORKER:
        return await _all_rows(db, vault, column, None)
    each = [await _all_rows(db, vault, column, user_id) for user_id in users]
    return sum(each, Pass())


async def _all_rows(
    db: Database, vault: Vault, column: SealedColumn, user_id: UserId | None
) -> Pass:
    done = Pass()
    after: tuple[Any, ...] = ()
    while True:
        async with db.transaction(column.role, user_id=user_id) as conn:
            found = await conn.execute(_select(column, begun=bool(after)), after)
            rows = await found.fetchall()
            for row in rows:
                done += await _row(conn, vault, column, row)
        if len(rows) < _BATCH:
            return done
        after = _place(column, rows[-1])


async def _row(conn: Connection, vault: Vault, column: SealedColumn, row: dict[str, Any]) -> Pass:
    try:
        fresh = await vault.reseal(bytes(row["sealed"]), _binding(column, row))
    except SealBroken as error:  # one spoilt row must not keep everybody's on the old key
        log.warning("sealed_value_broken", debug=error.debug)
        return Pass(broken=1)
    if fresh is None:
        return Pass()
    values = (fresh, *_place(column, row), row["sealed"])
    anew = (await conn.execute(_update(column), values)).rowcount
    return Pass(anew=anew, changed=1 - anew)


def _place(column: SealedColumn, row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in column.place)


def _binding(column: SealedColumn, row: dict[str, Any]) -> Binding:
    return Binding(
        table=column.table,
        column=column.column,
        row_id="/".join(str(row[name]) for name in column.key),
        user_id=str(row["user_id"]) if column.of_people else "",
        provider=column.provider,
    )


def _select(column: SealedColumn, *, begun: bool) -> sql.Composed:
    place = _columns(column)
    return sql.SQL(
        "SELECT {place}, {column} AS sealed FROM {table}"
        " WHERE {column} IS NOT NULL AND {only} AND {after} ORDER BY {place} LIMIT {batch}"
    ).format(
        place=place,
        column=sql.Identifier(column.column),
        table=sql.Identifier(column.table),
        only=_only(column),
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


def _only(column: SealedColumn) -> sql.Composable:
    if column.only is None:
        return sql.SQL("true")
    name, value = column.only
    return sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value))


def _columns(column: SealedColumn) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, column.place))


def _compared(place: sql.Composed, operator: str, column: SealedColumn) -> sql.Composed:
    values = sql.SQL(", ").join([sql.Placeholder()] * len(column.place))
    return sql.SQL("({}) {} ({})").format(place, sql.SQL(operator), values)
