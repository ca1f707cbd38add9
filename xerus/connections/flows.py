"""The rows of attempts to connect: the truth of what a popup is doing.

A flow is claimed once, by one conditional update; whoever comes second reads how it ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from xerus.connections.store import problem_json, read_problem
from xerus.connections.tables import Tables
from xerus.connections.views import FlowStatus, FlowView, Problem
from xerus.db.database import Connection
from xerus.ids import FlowId, SessionId, UserId

FLOW_LIFE = timedelta(minutes=10)
_CLAIM_LIFE = timedelta(seconds=90)
"""Longer than the deadlines of all requests of one exchange together."""


@dataclass(frozen=True, kw_only=True)
class NewFlow:
    """What is kept of an attempt: the state only as a hash, the verifier only sealed.

    `extra` are further columns that the table has.
    """

    flow_id: FlowId
    user_id: UserId
    session_id: SessionId
    state_hash: bytes
    code_verifier: bytes = field(repr=False)
    return_to: str
    created_at: datetime
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """A flow that this caller alone may finish."""

    flow_id: FlowId
    user_id: UserId
    code_verifier: bytes = field(repr=False)
    return_to: str


_VIEW = "id::text AS flow_id, status, error, return_to, created_at, expires_at, claimed_at"


async def start(conn: Connection, tables: Tables, new: NewFlow) -> list[FlowId]:
    """Insert the flow; the person's older pending ones of its kind are superseded and returned."""
    superseded = await _close(conn, new.user_id, tables, FlowStatus.SUPERSEDED, ("pending",))
    values = {
        "id": new.flow_id,
        "user_id": new.user_id,
        tables.column: tables.value,
        "session_id": new.session_id,
        "state_hash": new.state_hash,
        "code_verifier": new.code_verifier,
        "return_to": new.return_to,
        "status": FlowStatus.PENDING,
        "created_at": new.created_at,
        "expires_at": new.created_at + FLOW_LIFE,
        **new.extra,
    }
    names, places = ", ".join(values), ", ".join(f"%({name})s" for name in values)
    await conn.execute(f"INSERT INTO {tables.flows} ({names}) VALUES ({places})", values)
    return superseded


async def claim(
    conn: Connection,
    user_id: UserId,
    tables: Tables,
    session_id: SessionId,
    state_hash: bytes,
    now: datetime,
) -> Claimed | None:
    """Take a pending flow of this very session and kind; at most one caller ever succeeds."""
    cursor = await conn.execute(
        f"UPDATE {tables.flows} SET status = 'exchanging', claimed_at = %(now)s"
        f" WHERE user_id = %(user_id)s AND {tables.column} = %(value)s AND session_id = %(session_id)s"
        " AND state_hash = %(state_hash)s AND status = 'pending' AND expires_at > %(now)s"
        " RETURNING id::text AS flow_id, user_id::text AS user_id, code_verifier, return_to",
        {
            "user_id": user_id,
            "value": tables.value,
            "session_id": session_id,
            "state_hash": state_hash,
            "now": now,
        },
    )
    row = await cursor.fetchone()
    return Claimed(**row) if row else None


async def by_state(
    conn: Connection,
    user_id: UserId,
    tables: Tables,
    session_id: SessionId,
    state_hash: bytes,
    now: datetime,
) -> FlowView | None:
    """Return the flow of this session and state, whatever became of it."""
    cursor = await conn.execute(
        f"SELECT {_VIEW} FROM {tables.flows}"
        f" WHERE user_id = %s AND {tables.column} = %s AND session_id = %s AND state_hash = %s",
        (user_id, tables.value, session_id, state_hash),
    )
    row = await cursor.fetchone()
    return _view(row, now, tables.label) if row else None


async def find(
    conn: Connection, user_id: UserId, tables: Tables, flow_id: FlowId | None, now: datetime
) -> FlowView | None:
    """Return the flow of an id, or the person's newest when no id is given."""
    cursor = await conn.execute(
        f"SELECT {_VIEW} FROM {tables.flows} WHERE user_id = %(user_id)s"
        f" AND {tables.column} = %(value)s AND (%(id)s::uuid IS NULL OR id = %(id)s) ORDER BY created_at DESC LIMIT 1",
        {"user_id": user_id, "value": tables.value, "id": flow_id},
    )
    row = await cursor.fetchone()
    return _view(row, now, tables.label) if row else None


