"""The rows of connections and of their credentials. Each function runs in the caller's transaction.

Row-level security shows a caller the rows of the transaction's user only; the user stands in the
conditions as well, so that a query means the same under the worker's role.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from xerus.connections.links import Link
from xerus.connections.sites import GrantedSite
from xerus.connections.views import CheckOutcome, Problem
from xerus.db.database import Connection
from xerus.errors import NotFound
from xerus.ids import CloudId, ConnectionId, UserId

# Of a person whom an administrator keeps out everything rests as it is.
WORKS = "user_id NOT IN (SELECT id FROM users WHERE disabled_at IS NOT NULL)"
LIVE = ("unproven", "choosing_site", "connected", "needs_reconnect")


@dataclass(frozen=True, kw_only=True)
class ConnectionRow:
    """A connection as stored; the credential's facts are None once it is erased.

    `lease_live` is judged by the database's clock. `last_error` is the renewal's, `check_error` a real
    call's; `replaced_account` is the one that this connection took the place of. `access_until` says
    until when the access token of a connection that ended would have been of use.
    """

    connection_id: ConnectionId
    user_id: UserId
    link: Link
    account_id: str
    account_email: str
    account_name: str
    sites: tuple[GrantedSite, ...]
    chosen_cloud_id: CloudId | None
    granted_scopes: frozenset[str]
    status: str
    cause: str
    consented_at: datetime
    last_ok_at: datetime | None
    ended_at: datetime | None
    access_until: datetime | None
    generation: int | None
    issued_at: datetime | None
    access_expires_at: datetime | None
    access_token: bytes | None
    failures: int
    retry_at: datetime | None
    last_error: Problem | None
    lease_live: bool
    replaced_account: str | None
    checked_at: datetime | None
    check_ms: int | None
    check_outcome: CheckOutcome | None
    check_error: Problem | None
    failing_since: datetime | None

    @property
    def newest_error(self) -> Problem | None:
        """What went wrong last and is not over: with the renewal, or with a real call."""
        errors = [error for error in (self.last_error, self.check_error) if error]
        return max(errors, key=lambda error: error.at, default=None)

    @property
    def live(self) -> bool:
        """Whether this is the connection in use, however ill."""
        return self.status in LIVE


@dataclass(frozen=True, kw_only=True)
class NewConnection:
    """What a consent brought: the person's account, its sites, and what was granted."""

    user_id: UserId
    link: Link
    account_id: str
    account_email: str
    account_name: str
    sites: tuple[GrantedSite, ...]
    chosen_cloud_id: CloudId | None
    granted_scopes: frozenset[str]
    status: str
    consented_at: datetime


@dataclass(frozen=True, kw_only=True)
class SealedTokens:
    """A pair as it goes into the row, sealed for exactly that row."""

    access_token: bytes
    refresh_token: bytes
    issued_at: datetime
    access_expires_at: datetime
    renew_after: datetime


_SELECT = """
    SELECT c.id::text AS connection_id, c.user_id::text AS user_id, c.link, c.account_id, c.account_email,
           c.account_name, c.sites, c.chosen_cloud_id, c.granted_scopes, c.status,
           c.cause, c.consented_at, c.last_ok_at, k.generation, k.issued_at, k.access_expires_at,
           k.access_token, coalesce(k.failures, 0) AS failures, k.retry_at, k.last_error,
           coalesce(k.lease_until > now(), false) AS lease_live, c.ended_at, c.access_until,
           k.checked_at,
           k.check_ms, k.check_outcome, k.check_error, k.failing_since,
           (SELECT r.account_email FROM connections r
             WHERE r.user_id = c.user_id AND r.link = c.link AND r.status = 'replaced'
               AND r.ended_at = c.consented_at LIMIT 1) AS replaced_account
      FROM connections c
      LEFT JOIN credentials k ON k.user_id = c.user_id AND k.connection_id = c.id
     WHERE c.user_id = %(user_id)s AND c.link = %(link)s
"""


async def serialize(conn: Connection, user_id: UserId) -> None:
    """Let changes of one person's connection run one after the other, until the commit."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (user_id,))


async def newest(conn: Connection, user_id: UserId, link: Link) -> ConnectionRow | None:
    """Return the person's live connection by a link, else the one that ended last, else None."""
    cursor = await conn.execute(
        _SELECT + " ORDER BY c.status = ANY(%(live)s) DESC, c.ended_at DESC NULLS FIRST LIMIT 1",
        {"user_id": user_id, "link": link, "live": list(LIVE)},
    )
    row = await cursor.fetchone()
    return _row(row) if row else None


