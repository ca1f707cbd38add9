"""Rows of conversations and turns; all as one user under row-level security.

Promises: one run at a time per conversation (`begin_run` is a compare-and-swap on the lease, by
the database's clock); only the run that holds the lease writes (`keep_run` fails otherwise).
"""

from dataclasses import dataclass
from datetime import datetime

from xerus.db.database import Connection
from xerus.ids import UserId

_RUN_SECONDS = 45
"""How long a lease lasts that nobody renews: for a process that hangs, or whose machine went away."""


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """The run that holds the lease of a conversation, by the process `owner`.

    `expired` once nobody renewed it in time; `stop` when the person asked for its end.
    """

    id: str
    owner: int | None
    expired: bool
    stop: bool


async def add_conversation(
    conn: Connection, *, user_id: UserId, conversation_id: str, title: bytes, now: datetime
) -> None:
    """Insert a conversation."""
    await conn.execute(
        "INSERT INTO conversations (user_id, id, title, created_at, updated_at)"
        " VALUES (%s, %s, %s, %s, %s)",
        (user_id, conversation_id, title, now, now),
    )


async def exists(conn: Connection, *, user_id: UserId, conversation_id: str) -> bool:
    """Whether this person has such a conversation."""
    cursor = await conn.execute(
        "SELECT FROM conversations WHERE user_id = %s AND id = %s", (user_id, conversation_id)
    )
    return cursor.rowcount == 1


async def run(conn: Connection, *, user_id: UserId, conversation_id: str) -> RunRow | None:
    """Return the run that has the lease, if there is one."""
    cursor = await conn.execute(
        "SELECT run_id::text, run_owner, run_until <= now() AS expired, run_stop"
        " FROM conversations WHERE user_id = %s AND id = %s AND run_id IS NOT NULL",
        (user_id, conversation_id),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return RunRow(
        id=row["run_id"], owner=row["run_owner"], expired=row["expired"], stop=row["run_stop"]
    )


async def lock(conn: Connection, *, user_id: UserId, conversation_id: str) -> None:
    """Hold a conversation until the transaction ends."""
    await conn.execute(
        "SELECT FROM conversations WHERE user_id = %s AND id = %s FOR UPDATE",
        (user_id, conversation_id),
    )


async def choose_model(
    conn: Connection, *, user_id: UserId, conversation_id: str, model: str
) -> None:
    """Let a model answer in a conversation from now on."""
    await conn.execute(
        "UPDATE conversations SET model = %s WHERE user_id = %s AND id = %s",
        (model, user_id, conversation_id),
    )


async def begin_run(
    conn: Connection,
    *,
    user_id: UserId,
    conversation_id: str,
    run_id: str,
    owner: int,
    now: datetime,
) -> str | None:
    """Take the lease; return the model that was chosen ('': none), None while another run has it."""
    cursor = await conn.execute(
        "UPDATE conversations SET run_id = %s, run_owner = %s, run_stop = false, updated_at = %s,"
        " run_until = now() + make_interval(secs => %s)"
        " WHERE user_id = %s AND id = %s AND run_id IS NULL RETURNING model",
        (run_id, owner, now, _RUN_SECONDS, user_id, conversation_id),
    )
    row = await cursor.fetchone()
    return None if row is None else str(row["model"])


async def keep_run(
    conn: Connection, *, user_id: UserId, conversation_id: str, run_id: str
) -> bool | None:
    """Renew the lease, locking it; return whether it shall stop, None if it is no longer ours."""
    cursor = await conn.execute(
        "UPDATE conversations SET run_until = now() + make_interval(secs => %s)"
        " WHERE user_id = %s AND id = %s AND run_id = %s RETURNING run_stop",
        (_RUN_SECONDS, user_id, conversation_id, run_id),
    )
    row = await cursor.fetchone()
    return None if row is None else row["run_stop"]


async def end_run(conn: Connection, *, user_id: UserId, conversation_id: str, run_id: str) -> bool:
    """Give the lease back; False if it was no longer this run's."""
    cursor = await conn.execute(
        "UPDATE conversations SET run_id = NULL, run_owner = NULL, run_until = NULL,"
        " run_stop = false WHERE user_id = %s AND id = %s AND run_id = %s",
        (user_id, conversation_id, run_id),
    )
    return cursor.rowcount == 1


async def ask_to_stop(
    conn: Connection, *, user_id: UserId, conversation_id: str, run_id: str
) -> None:
    """Note that the person wants the end of a run."""
    await conn.execute(
        "UPDATE conversations SET run_stop = true WHERE user_id = %s AND id = %s AND run_id = %s",
        (user_id, conversation_id, run_id),
    )


async def next_turn(conn: Connection, *, user_id: UserId, conversation_id: str) -> int:
    """Return the number of the turn to come, the first being 0."""
    cursor = await conn.execute(
        "SELECT coalesce(max(n) + 1, 0) AS n FROM conversation_turns"
        " WHERE user_id = %s AND conversation_id = %s",
        (user_id, conversation_id),
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row["n"])


async def put_turn(
    conn: Connection, *, user_id: UserId, conversation_id: str, n: int, content: bytes
) -> None:
    """Insert or replace a turn."""
    await conn.execute(
        "INSERT INTO conversation_turns (user_id, conversation_id, n, content)"
        " VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (user_id, conversation_id, n) DO UPDATE SET content = EXCLUDED.content",
        (user_id, conversation_id, n, content),
    )


async def turns(conn: Connection, *, user_id: UserId, conversation_id: str) -> list[bytes]:
    """Return the sealed turns in order."""
    cursor = await conn.execute(
        "SELECT content FROM conversation_turns WHERE user_id = %s AND conversation_id = %s"
        " ORDER BY n",
        (user_id, conversation_id),
    )
    return [row["content"] for row in await cursor.fetchall()]


async def turn(conn: Connection, *, user_id: UserId, conversation_id: str, n: int) -> bytes:
    """Return one sealed turn, which exists."""
    cursor = await conn.execute(
        "SELECT content FROM conversation_turns"
        " WHERE user_id = %s AND conversation_id = %s AND n = %s",
        (user_id, conversation_id, n),
    )
    row = await cursor.fetchone()
    assert row is not None
    return bytes(row["content"])