async def finish(
    conn: Connection,
    tables: Tables,
    user_id: UserId,
    flow_id: FlowId,
    status: FlowStatus,
    problem: Problem | None,
) -> None:
    """Note how a claimed flow ended, and erase its verifier."""
    await conn.execute(
        f"UPDATE {tables.flows} SET status = %s, error = %s, code_verifier = NULL"
        " WHERE user_id = %s AND id = %s AND status = 'exchanging'",
        (status, problem_json(problem), user_id, flow_id),
    )


async def chose_site(conn: Connection, user_id: UserId, tables: Tables) -> list[FlowId]:
    """Close the flows that waited for a choice of site; return them."""
    cursor = await conn.execute(
        f"UPDATE {tables.flows} SET status = 'connected'"
        f" WHERE user_id = %s AND {tables.column} = %s AND status = 'choosing_site'"
        " RETURNING id::text AS id",
        (user_id, tables.value),
    )
    return [FlowId(row["id"]) for row in await cursor.fetchall()]


async def still_claimed(conn: Connection, tables: Tables, user_id: UserId, flow_id: FlowId) -> bool:
    """Whether the claimed flow was not cancelled since; locks it until the commit."""
    cursor = await conn.execute(
        f"SELECT 1 FROM {tables.flows}"
        " WHERE user_id = %s AND id = %s AND status = 'exchanging'"
        " FOR UPDATE",
        (user_id, flow_id),
    )
    return await cursor.fetchone() is not None


async def cancel_pending(conn: Connection, user_id: UserId, tables: Tables) -> list[FlowId]:
    """Cancel what waits for the person at Atlassian; return what was cancelled."""
    return await _close(conn, user_id, tables, FlowStatus.CANCELLED, ("pending",))


async def cancel_all(conn: Connection, user_id: UserId, tables: Tables) -> list[FlowId]:
    """Cancel every attempt that could still change the connection; return them."""
    return await _close(
        conn, user_id, tables, FlowStatus.CANCELLED, ("pending", "exchanging", "choosing_site")
    )


async def delete_old(conn: Connection, table: str, before: datetime) -> int:
    """Delete flows that expired before an instant (worker role); return how many."""
    cursor = await conn.execute(
        f"DELETE FROM {table} WHERE expires_at < %s",
        (before,),
    )
    return cursor.rowcount


async def _close(
    conn: Connection, user_id: UserId, tables: Tables, status: FlowStatus, which: tuple[str, ...]
) -> list[FlowId]:
    cursor = await conn.execute(
        f"UPDATE {tables.flows} SET status = %s, code_verifier = NULL"
        f" WHERE user_id = %s AND {tables.column} = %s AND status = ANY(%s)"
        " RETURNING id::text AS id",
        (status, user_id, tables.value, list(which)),
    )
    return [FlowId(row["id"]) for row in await cursor.fetchall()]


def _view(row: dict[str, Any], now: datetime, label: str) -> FlowView:
    """Read a row; time alone turns a pending flow into an expired one and a stuck one failed."""
    status, error = FlowStatus(row["status"]), read_problem(row["error"])
    claimed_at = row["claimed_at"]
    if status is FlowStatus.PENDING and row["expires_at"] <= now:
        status = FlowStatus.EXPIRED
    if status is FlowStatus.EXCHANGING and claimed_at + _CLAIM_LIFE <= now:
        status, error = FlowStatus.FAILED, _problem(FlowStatus.EXCHANGING, claimed_at, row, label)
    if error is None and status in _WORDS and status is not FlowStatus.EXCHANGING:
        error = _problem(status, row["expires_at"], row, label)
    return FlowView(
        flow_id=FlowId(row["flow_id"]),
        status=status,
        error=error,
        return_to=row["return_to"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


_WORDS = {
    FlowStatus.EXCHANGING: (
        "interrupted",
        "Connecting was interrupted before it was finished.",
        "Start again.",
    ),
    FlowStatus.SUPERSEDED: (
        "superseded",
        "A newer window for connecting {} was opened.",
        "Continue in the newer window, or start again.",
    ),
    FlowStatus.EXPIRED: (
        "expired",
        "The window for connecting {} was open for more than 10 minutes.",
        "Start again.",
    ),
    FlowStatus.CANCELLED: (
        "cancelled",
        "This attempt to connect was cancelled.",
        "Start again when you like.",
    ),
}


def _problem(status: FlowStatus, at: datetime, row: dict[str, Any], label: str) -> Problem:
    code, message, hint = _WORDS[status]
    return Problem(
        code=code,
        message=message.format(label),
        hint=hint,
        correlation_id=row["flow_id"][-12:],
        at=at,
    )
