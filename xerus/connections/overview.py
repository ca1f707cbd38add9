"""How everybody's connections are, for administrators: counts, causes, and whom a cause concerns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from xerus.connections.links import Link
from xerus.connections.store import LIVE
from xerus.db.database import Connection
from xerus.ids import UserId

# What failed last, with the renewal or with a real call.
_FAILING = sql.SQL("""
    SELECT k.user_id, k.connection_id, k.link, k.failing_since, p.problem ->> 'code' AS code,
           p.problem ->> 'message' AS message, p.problem ->> 'correlation_id' AS correlation_id,
           (p.problem ->> 'at')::timestamptz AS at
      FROM credentials k CROSS JOIN LATERAL (
           SELECT problem FROM (VALUES (k.last_error), (k.check_error)) AS both_of_them (problem)
            WHERE problem IS NOT NULL ORDER BY (problem ->> 'at')::timestamptz DESC LIMIT 1) p
     WHERE k.failing_since IS NOT NULL
""")
_CAUSES = sql.SQL("""
    SELECT link, code, count(*) AS count, min(failing_since) AS since, max(at) AS at,
           (array_agg(message ORDER BY at DESC))[1] AS message,
           (array_agg(correlation_id ORDER BY at DESC))[1] AS correlation_id
      FROM ({}) AS failing GROUP BY link, code ORDER BY count DESC, code LIMIT 20
""").format(_FAILING)
_CONCERNED = sql.SQL("""
    SELECT u.name, u.email, c.account_email, f.failing_since AS since, f.at, f.correlation_id
      FROM ({}) AS f JOIN users u ON u.id = f.user_id
      JOIN connections c ON c.user_id = f.user_id AND c.id = f.connection_id
     WHERE f.link = %s AND f.code = %s ORDER BY f.failing_since LIMIT 50
""").format(_FAILING)


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why connections fail at present.

    Attributes:
        since: when the first of them began to fail.
        at, correlation_id: of the newest failure; log and audit log have it by this id.
    """

    link: Link
    code: str
    message: str
    count: int
    since: datetime
    at: datetime
    correlation_id: str


@dataclass(frozen=True, kw_only=True)
class Concerned:
    """A person whose connection fails."""

    name: str
    email: str
    account_email: str
    since: datetime
    at: datetime
    correlation_id: str


@dataclass(frozen=True, kw_only=True)
class SharedAccount:
    """An Atlassian account that more than one person here connected."""

    link: Link
    account_email: str
    people: int


async def causes(conn: Connection) -> list[Cause]:
    """Return the causes that concern most connections, at most 20 (worker role)."""
    found = await conn.execute(_CAUSES)
    return [Cause(**{**row, "link": Link(row["link"])}) for row in await found.fetchall()]


async def concerned(conn: Connection, link: Link, code: str) -> list[Concerned]:
    """Return whom a cause concerns, the longest first, at most 50 (worker role)."""
    found = await conn.execute(_CONCERNED, (link, code))
    return [Concerned(**row) for row in await found.fetchall()]


async def shared_accounts(conn: Connection) -> list[SharedAccount]:
    """Return the accounts that several people use, those of most people first, at most 20."""
    found = await conn.execute(
        "SELECT link, max(account_email) AS account_email, count(*) AS people FROM connections"
        " WHERE status NOT IN ('disconnected', 'replaced') GROUP BY link, account_id"
        " HAVING count(*) > 1 ORDER BY people DESC, 2 LIMIT 20"
    )
    return [SharedAccount(**{**row, "link": Link(row["link"])}) for row in await found.fetchall()]


async def anybody_connected(conn: Connection) -> bool:
    """Tell whether a connection of anybody's works, or did (worker role)."""
    found = await conn.execute("SELECT FROM connections WHERE last_ok_at IS NOT NULL LIMIT 1")
    return await found.fetchone() is not None


async def has_company(conn: Connection, user_id: UserId, link: Link) -> bool:
    """Tell whether anybody else connected the account that this person did (worker role)."""
    found = await conn.execute(
        "SELECT FROM connections mine JOIN connections other"
        " ON other.link = mine.link AND other.account_id = mine.account_id"
        " WHERE mine.user_id = %s AND mine.link = %s AND other.user_id <> mine.user_id"
        " AND mine.status NOT IN ('disconnected', 'replaced')"
        " AND other.status NOT IN ('disconnected', 'replaced') LIMIT 1",
        (user_id, link),
    )
    return await found.fetchone() is not None


async def states(conn: Connection, now: datetime, ending: datetime) -> dict[tuple[Link, str], int]:
    """Return how many connections are in each state that their people see (worker role).

    Args:
        conn: of a transaction.
        now: the present.
        ending: consents to Cloud from before are in their last fortnight.
    """
    found = await conn.execute(_STATES, {"now": now, "ending": ending})
    return {(Link(row["link"]), row["state"]): row["n"] for row in await found.fetchall()}


async def states_of(
    conn: Connection, user_ids: Sequence[UserId], now: datetime, ending: datetime
) -> list[tuple[UserId, Link, str]]:
    """Return person, link and state of the newest connection of each by each (worker role).

    What was never connected has none; the times are those of `states`.
    """
    found = await conn.execute(
        _STATES_OF, {"ids": list(user_ids), "now": now, "ending": ending, "live": list(LIVE)}
    )
    return [
        (UserId(row["user_id"]), Link(row["link"]), row["state"]) for row in await found.fetchall()
    ]


# The same decisions as in `health.py`, for many at once.
_STATE = """
    CASE
           WHEN c.status = 'unproven' THEN 'degraded'
           WHEN c.status <> 'connected' THEN c.status
           WHEN k.access_expires_at <= %(now)s AND k.lease_until > now() THEN 'refreshing'
           WHEN k.access_expires_at <= %(now)s AND k.failures > 0 THEN 'degraded'
           WHEN k.failures > 0 THEN 'expiring_soon'
           WHEN c.link = 'cloud' AND c.consented_at <= %(ending)s THEN 'expiring_soon'
           WHEN k.check_outcome = 'refused' THEN 'degraded'
           ELSE 'connected' END AS state
"""
_STATES = f"""
    SELECT c.link, count(*) AS n, {_STATE}
      FROM connections c
      LEFT JOIN credentials k ON k.user_id = c.user_id AND k.connection_id = c.id
     GROUP BY c.link, state
    UNION ALL
    SELECT link, count(*), 'connecting' FROM connect_flows
     WHERE status IN ('pending', 'exchanging') AND expires_at > %(now)s GROUP BY link
"""  # noqa: S608 - text of ours
_STATES_OF = f"""
    SELECT DISTINCT ON (c.user_id, c.link) c.user_id::text AS user_id, c.link, {_STATE}
      FROM connections c
      LEFT JOIN credentials k ON k.user_id = c.user_id AND k.connection_id = c.id
     WHERE c.user_id = ANY(%(ids)s::uuid[]) AND c.status <> 'replaced'
     ORDER BY c.user_id, c.link, c.status = ANY(%(live)s) DESC, c.ended_at DESC NULLS FIRST
"""  # noqa: S608 - text of ours
