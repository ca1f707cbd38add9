"""Rows of what people's answers used, by day (UTC) and model: numbers alone, nothing of content.

Promises: `add` counts in the transaction that stores the answer, so that both are there or neither.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, LiteralString

from psycopg import sql

from xerus.assistant.spending import Spent
from xerus.db.database import Connection
from xerus.ids import UserId

_MOST_ROWS = 50
_SUMS = sql.SQL(
    "sum(m.messages)::bigint AS messages, sum(m.requests)::bigint AS requests,"
    " sum(m.untold)::bigint AS untold, sum(m.tokens_in)::bigint AS tokens_in,"
    " sum(m.cached)::bigint AS cached, sum(m.tokens_out)::bigint AS tokens_out,"
    " sum(m.cost) AS cost, sum(m.unpriced)::bigint AS unpriced"
)


async def add(
    conn: Connection, *, user_id: UserId, day: date, model: str, spent: Spent, messages: int
) -> None:
    """Count what a run of a person's used, and the `messages` that it answered."""
    await conn.execute(
        "INSERT INTO model_use AS m (user_id, day, model, messages, requests, untold, tokens_in,"
        " cached, tokens_out, cost, unpriced) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (user_id, day, model) DO UPDATE SET messages = m.messages + excluded.messages,"
        " requests = m.requests + excluded.requests, untold = m.untold + excluded.untold,"
        " tokens_in = m.tokens_in + excluded.tokens_in, cached = m.cached + excluded.cached,"
        " tokens_out = m.tokens_out + excluded.tokens_out, cost = m.cost + excluded.cost,"
        " unpriced = m.unpriced + excluded.unpriced",
        (
            user_id,
            day,
            model,
            messages,
            spent.requests,
            spent.untold,
            spent.tokens_in,
            spent.cached,
            spent.tokens_out,
            spent.cost or 0,
            spent.requests if spent.cost is None else 0,
        ),
    )


async def tokens(conn: Connection, *, user_id: UserId, day: date) -> int:
    """Return the tokens that a person's answers of a day used, in and out."""
    cursor = await conn.execute(
        "SELECT coalesce(sum(tokens_in + tokens_out), 0)::bigint AS n FROM model_use"
        " WHERE user_id = %s AND day = %s",
        (user_id, day),
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row["n"])


async def by(
    conn: Connection, column: LiteralString, *, since: date, person: UserId | None
) -> Sequence[dict[str, Any]]:
    """Return sums by "model" or "user_id" since a day, those with the most tokens first.

    In a transaction of the worker's.
    """
    query = sql.SQL(
        "SELECT m.{column}::text AS key, max(u.name || ' · ' || u.email) AS name, {sums}"
        " FROM model_use m JOIN users u ON u.id = m.user_id"
        " WHERE m.day >= %(since)s AND (%(person)s::uuid IS NULL OR m.user_id = %(person)s)"
        " GROUP BY m.{column} ORDER BY sum(m.tokens_in + m.tokens_out) DESC, 1 LIMIT {most}"
    ).format(column=sql.Identifier(column), sums=_SUMS, most=sql.Literal(_MOST_ROWS))
    return await (await conn.execute(query, {"since": since, "person": person})).fetchall()


async def forget(conn: Connection, *, before: date) -> None:
    """Delete older days, in a transaction of the worker's."""
    await conn.execute("DELETE FROM model_use WHERE day < %s", (before,))