async def account_connection_id(
    conn: Connection, user_id: UserId, link: Link, account_id: str
) -> ConnectionId | None:
    """Return the id of the row of this account, live or ended."""
    cursor = await conn.execute(
        "SELECT id::text AS id FROM connections WHERE user_id = %s AND link = %s"
        " AND account_id = %s",
        (user_id, link, account_id),
    )
    row = await cursor.fetchone()
    return ConnectionId(row["id"]) if row else None


async def end_others(
    conn: Connection, user_id: UserId, link: Link, account_id: str, now: datetime
) -> list[tuple[ConnectionId, str]]:
    """End the live connection of any other account by this link and erase its tokens.

    Returns the ids and account e-mails of what was ended: none or one.
    """
    cursor = await conn.execute(
        "UPDATE connections SET status = 'replaced', cause = '', ended_at = %(now)s"
        " WHERE user_id = %(user_id)s AND link = %(link)s AND account_id <> %(account_id)s"
        " AND status = ANY(%(live)s) RETURNING id::text AS id, account_email",
        {
            "user_id": user_id,
            "link": link,
            "account_id": account_id,
            "now": now,
            "live": list(LIVE),
        },
    )
    ended = [(ConnectionId(row["id"]), row["account_email"]) for row in await cursor.fetchall()]
    for connection_id, _ in ended:
        await erase_credential(conn, user_id, connection_id)
    return ended


async def put_connection(conn: Connection, connection_id: ConnectionId, new: NewConnection) -> None:
    """Insert the connection, or renew the row of the same user and account in place."""
    await conn.execute(
        """
        INSERT INTO connections (id, user_id, link, account_id, account_email, account_name, sites,
            chosen_cloud_id, granted_scopes, status, consented_at)
        VALUES (%(id)s, %(user_id)s, %(link)s, %(account_id)s, %(account_email)s,
            %(account_name)s, %(sites)s, %(chosen)s, %(granted)s, %(status)s, %(consented_at)s)
        ON CONFLICT (user_id, link, account_id) DO UPDATE SET
            account_email = excluded.account_email, account_name = excluded.account_name,
            sites = excluded.sites, chosen_cloud_id = excluded.chosen_cloud_id,
            granted_scopes = excluded.granted_scopes,
            status = excluded.status, cause = '', consented_at = excluded.consented_at,
            ended_at = NULL
        """,
        {
            "id": connection_id,
            "user_id": new.user_id,
            "link": new.link,
            "account_id": new.account_id,
            "account_email": new.account_email,
            "account_name": new.account_name,
            "sites": Jsonb([site.to_json() for site in new.sites]),
            "chosen": new.chosen_cloud_id,
            "granted": sorted(new.granted_scopes),
            "status": new.status,
            "consented_at": new.consented_at,
        },
    )


async def put_credential(
    conn: Connection,
    user_id: UserId,
    connection_id: ConnectionId,
    sealed: SealedTokens,
) -> None:
    """Insert the pair of a new consent, or replace the present one.

    The generation moves on, also from that of an erased pair, so that a renewal of the old pair
    under way cannot overwrite it.
    """
    await conn.execute(
        """
        INSERT INTO credentials (connection_id, user_id, link, generation, access_token, refresh_token,
            issued_at, access_expires_at, renew_after, check_after)
        SELECT id, user_id, link, last_generation + 1, %(access)s, %(refresh)s, %(issued)s,
            %(expires)s, %(after)s, %(issued)s::timestamptz + interval '1 day'
          FROM connections WHERE user_id = %(user_id)s AND id = %(id)s
        ON CONFLICT (user_id, connection_id) DO UPDATE SET
            generation = credentials.generation + 1, access_token = excluded.access_token,
            refresh_token = excluded.refresh_token, issued_at = excluded.issued_at,
            access_expires_at = excluded.access_expires_at, renew_after = excluded.renew_after,
            lease_owner = NULL, lease_until = NULL, failures = 0, retry_at = NULL,
            last_error = NULL, check_after = excluded.check_after, checked_at = NULL,
            check_ms = NULL, check_outcome = NULL, check_error = NULL, failing_since = NULL
        """,
        {"id": connection_id, "user_id": user_id, **sealed_params(sealed)},
    )


async def erase_credential(conn: Connection, user_id: UserId, connection_id: ConnectionId) -> None:
    """Delete the tokens of a connection, and keep until when they would have been of use."""
    await conn.execute(
        """
        WITH gone AS (
            DELETE FROM credentials WHERE user_id = %s AND connection_id = %s
            RETURNING user_id, connection_id, generation, access_expires_at)
        UPDATE connections c
           SET last_generation = gone.generation, access_until = gone.access_expires_at
          FROM gone WHERE c.user_id = gone.user_id AND c.id = gone.connection_id
        """,
        (user_id, connection_id),
    )


