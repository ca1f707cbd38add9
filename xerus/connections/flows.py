"""The rows of attempts to connect: the truth of what a popup is doing.

A flow is claimed once, by one conditional update; whoever comes second reads how it ended.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from xerus.connections.links import Link
from xerus.connections.store import problem_json, read_problem
from xerus.connections.views import FlowStatus, FlowView, Problem
from xerus.db.database import Connection
from xerus.ids import FlowId, SessionId, UserId

FLOW_LIFE = timedelta(minutes=10)
_CLAIM_LIFE = timedelta(seconds=90)
"""Longer than the deadlines of all requests of one exchange together."""


@dataclass(frozen=True, kw_only=True)
class NewFlow:
    """What is kept of an attempt: the state only as a hash, the verifier only sealed."""

    flow_id: FlowId
    user_id: UserId
    link: Link
    session_id: SessionId
    state_hash: bytes
    code_verifier: bytes = field(repr=False)
    return_to: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """A flow that this caller alone may finish."""

    flow_id: FlowId
    user_id: UserId
    code_verifier: bytes = field(repr=False)
    return_to: str


_VIEW = "id::text AS flow_id, status, error, return_to, created_at, expires_at, claimed_at"


async def start(conn: Connection, new: NewFlow) -> list[FlowId]:
    """Insert the flow; the person's older pending ones by this link are superseded and returned."""
    superseded = await _close(conn, new.user_id, new.link, FlowStatus.SUPERSEDED, ("pending",))
    await conn.execute(
        "INSERT INTO connect_flows (id, user_id, link, session_id, state_hash, code_verifier,"
        " return_to, status, created_at, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, 'pending', %s, %s)",
        (
            new.flow_id,
            new.user_id,
            new.link,
            new.session_id,
            new.state_hash,
            new.code_verifier,
            new.return_to,
            new.created_at,
            new.created_at + FLOW_LIFE,
        ),
    )
    return superseded


