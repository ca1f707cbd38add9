"""How a person's connection to a server stands, in the words of `connections.views`."""

from datetime import datetime, timedelta

from xerus.connections.views import CheckOutcome, ConnectionView, FlowView, State
from xerus.remotes.connection_store import RemoteConnection
from xerus.remotes.servers import Auth, Registered, RemoteServer

_WARN_BEFORE = timedelta(days=14)


def away(server: RemoteServer) -> str:
    """Return since when a server does not answer, in words; '' while it does."""
    at = server.away_since
    return f"It does not answer since {at.day} {at:%B, %H:%M} UTC." if at else ""


def shared_view(row: Registered) -> ConnectionView:
    """Return the view of a server that nobody has to connect."""
    how = "with a key of your administrator's" if row.server.auth is Auth.API_KEY else "as it is"
    if row.reach_error is not None:
        return ConnectionView(
            state=State.DEGRADED,
            cause=away(row.server) or row.reach_error.message,
            hint=row.reach_error.hint or "It is tried again by itself.",
            since=row.server.away_since or row.reach_error.at,
            last_error=row.reach_error,
        )
    return ConnectionView(
        state=State.CONNECTED,
        cause=f"Everybody here uses it {how}.",
        hint="There is nothing for you to connect.",
        since=row.reached_at or row.added_at,
        last_ok_at=row.reached_at,
    )


def own_view(
    row: Registered, mine: RemoteConnection | None, flow: FlowView | None, *, now: datetime
) -> ConnectionView:
    """Return the view of a person's own connection."""
    waiting = flow is not None and flow.open
    begun_at = flow.created_at if flow and waiting else None
    if mine is None:
        state = State.CONNECTING if waiting else State.NOT_CONNECTED
        return ConnectionView(state=state, since=begun_at)
    if not mine.live:
        return ConnectionView(
            state=State.CONNECTING if waiting else State.DISCONNECTED,
            cause="" if waiting else mine.cause,
            since=begun_at or mine.ended_at,
            ended_at=mine.ended_at,
            access_until=mine.access_until,
        )
    state, cause, hint = _state_of(row, mine, now)
    since = _since(state, mine)
    if waiting and state is State.NEEDS_RECONNECT:
        state, cause, hint, since = State.CONNECTING, "", "", begun_at
    return ConnectionView(
        state=state,
        cause=cause,
        hint=hint,
        since=since,
        connection_id=mine.connection_id,
        scopes=frozenset(mine.granted_scopes),
        connected_at=mine.consented_at,
        access_expires_at=mine.access_expires_at,
        refreshed_at=mine.issued_at if row.server.auth is Auth.OAUTH else None,
        last_ok_at=mine.last_ok_at,
        last_error=mine.newest_error,
        failing_since=mine.failing_since,
        checked_at=mine.checked_at,
        check_seconds=None if mine.check_ms is None else mine.check_ms / 1000,
        retry_at=mine.retry_at,
    )


def runs_out(mine: RemoteConnection, now: datetime) -> bool:
    """Whether a token that has no successor is over."""
    ends_at = mine.access_expires_at
    return mine.refresh_token is None and ends_at is not None and ends_at <= now


def _state_of(row: Registered, mine: RemoteConnection, now: datetime) -> tuple[State, str, str]:
    """Return the state word of a live connection, why, and the next step."""
    name = row.server.name
    if mine.status == "needs_reconnect":
        return State.NEEDS_RECONNECT, mine.cause, f"Reconnect {name}."
    if runs_out(mine, now):
        return State.NEEDS_RECONNECT, f"The access that {name} gave has run out.", "Reconnect."
    if mine.status == "unproven":
        return _degraded(mine, f"No call to {name} has succeeded yet.")
    return _token_state(mine, now) or _call_state(name, mine, now)


def _token_state(mine: RemoteConnection, now: datetime) -> tuple[State, str, str] | None:
    """Return the state where a renewal is under way or failed, else None."""
    expired = mine.access_expires_at is not None and mine.access_expires_at <= now
    if mine.lease_live and expired:
        return State.REFRESHING, "The connection is being renewed.", ""
    if mine.failures and expired:
        return _degraded(mine, "The connection could not be renewed.")
    if mine.failures:
        error = mine.last_error
        return State.EXPIRING_SOON, error.message if error else "", "It is tried again."
    return None


def _call_state(name: str, mine: RemoteConnection, now: datetime) -> tuple[State, str, str]:
    if _ends_soon(mine, now):
        return State.EXPIRING_SOON, f"{name} gave an access that cannot be renewed.", "Reconnect."
    if mine.check_outcome is CheckOutcome.REFUSED:
        return _degraded(mine, "The last call was refused.")
    return State.CONNECTED, "", ""


def _ends_soon(mine: RemoteConnection, now: datetime) -> bool:
    if mine.refresh_token is not None or mine.access_expires_at is None or not mine.issued_at:
        return False
    life = mine.access_expires_at - mine.issued_at
    return mine.access_expires_at - now <= min(_WARN_BEFORE, life / 5)


def _degraded(mine: RemoteConnection, cause: str) -> tuple[State, str, str]:
    error = mine.newest_error
    hint = error.hint if error and error.hint else "Press Test now."
    return State.DEGRADED, error.message if error else cause, hint


def _since(state: State, mine: RemoteConnection) -> datetime | None:
    match state:
        case State.CONNECTED:
            return mine.last_ok_at
        case State.REFRESHING:
            return mine.access_expires_at
        case State.NEEDS_RECONNECT if mine.last_error:
            return mine.last_error.at
        case _:
            return mine.failing_since or mine.consented_at
