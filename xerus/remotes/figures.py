"""The figures of everybody's connections to servers, and of the servers, for `/metrics`."""

from dataclasses import dataclass
from datetime import datetime

from xerus.db.database import Connection
from xerus.remotes.connection_store import LIVE

STATUSES = (*LIVE, "disconnected")
_CONNECTIONS = "SELECT status, count(*) AS n FROM remote_connections GROUP BY status"
_CREDENTIALS = """
SELECT count(*) FILTER (WHERE k.failing_since IS NOT NULL) AS failing,
       count(*) FILTER (WHERE k.renew_after <= %(now)s) AS due,
       min(k.renew_after) FILTER (WHERE k.renew_after <= %(now)s) AS oldest
  FROM remote_credentials k
  JOIN remote_connections c ON c.user_id = k.user_id AND c.id = k.connection_id
 WHERE c.status IN ('unproven', 'connected')
"""
_SERVERS = """
SELECT count(*) FILTER (WHERE enabled AND away_since IS NULL) AS there,
       count(*) FILTER (WHERE enabled AND away_since IS NOT NULL) AS away,
       count(*) FILTER (WHERE NOT enabled) AS off
  FROM remote_servers
"""
# The same decisions as in `views.py`, for many at once.
_STATES = """
SELECT s.name, count(*) AS n, CASE
           WHEN c.status = 'unproven' THEN 'degraded'
           WHEN c.status <> 'connected' THEN c.status
           WHEN k.refresh_token IS NULL AND k.access_expires_at <= %(now)s THEN 'needs_reconnect'
           WHEN k.access_expires_at <= %(now)s AND k.lease_until > now() THEN 'refreshing'
           WHEN k.access_expires_at <= %(now)s AND k.failures > 0 THEN 'degraded'
           WHEN k.failures > 0 THEN 'expiring_soon'
           WHEN k.refresh_token IS NULL AND k.access_expires_at - %(now)s
                <= least(interval '14 days', (k.access_expires_at - k.issued_at) / 5)
                THEN 'expiring_soon'
           WHEN k.check_outcome = 'refused' THEN 'degraded'
           ELSE 'connected' END AS state
  FROM remote_connections c
  JOIN remote_servers s ON s.id = c.server_id
  LEFT JOIN remote_credentials k ON k.user_id = c.user_id AND k.connection_id = c.id
 GROUP BY s.name, state ORDER BY s.name, state
"""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How many: connections by stored status, failing ones, renewals due, servers by state.

    `oldest` is when the renewal that has been due for longest became so.
    """

    statuses: dict[str, int]
    failing: int
    due: int
    oldest: datetime | None
    servers: dict[str, int]


async def read(conn: Connection, now: datetime) -> Figures:
    """Return them (worker role)."""
    statuses = await (await conn.execute(_CONNECTIONS)).fetchall()
    credentials = await (await conn.execute(_CREDENTIALS, {"now": now})).fetchone()
    servers = await (await conn.execute(_SERVERS)).fetchone()
    assert credentials is not None
    assert servers is not None
    return Figures(
        statuses={row["status"]: row["n"] for row in statuses},
        **credentials,
        servers=dict(servers),
    )


async def states(conn: Connection, now: datetime) -> list[tuple[str, str, int]]:
    """Return server, state and how many people see it so, by the server's name (worker role)."""
    found = await conn.execute(_STATES, {"now": now})
    return [(row["name"], row["state"], row["n"]) for row in await found.fetchall()]
