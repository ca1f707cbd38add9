"""The figures of everybody's connections to servers, and of the servers, for `/metrics`."""

from dataclasses import dataclass
from datetime import datetime

from xerus.connections.store import WORKS
from xerus.db.database import Connection
from xerus.remotes.connection_store import LIVE

STATUSES = (*LIVE, "disconnected")
_CONNECTIONS = "SELECT status, count(*) AS n FROM remote_connections GROUP BY status"
_CREDENTIALS = f"""
SELECT count(*) FILTER (WHERE k.failing_since IS NOT NULL) AS failing,
       count(*) FILTER (WHERE k.renew_after <= %(now)s AND k.{WORKS}) AS due,
       min(k.renew_after) FILTER (WHERE k.renew_after <= %(now)s AND k.{WORKS}) AS oldest
  FROM remote_credentials k
  JOIN remote_connections c ON c.user_id = k.user_id AND c.id = k.connection_id
 WHERE c.status IN ('unproven', 'connected')
"""  # noqa: S608 - text of ours
_SERVERS = """
SELECT count(*) FILTER (WHERE enabled AND away_since IS NULL) AS there,
       count(*) FILTER (WHERE enabled AND away_since IS NOT NULL) AS away,
       count(*) FILTER (WHERE NOT enabled) AS off
  FROM remote_servers
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
