"""The rows of servers. Each function runs in the caller's transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from xerus.connections.store import problem_json, read_problem
from xerus.connections.views import Problem
from xerus.db.database import Connection
from xerus.ids import RemoteServerId, UserId
from xerus.remotes.servers import Auth, OAuthClient, Registered, RemoteServer

SEALED = ("shared_key", "client_secret", "registration_token")
# What the gate may read.
_PLAIN = (
    "id::text AS id, slug, name, url, auth, enabled, hands_atlassian_token, trusts_annotations,"
    " key_header, key_of_each,"
    " oauth, added_at, reached_at, reach_ms, reach_error, away_since, tools"
)
_REACHED = """
    UPDATE remote_servers
       SET reached_at = %(at)s, reach_ms = %(ms)s, reach_error = %(error)s,
           away_since = CASE WHEN %(away)s THEN coalesce(away_since, %(at)s) END,
           reach_failures = CASE WHEN NOT %(away)s THEN 0
                                 WHEN %(greeted)s THEN least(reach_failures + 1, 10)
                                 ELSE reach_failures END,
           reach_after = CASE WHEN NOT %(away)s THEN %(at)s + interval '15 minutes' * %(spread)s
                              WHEN %(greeted)s THEN %(at)s + %(spread)s
                                * least(interval '2 minutes' * power(2, reach_failures),
                                        interval '1 hour')
                              ELSE least(reach_after, %(at)s + interval '2 minutes' * %(spread)s)
                         END
     WHERE id = %(id)s
"""
_CHANGEABLE = frozenset(
    {
        "name",
        "enabled",
        "hands_atlassian_token",
        "trusts_annotations",
        "key_header",
        "oauth",
        *SEALED,
    }
)


async def insert(conn: Connection, new: Registered) -> bool:
    """Store a new server (gate role); False, and nothing done, where its short name is taken."""
    server = new.server
    cursor = await conn.execute(
        "INSERT INTO remote_servers (id, slug, name, url, auth, enabled, key_header, key_of_each,"
        " oauth, added_at, shared_key, client_secret, registration_token)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (slug) DO NOTHING",
        (
            server.id,
            server.slug,
            server.name,
            server.url,
            server.auth,
            new.enabled,
            new.key_header,
            new.key_of_each,
            Jsonb(new.oauth.to_json()) if new.oauth else None,
            new.added_at,
            new.shared_key,
            new.client_secret,
            new.registration_token,
        ),
    )
    return cursor.rowcount == 1


async def all_plain(conn: Connection) -> list[tuple[Registered, int, int]]:
    """Return every server without its secrets, with two numbers of people (gate role).

    How many have connected it, and how many of them have to do so again.
    """
    cursor = await conn.execute(
        f"SELECT {_PLAIN}, (SELECT count(*) FROM remote_connections c"  # noqa: S608 - a constant
        " WHERE c.server_id = s.id AND c.status <> 'disconnected') AS people,"
        " (SELECT count(*) FROM remote_connections c"
        " WHERE c.server_id = s.id AND c.status = 'needs_reconnect') AS ended"
        " FROM remote_servers s ORDER BY name, slug"
    )
    return [(_row(row), row["people"], row["ended"]) for row in await cursor.fetchall()]


async def plain(
    conn: Connection, server_id: RemoteServerId, *, lock: bool = False
) -> Registered | None:
    """Return a server without its secrets (gate role); `lock` holds it until the commit."""
    cursor = await conn.execute(
        f"SELECT {_PLAIN} FROM remote_servers WHERE id = %s"  # noqa: S608 - a constant
        + (" FOR UPDATE" if lock else ""),
        (server_id,),
    )
    row = await cursor.fetchone()
    return _row(row) if row else None


async def enabled(conn: Connection) -> list[Registered]:
    """Return the servers that people may use, with their secrets (app role)."""
    cursor = await conn.execute(
        "SELECT *, id::text AS id FROM remote_servers WHERE enabled ORDER BY name, slug"
    )
    return [_row(row) for row in await cursor.fetchall()]


async def all_with_secrets(conn: Connection) -> list[Registered]:
    """Return every server with its secrets (worker role)."""
    cursor = await conn.execute("SELECT *, id::text AS id FROM remote_servers ORDER BY slug")
    return [_row(row) for row in await cursor.fetchall()]


async def by_id(conn: Connection, server_id: RemoteServerId) -> Registered | None:
    """Return a server with its secrets (app or worker role)."""
    cursor = await conn.execute(
        "SELECT *, id::text AS id FROM remote_servers WHERE id = %s", (server_id,)
    )
    row = await cursor.fetchone()
    return _row(row) if row else None


async def by_slug(conn: Connection, slug: str) -> Registered | None:
    """Return a server with its secrets by its short name (app role)."""
    cursor = await conn.execute(
        "SELECT *, id::text AS id FROM remote_servers WHERE slug = %s", (slug,)
    )
    row = await cursor.fetchone()
    return _row(row) if row else None


async def change(conn: Connection, server_id: RemoteServerId, values: Mapping[str, object]) -> None:
    """Change columns of a server (gate role)."""
    assert values.keys() <= _CHANGEABLE
    if not values:
        return
    assigned = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in values
    )
    await conn.execute(
        sql.SQL("UPDATE remote_servers SET {} WHERE id = {}").format(
            assigned, sql.Placeholder("server_id")
        ),
        {**values, "server_id": server_id},
    )


async def people_of(conn: Connection, server_id: RemoteServerId) -> list[tuple[UserId, str]]:
    """Return the people with a row for a server, and the ids of these rows (gate role)."""
    cursor = await conn.execute(
        "SELECT user_id::text AS user_id, id::text AS id FROM remote_connections"
        " WHERE server_id = %s",
        (server_id,),
    )
    return [(UserId(row["user_id"]), row["id"]) for row in await cursor.fetchall()]


async def delete(conn: Connection, server_id: RemoteServerId) -> None:
    """Delete a server with everybody's connections and tokens (gate role)."""
    await conn.execute("DELETE FROM remote_servers WHERE id = %s", (server_id,))


