"""How people's connections to servers are, for administrators."""

from collections.abc import Sequence
from datetime import datetime

from xerus.db.database import Connection
from xerus.ids import UserId

# The same decisions as in `views.py`, for many at once.
_STATE = """
    CASE
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
"""
_STATES = f"""
    SELECT s.name, count(*) AS n, {_STATE}
     GROUP BY s.name, state ORDER BY s.name, state
"""
_STATES_OF = f"""
    SELECT c.user_id::text AS user_id, s.name, {_STATE}
     WHERE c.user_id = ANY(%(ids)s::uuid[]) AND s.enabled ORDER BY lower(s.name), s.id
"""


async def states(conn: Connection, now: datetime) -> list[tuple[str, str, int]]:
    """Return server, state and how many people see it so, by the server's name (worker role)."""
    found = await conn.execute(_STATES, {"now": now})
    return [(row["name"], row["state"], row["n"]) for row in await found.fetchall()]


async def states_of(
    conn: Connection, user_ids: Sequence[UserId], now: datetime
) -> list[tuple[UserId, str, str]]:
    """Return person, server and state of each connection of these people (worker role)."""
    found = await conn.execute(_STATES_OF, {"ids": list(user_ids), "now": now})
    return [(UserId(row["user_id"]), row["name"], row["state"]) for row in await found.fetchall()]