async def claim(
    conn: Connection,
    user_id: UserId,
    link: Link,
    session_id: SessionId,
    state_hash: bytes,
    now: datetime,
) -> Claimed | None:
    """Take a pending flow of this very session and link; at most one caller ever succeeds."""
    cursor = await conn.execute(
        "UPDATE connect_flows SET status = 'exchanging', claimed_at = %(now)s"
        " WHERE user_id = %(user_id)s AND link = %(link)s AND session_id = %(session_id)s"
        " AND state_hash = %(state_hash)s AND status = 'pending' AND expires_at > %(now)s"
        " RETURNING id::text AS flow_id, user_id::text AS user_id, code_verifier, return_to",
        {
            "user_id": user_id,
            "link": link,
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
    link: Link,
    session_id: SessionId,
    state_hash: bytes,
    now: datetime,
) -> FlowView | None:
    """Return the flow of this session, link and state, whatever became of it."""
    cursor = await conn.execute(
        f"SELECT {_VIEW} FROM connect_flows"  # noqa: S608 - a constant list of columns
        " WHERE user_id = %s AND link = %s AND session_id = %s AND state_hash = %s",
        (user_id, link, session_id, state_hash),
    )
    row = await cursor.fetchone()
    return _view(row, now) if row else None


async def find(
    conn: Connection, user_id: UserId, link: Link, flow_id: FlowId | None, now: datetime
) -> FlowView | None:
    """Return the flow by a link, or the person's newest when no id is given."""
    cursor = await conn.execute(
        f"SELECT {_VIEW} FROM connect_flows WHERE user_id = %(user_id)s"  # noqa: S608 - as above
        " AND link = %(link)s AND (%(id)s::uuid IS NULL OR id = %(id)s) ORDER BY created_at DESC LIMIT 1",
        {"user_id": user_id, "link": link, "id": flow_id},
    )
    row = await cursor.fetchone()
    return _view(row, now) if row else None


async def finish(
    conn: Connection, user_id: UserId, flow_id: FlowId, status: FlowStatus, problem: Problem | None
) -> None:
    """Note how a claimed flow ended, and erase its verifier."""
    await conn.execute(
        "UPDATE connect_flows SET status = %s, error = %s, code_verifier = NULL"
        " WHERE user_id = %s AND id = %s AND status = 'exchanging'",
        (status, problem_json(problem), user_id, flow_id),
    )


async def chose_site(conn: Connection, user_id: UserId, link: Link) -> list[FlowId]:
    """Close the flows that waited for a choice of site; return them."""
    cursor = await conn.execute(
        "UPDATE connect_flows SET status = 'connected'"
        " WHERE user_id = %s AND link = %s AND status = 'choosing_site' RETURNING id::text AS id",
        (user_id, link),
    )
    return [FlowId(row["id"]) for row in await cursor.fetchall()]


async def still_claimed(conn: Connection, user_id: UserId, flow_id: FlowId) -> bool:
    """Whether the claimed flow was not cancelled since; locks it until the commit."""
    cursor = await conn.execute(
        "SELECT 1 FROM connect_flows WHERE user_id = %s AND id = %s AND status = 'exchanging'"
        " FOR UPDATE",
        (user_id, flow_id),
    )
    return await cursor.fetchone() is not None


async def cancel_pending(conn: Connection, user_id: UserId, link: Link) -> list[FlowId]:
    """Cancel what waits for the person at Atlassian; return what was cancelled."""
    return await _close(conn, user_id, link, FlowStatus.CANCELLED, ("pending",))


async def cancel_all(conn: Connection, user_id: UserId, link: Link) -> list[FlowId]:
    """Cancel every attempt that could still change the connection; return them."""
    return await _close(
        conn, user_id, link, FlowStatus.CANCELLED, ("pending", "exchanging", "choosing_site")
    )


async def delete_old(conn: Connection, before: datetime) -> int:
    """Delete flows that expired before an instant (worker role); return how many."""
    cursor = await conn.execute("DELETE FROM connect_flows WHERE expires_at < %s", (before,))
    return cursor.rowcount


async def _close(
    conn: Connection, user_id: UserId, link: Link, status: FlowStatus, which: tuple[str, ...]
) -> list[FlowId]:
    cursor = await conn.execute(
        "UPDATE connect_flows SET status = %s, code_verifier = NULL"
        " WHERE user_id = %s AND link = %s AND status = ANY(%s) RETURNING id::text AS id",
        (status, user_id, link, list(which)),
    )
    return [FlowId(row["id"]) for row in await cursor.fetchall()]


def _view(row: dict[str, Any], now: datetime) -> FlowView:
    """Read a row; time alone turns a pending flow into an expired one and a stuck one failed."""
    status, error = FlowStatus(row["status"]), read_problem(row["error"])
    claimed_at = row["claimed_at"]
    if status is FlowStatus.PENDING and row["expires_at"] <= now:
        status = FlowStatus.EXPIRED
    if status is FlowStatus.EXCHANGING and claimed_at + _CLAIM_LIFE <= now:
        status, error = FlowStatus.FAILED, _problem(FlowStatus.EXCHANGING, claimed_at, row)
    if error is None and status in _WORDS and status is not FlowStatus.EXCHANGING:
        error = _problem(status, row["expires_at"], row)
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
        "A newer window for connecting Atlassian was opened.",
        "Continue in the newer window, or start again.",
    ),
    FlowStatus.EXPIRED: (
        "expired",
        "The window for connecting Atlassian was open for more than 10 minutes.",
        "Start again.",
    ),
    FlowStatus.CANCELLED: (
        "cancelled",
        "This attempt to connect was cancelled.",
        "Start again when you like.",
    ),
}


def _problem(status: FlowStatus, at: datetime, row: dict[str, Any]) -> Problem:
    code, message, hint = _WORDS[status]
    return Problem(
        code=code, message=message, hint=hint, correlation_id=row["flow_id"][-12:], at=at
    )