async def set_proven(
    conn: Connection,
    user_id: UserId,
    connection_id: ConnectionId,
    *,
    chosen: CloudId,
    now: datetime,
) -> None:
    """Note a real call that succeeded on `chosen`: the connection is connected from now on.

    Raises:
        NotFound: it has ended in the meantime, or needs a new consent.
    """
    cursor = await conn.execute(
        "UPDATE connections SET status = 'connected', cause = '', chosen_cloud_id = %s,"
        " last_ok_at = %s WHERE user_id = %s AND id = %s"
        " AND status IN ('unproven', 'choosing_site', 'connected')",
        (chosen, now, user_id, connection_id),
    )
    if cursor.rowcount == 0:
        raise NotFound("This connection has ended.", hint="Connect Atlassian again.")


async def end(
    conn: Connection, user_id: UserId, link: Link, now: datetime
) -> tuple[ConnectionId, str] | None:
    """End the live connection by a link and erase its tokens; None when there is none."""
    cursor = await conn.execute(
        "UPDATE connections SET status = 'disconnected', cause = '', ended_at = %s"
        " WHERE user_id = %s AND link = %s AND status = ANY(%s)"
        " RETURNING id::text AS id, account_email",
        (now, user_id, link, list(LIVE)),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    connection_id = ConnectionId(row["id"])
    await erase_credential(conn, user_id, connection_id)
    return connection_id, row["account_email"]


async def live_among(conn: Connection, ids: Sequence[str]) -> set[str]:
    """Return which of these are live connections of anybody, or people (worker role)."""
    cursor = await conn.execute(
        "SELECT id::text AS id FROM connections"
        " WHERE id = ANY(%(ids)s::uuid[]) AND status = ANY(%(live)s)"
        " UNION ALL SELECT id::text AS id FROM users WHERE id = ANY(%(ids)s::uuid[])"
        " AND disabled_at IS NULL",
        {"ids": list(ids), "live": list(LIVE)},
    )
    return {row["id"] for row in await cursor.fetchall()}


async def count_by_status(conn: Connection) -> dict[tuple[Link, str], int]:
    """Return how many connections of everybody are in each stored status (worker role)."""
    cursor = await conn.execute(
        "SELECT link, status, count(*) AS n FROM connections GROUP BY link, status"
        " ORDER BY link, status"
    )
    return {(Link(row["link"]), row["status"]): row["n"] for row in await cursor.fetchall()}


async def count_failing(conn: Connection) -> dict[Link, int]:
    """Return how many connections' last renewal or check failed (worker role)."""
    cursor = await conn.execute(
        "SELECT link, count(*) AS n FROM credentials WHERE failing_since IS NOT NULL GROUP BY link"
    )
    return {Link(row["link"]): row["n"] for row in await cursor.fetchall()}


async def count_due(conn: Connection, now: datetime) -> list[tuple[Link, int, datetime]]:
    """Return for each link how many renewals are due, and since when the oldest (worker role)."""
    cursor = await conn.execute(
        "SELECT link, count(*) AS n, min(renew_after) AS oldest FROM credentials"  # noqa: S608 - text of ours
        f" WHERE renew_after <= %s AND {WORKS} GROUP BY link",
        (now,),
    )
    return [(Link(row["link"]), row["n"], row["oldest"]) for row in await cursor.fetchall()]


def sealed_params(sealed: SealedTokens) -> dict[str, Any]:
    """Return the query parameters of a sealed pair."""
    return {
        "access": sealed.access_token,
        "refresh": sealed.refresh_token,
        "issued": sealed.issued_at,
        "expires": sealed.access_expires_at,
        "after": sealed.renew_after,
    }


def problem_json(problem: Problem | None) -> Jsonb | None:
    """Return the stored form of a problem."""
    if problem is None:
        return None
    return Jsonb(
        {
            "code": problem.code,
            "message": problem.message,
            "hint": problem.hint,
            "correlation_id": problem.correlation_id,
            "at": problem.at.isoformat(),
        }
    )


def read_problem(stored: dict[str, str] | None) -> Problem | None:
    """Read the stored form of a problem back."""
    if stored is None:
        return None
    return Problem(
        code=stored["code"],
        message=stored["message"],
        hint=stored["hint"],
        correlation_id=stored["correlation_id"],
        at=datetime.fromisoformat(stored["at"]),
    )


def _row(row: dict[str, Any]) -> ConnectionRow:
    return ConnectionRow(
        **{
            **row,
            "link": Link(row["link"]),
            "sites": tuple(GrantedSite.from_json(site) for site in row["sites"]),
            "granted_scopes": frozenset(row["granted_scopes"]),
            "last_error": read_problem(row["last_error"]),
            "check_error": read_problem(row["check_error"]),
            "check_outcome": row["check_outcome"] and CheckOutcome(row["check_outcome"]),
        }
    )
