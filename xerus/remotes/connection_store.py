"""The rows of people's connections to servers, as those of `connections`, on tables of their own."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from xerus.connections import check_store
from xerus.connections.check_store import Checked
from xerus.connections.store import WORKS, read_problem
from xerus.connections.tables import Tables
from xerus.connections.views import CheckOutcome, Problem
from xerus.db.database import Connection
from xerus.ids import ConnectionId, FlowId, RemoteServerId, UserId

LIVE = ("unproven", "connected", "needs_reconnect")


@dataclass(frozen=True, kw_only=True)
class RemoteConnection:
    """A person's connection to a server; the credential's facts are None once it is erased.

    `lease_live` is judged by the database's clock.
    """

    connection_id: ConnectionId
    user_id: UserId
    server_id: RemoteServerId
    status: str
    cause: str
    granted_scopes: tuple[str, ...]
    consented_at: datetime
    last_ok_at: datetime | None
    ended_at: datetime | None
    access_until: datetime | None
    generation: int | None
    access_token: bytes | None = field(repr=False)
    refresh_token: bytes | None = field(repr=False)
    issued_at: datetime | None
    access_expires_at: datetime | None
    renew_after: datetime | None
    failures: int
    retry_at: datetime | None
    last_error: Problem | None
    lease_live: bool
    checked_at: datetime | None
    check_ms: int | None
    check_outcome: CheckOutcome | None
    check_error: Problem | None
    failing_since: datetime | None

    @property
    def live(self) -> bool:
        """Whether it is in use, however ill."""
        return self.status in LIVE

    @property
    def newest_error(self) -> Problem | None:
        """What went wrong last and is not over."""
        errors = [error for error in (self.last_error, self.check_error) if error]
        return max(errors, key=lambda error: error.at, default=None)


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A credential as it goes into its row; `renew_after` None for what is never renewed."""

    access_token: bytes = field(repr=False)
    refresh_token: bytes | None = field(repr=False)
    issued_at: datetime
    access_expires_at: datetime | None
    renew_after: datetime | None


_SELECT = """
    SELECT c.id::text AS connection_id, c.user_id::text AS user_id, c.server_id::text AS server_id,
           c.status, c.cause, c.granted_scopes, c.consented_at, c.last_ok_at, c.ended_at,
           c.access_until, k.generation, k.access_token, k.refresh_token, k.issued_at,
           k.access_expires_at, k.renew_after, coalesce(k.failures, 0) AS failures, k.retry_at,
           k.last_error, coalesce(k.lease_until > now(), false) AS lease_live, k.checked_at,
           k.check_ms, k.check_outcome, k.check_error, k.failing_since
      FROM remote_connections c
      LEFT JOIN remote_credentials k ON k.user_id = c.user_id AND k.connection_id = c.id
     WHERE c.user_id = %(user_id)s
"""


async def of_server(
    conn: Connection, user_id: UserId, server_id: RemoteServerId
) -> RemoteConnection | None:
    """Return a person's row for a server, live or ended."""
    cursor = await conn.execute(
        _SELECT + " AND c.server_id = %(server_id)s", {"user_id": user_id, "server_id": server_id}
    )
    row = await cursor.fetchone()
    return _row(row) if row else None


async def put(
    conn: Connection,
    user_id: UserId,
    server_id: RemoteServerId,
    connection_id: ConnectionId,
    *,
    scopes: tuple[str, ...],
    now: datetime,
) -> None:
    """Insert the row, or begin it anew in its place."""
    await conn.execute(
        """
        INSERT INTO remote_connections
            (id, user_id, server_id, status, granted_scopes, consented_at)
        VALUES (%(id)s, %(user_id)s, %(server_id)s, 'unproven', %(scopes)s, %(now)s)
        ON CONFLICT (user_id, server_id) DO UPDATE SET
            status = 'unproven', cause = '', granted_scopes = excluded.granted_scopes,
            consented_at = excluded.consented_at, ended_at = NULL, access_until = NULL
        """,
        {
            "id": connection_id,
            "user_id": user_id,
            "server_id": server_id,
            "scopes": list(scopes),
            "now": now,
        },
    )


async def put_credential(
    conn: Connection, user_id: UserId, connection_id: ConnectionId, sealed: Sealed
) -> None:
    """Insert what a new consent brought, or replace the present; the generation moves on."""
    await conn.execute(
        """
        INSERT INTO remote_credentials (connection_id, user_id, server_id, generation, access_token,
            refresh_token, issued_at, access_expires_at, renew_after, check_after)
        SELECT id, user_id, server_id, last_generation + 1, %(access)s, %(refresh)s, %(issued)s,
            %(expires)s, %(after)s, %(issued)s::timestamptz + interval '1 day'
          FROM remote_connections WHERE user_id = %(user_id)s AND id = %(id)s
        ON CONFLICT (user_id, connection_id) DO UPDATE SET
            generation = remote_credentials.generation + 1, access_token = excluded.access_token,
            refresh_token = excluded.refresh_token, issued_at = excluded.issued_at,
            access_expires_at = excluded.access_expires_at, renew_after = excluded.renew_after,
            lease_owner = NULL, lease_until = NULL, failures = 0, retry_at = NULL,
            last_error = NULL, check_after = excluded.check_after, checked_at = NULL,
            check_ms = NULL, check_outcome = NULL, check_error = NULL, failing_since = NULL
        """,
        {
            "id": connection_id,
            "user_id": user_id,
            "access": sealed.access_token,
            "refresh": sealed.refresh_token,
            "issued": sealed.issued_at,
            "expires": sealed.access_expires_at,
            "after": sealed.renew_after,
        },
    )


