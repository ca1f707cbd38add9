"""What a person should know of their connections to other MCP servers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from xerus.db.database import Connection
from xerus.ids import UserId
from xerus.notices.notice import Notice
from xerus.notices.personal import FAILING_FOR, FAILING_LONG

# What there may be to say of, of one person or of everybody.
AILING = """
  FROM remote_connections c
  JOIN remote_servers s ON s.id = c.server_id AND s.enabled
  LEFT JOIN remote_credentials k ON k.user_id = c.user_id AND k.connection_id = c.id
 WHERE (c.status = 'needs_reconnect'
        OR (c.status IN ('unproven', 'connected') AND k.failing_since IS NOT NULL))
"""
_CANDIDATES = f"""
SELECT c.user_id::text AS user_id, c.server_id::text AS server_id, s.slug, s.name,
       c.status = 'needs_reconnect' AS needs_reconnect, k.failing_since,
       coalesce((k.last_error ->> 'at')::timestamptz, c.consented_at) AS ended_at
{AILING}
   AND (c.user_id, c.server_id) > (%(user)s::uuid, %(server)s::uuid)
   AND EXISTS (SELECT FROM users u LEFT JOIN mail_choices m ON m.user_id = u.id
                WHERE u.id = c.user_id AND u.email <> '' AND coalesce(m.wanted, true))
 ORDER BY c.user_id, c.server_id LIMIT %(most)s
"""  # noqa: S608 - a constant


@dataclass(frozen=True, kw_only=True)
class AtServer:
    """A connection that ails: it has to be made again, or does not answer since `failing_since`."""

    slug: str
    name: str
    needs_reconnect: bool
    ended_at: datetime
    failing_since: datetime | None


def of_servers(standings: Iterable[AtServer], now: datetime) -> Iterator[Notice]:
    """Yield what there is to know, in the same measure as of Atlassian."""
    for one in standings:
        if one.needs_reconnect:
            yield _reconnect(one)
        elif one.failing_since is not None and now - one.failing_since >= FAILING_FOR:
            yield _failing(one, one.failing_since, now)


async def candidates(
    conn: Connection, *, after: tuple[str, str], most: int
) -> list[tuple[UserId, str, AtServer]]:
    """Return connections that there may be something to write about, after this person and server.

    Each with its person and its server's id (worker role).
    """
    values = {"user": after[0], "server": after[1], "most": most}
    found = await (await conn.execute(_CANDIDATES, values)).fetchall()
    return [(UserId(row.pop("user_id")), row.pop("server_id"), AtServer(**row)) for row in found]


def _reconnect(one: AtServer) -> Notice:
    return Notice(
        cause=f"server-{one.slug}:reconnect",
        level=1,
        kind="bad",
        title=f"{one.name} has to be connected again.",
        text="Until then the chat cannot use its tools for you.",
        since=one.ended_at,
        page="/tools",
        action="Reconnect",
        server=one.slug,
        help="reconnect",
    )


def _failing(one: AtServer, since: datetime, now: datetime) -> Notice:
    long = now - since >= FAILING_LONG
    return Notice(
        cause=f"server-{one.slug}:failing",
        level=2 if long else 1,
        kind="bad" if long else "warn",
        title=f"{one.name} has not answered as it should for a while.",
        text="Your connection is kept and tried again by itself. Its page says what went wrong.",
        since=since,
        page="/tools",
        action="Look at it",
        help="trouble",
    )