async def note_reached(
    conn: Connection,
    server_id: RemoteServerId,
    *,
    at: datetime,
    ms: int,
    error: Problem | None,
    away: bool,
    spread: float,
    greeted: bool = False,
) -> None:
    """Keep how the last call of a server went, whoever made it (app or worker role).

    The next greeting is due after a quarter of an hour, of one that is away after two minutes and
    then twice as long each time, to an hour; all of it times `spread`. Calls of people to one that
    is away do not put the greeting off.
    """
    await conn.execute(
        _REACHED,
        {
            "id": server_id,
            "at": at,
            "ms": ms,
            "error": problem_json(error),
            "away": away,
            "greeted": greeted,
            "spread": spread,
        },
    )


async def take_unheard(
    conn: Connection, now: datetime, *, until: datetime, limit: int
) -> list[Registered]:
    """Take up to `limit` servers whose greeting is due (worker role); nobody else does till `until`."""
    cursor = await conn.execute(
        """
        UPDATE remote_servers s SET reach_after = %(until)s
          FROM (SELECT id FROM remote_servers WHERE enabled AND reach_after <= %(now)s
                 ORDER BY reach_after LIMIT %(limit)s FOR UPDATE SKIP LOCKED) due
         WHERE s.id = due.id
        RETURNING s.*, s.id::text AS id
        """,
        {"now": now, "until": until, "limit": limit},
    )
    return [_row(row) for row in await cursor.fetchall()]


async def note_tools(conn: Connection, server_id: RemoteServerId, tools: int) -> None:
    """Keep how many tools a server listed (app role)."""
    await conn.execute("UPDATE remote_servers SET tools = %s WHERE id = %s", (tools, server_id))


def _row(row: dict[str, Any]) -> Registered:
    return Registered(
        server=RemoteServer(
            id=RemoteServerId(row["id"]),
            slug=row["slug"],
            name=row["name"],
            url=row["url"],
            auth=Auth(row["auth"]),
            hands_atlassian_token=row["hands_atlassian_token"],
            trusts_annotations=row["trusts_annotations"],
            away_since=row["away_since"],
        ),
        enabled=row["enabled"],
        key_header=row["key_header"],
        key_of_each=row["key_of_each"],
        oauth=OAuthClient.from_json(row["oauth"]) if row["oauth"] else None,
        added_at=row["added_at"],
        reached_at=row["reached_at"],
        reach_ms=row["reach_ms"],
        reach_error=read_problem(row["reach_error"]),
        tools=row["tools"],
        **{name: bytes(row[name]) for name in SEALED if row.get(name) is not None},
    )