async def note_check(
    conn: Connection,
    tables: Tables,
    user_id: UserId,
    connection_id: ConnectionId,
    checked: Checked,
) -> None:
    """Keep how the last call went; one that succeeded makes the connection connected."""
    await check_store.write(conn, tables, user_id, connection_id, checked)
    if checked.error is None:
        await conn.execute(
            "UPDATE remote_connections SET status = 'connected', cause = '', last_ok_at = %s"
            " WHERE user_id = %s AND id = %s AND status IN ('unproven', 'connected')",
            (checked.at, user_id, connection_id),
        )


async def needs_reconnect(
    conn: Connection, user_id: UserId, connection_id: ConnectionId, cause: str
) -> bool:
    """Mark a live connection dead, its tokens kept; False where it has ended or was dead already."""
    cursor = await conn.execute(
        "UPDATE remote_connections SET status = 'needs_reconnect', cause = %s"
        " WHERE user_id = %s AND id = %s AND status IN ('unproven', 'connected')",
        (cause, user_id, connection_id),
    )
    return cursor.rowcount == 1


async def end(
    conn: Connection, user_id: UserId, server_id: RemoteServerId, now: datetime
) -> ConnectionId | None:
    """End a live connection and erase its tokens; None when there is none."""
    cursor = await conn.execute(
        "UPDATE remote_connections SET status = 'disconnected', cause = '', ended_at = %s"
        " WHERE user_id = %s AND server_id = %s AND status = ANY(%s) RETURNING id::text AS id",
        (now, user_id, server_id, list(LIVE)),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    connection_id = ConnectionId(row["id"])
    await conn.execute(
        """
        WITH gone AS (
            DELETE FROM remote_credentials WHERE user_id = %s AND connection_id = %s
            RETURNING user_id, connection_id, generation, access_expires_at)
        UPDATE remote_connections c
           SET last_generation = gone.generation, access_until = gone.access_expires_at
          FROM gone WHERE c.user_id = gone.user_id AND c.id = gone.connection_id
        """,
        (user_id, connection_id),
    )
    return connection_id


async def note_end(
    conn: Connection, user_id: UserId, connection_id: ConnectionId, words: str
) -> None:
    """Keep what the other side was told of the end of a connection."""
    await conn.execute(
        "UPDATE remote_connections SET cause = %s"
        " WHERE user_id = %s AND id = %s AND status = 'disconnected'",
        (words, user_id, connection_id),
    )


async def issuer_of(conn: Connection, user_id: UserId, flow_id: FlowId) -> str:
    """Return the authorization server that an attempt was begun at, '' if it is gone."""
    cursor = await conn.execute(
        "SELECT issuer FROM remote_flows WHERE user_id = %s AND id = %s", (user_id, flow_id)
    )
    row = await cursor.fetchone()
    return row["issuer"] if row else ""


async def take_due_checks(
    conn: Connection, now: datetime, *, until: datetime, limit: int
) -> list[tuple[UserId, RemoteServerId]]:
    """Take up to `limit` connections whose next real call is due (worker role).

    Nobody else takes them before `until`.
    """
    cursor = await conn.execute(
        f"""
        UPDATE remote_credentials k SET check_after = %(until)s
          FROM (SELECT k.user_id, k.connection_id
                  FROM remote_credentials k
                  JOIN remote_connections c ON c.user_id = k.user_id AND c.id = k.connection_id
                 WHERE k.check_after <= %(now)s AND c.status IN ('unproven', 'connected')
                   AND k.{WORKS}
                 ORDER BY k.check_after LIMIT %(limit)s FOR UPDATE OF k SKIP LOCKED) due
         WHERE k.user_id = due.user_id AND k.connection_id = due.connection_id
        RETURNING k.user_id::text AS user_id, k.server_id::text AS server_id
        """,  # noqa: S608 - text of ours
        {"now": now, "until": until, "limit": limit},
    )
    return [
        (UserId(row["user_id"]), RemoteServerId(row["server_id"]))
        for row in await cursor.fetchall()
    ]


def _row(row: dict[str, Any]) -> RemoteConnection:
    sealed = {
        name: bytes(row[name]) if row[name] is not None else None
        for name in ("access_token", "refresh_token")
    }
    return RemoteConnection(
        **{
            **row,
            **sealed,
            "granted_scopes": tuple(row["granted_scopes"]),
            "last_error": read_problem(row["last_error"]),
            "check_error": read_problem(row["check_error"]),
            "check_outcome": row["check_outcome"] and CheckOutcome(row["check_outcome"]),
        }
    )
