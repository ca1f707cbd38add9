"""The table of clients, in the caller's transaction."""

from datetime import datetime
from typing import Any

from xerus.db.database import Connection

Row = dict[str, Any]

_INSERT = """
INSERT INTO clients (id, name, auth_method, secret_hash, redirect_uris, scopes, created_at, source,
    application_type, management_hash)
VALUES (%(id)s, %(name)s, %(auth_method)s, %(secret_hash)s, %(redirect_uris)s, %(scopes)s,
    %(created_at)s, %(source)s, %(application_type)s, %(management_hash)s)
"""

_INSERT_MISSING = _INSERT + "ON CONFLICT (id) DO NOTHING"

_KEEP_DOCUMENT = """
INSERT INTO clients AS c (id, name, auth_method, redirect_uris, scopes, created_at, source,
    fresh_until)
VALUES (%(id)s, %(name)s, 'none', %(redirect_uris)s, %(scopes)s, %(created_at)s, 'document',
    %(fresh_until)s)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, redirect_uris = excluded.redirect_uris,
    scopes = excluded.scopes, fresh_until = excluded.fresh_until
WHERE c.source = 'document'
"""

_UPDATE = """
UPDATE clients SET name = %(name)s, auth_method = %(auth_method)s, secret_hash = %(secret_hash)s,
    redirect_uris = %(redirect_uris)s, scopes = %(scopes)s, application_type = %(application_type)s
WHERE id = %(id)s
"""

# Grants as their owners see them: redeemed, not revoked, their person not refused since. The host of
# an address is what stands between "//" and the next "/", "?" or "#" (RFC 3986 3.2).
_LISTED = """
SELECT *, count(*) OVER () AS total FROM (
    SELECT c.id, c.name, c.source, c.auth_method, c.redirect_uris, c.created_at,
        greatest(c.used_at, max(f.used_at)) AS used_at, count(DISTINCT u.id) AS people
    FROM clients c
    LEFT JOIN grant_families f ON f.client_id = c.id
        AND f.redeemed_at IS NOT NULL AND f.revoked_at IS NULL
    LEFT JOIN users u ON u.id = f.user_id AND f.created_at >= u.void_before
        AND u.disabled_at IS NULL
    WHERE (%(id)s::text IS NULL OR c.id = %(id)s)
        AND (%(source)s::text IS NULL OR c.source = %(source)s)
        AND (strpos(lower(c.name), lower(%(words)s)) > 0 OR strpos(lower(c.id), lower(%(words)s)) > 0
            OR EXISTS (SELECT FROM unnest(c.redirect_uris) uri
                WHERE strpos(lower(substring(uri FROM '//([^/?#]*)')), lower(%(words)s)) > 0))
    GROUP BY c.id) AS client
WHERE NOT %(never_used)s OR used_at IS NULL
ORDER BY CASE WHEN %(by_use)s THEN greatest(used_at, created_at) ELSE created_at END DESC, id
OFFSET %(skipped)s LIMIT %(most)s
"""

# Whoever was given a code has begun to use one.
_NEVER_USED = """
FROM clients c WHERE used_at IS NULL AND created_at < %(before)s AND source <> 'file'
    AND NOT EXISTS (SELECT FROM grant_families f WHERE f.client_id = c.id)
"""


async def insert(conn: Connection, values: Row) -> None:
    """Store a registration."""
    await conn.execute(_INSERT, values)


async def insert_missing(conn: Connection, values: Row) -> bool:
    """Store a registration; False, and nothing done, where its id is taken."""
    cursor = await conn.execute(_INSERT_MISSING, values)
    return cursor.rowcount == 1


async def ids_from_file(conn: Connection) -> set[str]:
    """Return the ids of the clients of the operator's file."""
    cursor = await conn.execute("SELECT id FROM clients WHERE source = 'file'")
    return {row["id"] for row in await cursor.fetchall()}


async def keep_document(conn: Connection, values: Row, *, fresh_until: datetime) -> None:
    """Store what a client's document says now."""
    await conn.execute(_KEEP_DOCUMENT, {**values, "fresh_until": fresh_until})


async def update(conn: Connection, values: Row) -> None:
    """Replace what a client registered."""
    await conn.execute(_UPDATE, values)


async def find(conn: Connection, client_id: str) -> Row | None:
    """Return a registration."""
    cursor = await conn.execute("SELECT * FROM clients WHERE id = %s", (client_id,))
    return await cursor.fetchone()


async def listed(
    conn: Connection,
    *,
    most: int,
    client_id: str | None = None,
    words: str = "",
    source: str | None = None,
    never_used: bool = False,
    by_use: bool = True,
    skipped: int = 0,
) -> list[Row]:
    """Return registrations with their use, the last used first, or the newest.

    Each row carries how many there are in all. `words` stand in a name, an id or the host of an
    address.
    """
    cursor = await conn.execute(
        _LISTED,
        {
            "id": client_id,
            "words": words,
            "source": source,
            "never_used": never_used,
            "by_use": by_use,
            "skipped": skipped,
            "most": most,
        },
    )
    return await cursor.fetchall()


async def never_used(conn: Connection, *, before: datetime, most: int) -> list[Row]:
    """Return who registered before an instant and was never used, the oldest first.

    Each row carries how many there are in all. What the operator's file lists is not among them.
    """
    cursor = await conn.execute(
        "SELECT id, name, count(*) OVER () AS total" + _NEVER_USED + "ORDER BY created_at, id"
        " LIMIT %(most)s",
        {"before": before, "most": most},
    )
    return await cursor.fetchall()


async def any_used(conn: Connection) -> bool:
    """Tell whether a client ever got access."""
    cursor = await conn.execute("SELECT FROM clients WHERE used_at IS NOT NULL LIMIT 1")
    return await cursor.fetchone() is not None


async def lock(conn: Connection, client_id: str) -> Row | None:
    """Return a registration that no other transaction changes until this one ends."""
    cursor = await conn.execute("SELECT * FROM clients WHERE id = %s FOR UPDATE", (client_id,))
    return await cursor.fetchone()


async def forget_allowed(conn: Connection, client_id: str) -> None:
    """Forget the open requests and remembered consents of a client."""
    await conn.execute("DELETE FROM authorization_requests WHERE client_id = %s", (client_id,))
    await conn.execute("DELETE FROM remembered_consents WHERE client_id = %s", (client_id,))


async def live_families(conn: Connection, client_id: str) -> list[str]:
    """Return the ids of the families of a client that nobody revoked."""
    cursor = await conn.execute(
        "SELECT id FROM grant_families WHERE client_id = %s AND revoked_at IS NULL", (client_id,)
    )
    return [str(row["id"]) for row in await cursor.fetchall()]


async def delete(conn: Connection, client_id: str) -> None:
    """Delete a registration and all that hangs on it."""
    await conn.execute("DELETE FROM grant_families WHERE client_id = %s", (client_id,))
    await conn.execute("DELETE FROM clients WHERE id = %s", (client_id,))


async def sweep(conn: Connection, *, unused_before: datetime) -> None:
    """Delete clients that registered themselves and were not used for long."""
    await conn.execute(
        "DELETE FROM clients c WHERE coalesce(used_at, created_at) < %s"
        " AND source IN ('dynamic', 'document')"
        " AND NOT EXISTS (SELECT 1 FROM grant_families f WHERE f.client_id = c.id)",
        (unused_before,),
    )
