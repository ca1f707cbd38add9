"""The tables of requests, codes and token families, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from xerus.db.database import Connection

Row = dict[str, Any]

_INSERT_REQUEST = """
INSERT INTO authorization_requests (id, client_id, browser_hash, redirect_uri, redirect_given,
    code_challenge, scopes, resource, sealed_state, created_at, expires_at, consented_by,
    decision)
VALUES (%(id)s, %(client_id)s, %(browser_hash)s, %(redirect_uri)s, %(redirect_given)s,
    %(code_challenge)s, %(scopes)s, %(resource)s, %(sealed_state)s, %(now)s, %(expires_at)s,
    %(consented_by)s, CASE WHEN %(consented_by)s::uuid IS NULL THEN NULL ELSE 'approved' END)
"""

_FIND_REQUEST = """
SELECT r.*, c.name AS client_name FROM authorization_requests r
JOIN clients c ON c.id = r.client_id
WHERE r.id = %(id)s AND r.browser_hash = %(browser)s AND r.expires_at > %(now)s
"""

_INSERT_FAMILY = """
INSERT INTO grant_families (id, user_id, client_id, scopes, resource, created_at)
VALUES (%(family_id)s, %(user_id)s, %(client_id)s, %(scopes)s, %(resource)s, %(now)s)
"""

_INSERT_CODE = """
INSERT INTO grant_codes (code_hash, family_id, user_id, client_id, redirect_uri, redirect_given,
    code_challenge, created_at, expires_at)
VALUES (%(code_hash)s, %(family_id)s, %(user_id)s, %(client_id)s, %(redirect_uri)s,
    %(redirect_given)s, %(code_challenge)s, %(now)s, %(expires_at)s)
"""

_INSERT_REFRESH = """
INSERT INTO grant_refresh_tokens (token_hash, family_id, user_id, created_at, expires_at)
SELECT %(hash)s, id, user_id, %(now)s, %(expires_at)s FROM grant_families WHERE id = %(family_id)s
"""

# A family is live while nobody revoked it and the identity provider did not refuse the person
# after it was made.
_LIVE_FAMILY = """
SELECT f.id, f.user_id, f.client_id, f.scopes, f.resource, u.tenant = 'local' AS is_local
FROM grant_families f JOIN users u ON u.id = f.user_id
WHERE f.id = %s AND f.revoked_at IS NULL AND f.created_at >= u.void_before
    AND u.disabled_at IS NULL
"""

_BEARER_OF_FAMILY = """
UPDATE grant_families f SET used_at = %(now)s FROM users u, clients c
WHERE f.id = %(family_id)s AND f.revoked_at IS NULL AND u.id = f.user_id AND c.id = f.client_id
    AND f.created_at >= u.void_before AND u.disabled_at IS NULL AND u.id = %(user_id)s
RETURNING u.id, u.tenant, u.subject, u.email, u.name, u.admin_by, c.name AS client_name
"""

_FAMILIES_OF = """
SELECT f.id, f.client_id, c.name AS client_name, c.redirect_uris, f.scopes, f.created_at, f.used_at
FROM grant_families f JOIN clients c ON c.id = f.client_id JOIN users u ON u.id = f.user_id
WHERE f.user_id = %s AND f.redeemed_at IS NOT NULL AND f.revoked_at IS NULL
    AND f.created_at >= u.void_before AND u.disabled_at IS NULL
ORDER BY coalesce(f.used_at, f.created_at) DESC
"""


async def insert_request(conn: Connection, values: Row) -> None:
    """Store an authorization request that waits for a decision."""
    await conn.execute(_INSERT_REQUEST, values)


async def find_request(
    conn: Connection, request_id: str, *, browser: bytes, now: datetime
) -> Row | None:
    """Return an authorization request of this browser that has not expired."""
    cursor = await conn.execute(_FIND_REQUEST, {"id": request_id, "browser": browser, "now": now})
    return await cursor.fetchone()


async def decide_request(
    conn: Connection, request_id: str, decision: str, *, remember: bool
) -> bool:
    """Record the decision; True for exactly one caller.

    A no may follow a yes until the request is answered, never a yes a no.
    """
    cursor = await conn.execute(
        "UPDATE authorization_requests SET decision = %(decision)s, remember = %(remember)s"
        " WHERE id = %(id)s AND answered_at IS NULL"
        " AND (decision IS NULL OR (decision = 'approved' AND %(decision)s = 'denied'))",
        {"id": request_id, "decision": decision, "remember": remember},
    )
    return cursor.rowcount == 1


async def answer_request(
    conn: Connection, request_id: str, *, user_id: str, now: datetime
) -> Row | None:
    """Mark an approved request as answered and return it, to exactly one caller.

    A request that was approved by a remembered consent is answered for its person alone.
    """
    cursor = await conn.execute(
        "UPDATE authorization_requests SET answered_at = %(now)s"
        " WHERE id = %(id)s AND decision = 'approved' AND answered_at IS NULL"
        " AND (consented_by IS NULL OR consented_by = %(user_id)s) RETURNING *",
        {"now": now, "id": request_id, "user_id": user_id},
    )
    return await cursor.fetchone()


async def insert_code(conn: Connection, values: Row) -> None:
    """Store a code and the family that its redemption will bring to life."""
    await conn.execute(_INSERT_FAMILY, values)
    await conn.execute(_INSERT_CODE, values)


async def use_code(conn: Connection, code_hash: bytes, now: datetime) -> Row | None:
    """Use a code up and return it; None if it is unknown or was used before.

    The row lock makes this atomic: of any number of callers exactly one gets the row.
    """
    cursor = await conn.execute(
        "UPDATE grant_codes SET used_at = %s WHERE code_hash = %s AND used_at IS NULL RETURNING *",
        (now, code_hash),
    )
    return await cursor.fetchone()


async def find_code(conn: Connection, code_hash: bytes) -> Row | None:
    """Return a code, used or not."""
    cursor = await conn.execute("SELECT * FROM grant_codes WHERE code_hash = %s", (code_hash,))
    return await cursor.fetchone()


async def mark_redeemed(conn: Connection, family_id: str, client_id: str, now: datetime) -> None:
    """Bring a family to life."""
    await conn.execute(
        "UPDATE grant_families SET redeemed_at = %s, used_at = %s WHERE id = %s",
        (now, now, family_id),
    )
    await conn.execute("UPDATE clients SET used_at = %s WHERE id = %s", (now, client_id))


async def live_family(conn: Connection, family_id: str) -> Row | None:
    """Return a family that is not revoked and whose person was not refused."""
    cursor = await conn.execute(_LIVE_FAMILY, (family_id,))
    return await cursor.fetchone()


async def revoke_family(conn: Connection, family_id: str, cause: str, now: datetime) -> Row | None:
    """Revoke a family; returns its person and client, None if it was revoked before."""
    cursor = await conn.execute(
        "UPDATE grant_families SET revoked_at = %s, revoked_for = %s"
        " WHERE id = %s AND revoked_at IS NULL RETURNING user_id, client_id",
        (now, cause, family_id),
    )
    return await cursor.fetchone()


async def insert_refresh(
    conn: Connection, *, token_hash: bytes, family_id: str, now: datetime, expires_at: datetime
) -> None:
    """Store a refresh token of a family."""
    await conn.execute(
        _INSERT_REFRESH,
        {"hash": token_hash, "family_id": family_id, "now": now, "expires_at": expires_at},
    )


async def find_refresh(conn: Connection, token_hash: bytes) -> Row | None:
    """Return a refresh token and lock it; `successor_rotated_at` tells of its successor."""
    cursor = await conn.execute(
        "SELECT * FROM grant_refresh_tokens WHERE token_hash = %s FOR UPDATE", (token_hash,)
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    # A second statement, so that it sees what was committed while we waited for the lock.
    cursor = await conn.execute(
        "SELECT rotated_at FROM grant_refresh_tokens WHERE token_hash = %s",
        (row["successor_hash"],),
    )
    successor = await cursor.fetchone()
    return row | {"successor_rotated_at": successor["rotated_at"] if successor else None}


async def rotate_refresh(
    conn: Connection, token_hash: bytes, *, successor: bytes, now: datetime
) -> None:
    """Name the successor of a refresh token."""
    await conn.execute(
        "UPDATE grant_refresh_tokens SET rotated_at = %s, successor_hash = %s"
        " WHERE token_hash = %s",
        (now, successor, token_hash),
    )


async def bearer_of_family(
    conn: Connection, *, family_id: str, user_id: str, now: datetime
) -> Row | None:
    """Return person and client of a live family, and note that it was used."""
    cursor = await conn.execute(
        _BEARER_OF_FAMILY, {"family_id": family_id, "user_id": user_id, "now": now}
    )
    return await cursor.fetchone()


async def bearer_without_family(
    conn: Connection, *, user_id: str, issued_at: datetime
) -> Row | None:
    """Return a person who was not refused since a token without a family was issued."""
    cursor = await conn.execute(
        "SELECT id, tenant, subject, email, name, admin_by, checked_at FROM users"
        " WHERE id = %s AND %s >= date_trunc('second', void_before) AND disabled_at IS NULL",
        (user_id, issued_at),
    )
    return await cursor.fetchone()


async def families_of(conn: Connection, user_id: str) -> list[Row]:
    """Return the live families of a person, the last used first."""
    cursor = await conn.execute(_FAMILIES_OF, (user_id,))
    return await cursor.fetchall()


async def count_live(conn: Connection) -> int:
    """Return how many families of everybody are live."""
    cursor = await conn.execute(
        "SELECT count(*) AS n FROM grant_families f JOIN users u ON u.id = f.user_id"
        " WHERE f.redeemed_at IS NOT NULL AND f.revoked_at IS NULL"
        " AND f.created_at >= u.void_before AND u.disabled_at IS NULL"
    )
    row = await cursor.fetchone()
    return int(row["n"]) if row else 0


async def count_of(conn: Connection, user_ids: Sequence[str]) -> dict[str, int]:
    """Return how many live families each of these people has, of those who have any."""
    cursor = await conn.execute(
        "SELECT f.user_id::text AS user_id, count(*) AS n"
        " FROM grant_families f JOIN users u ON u.id = f.user_id"
        " WHERE f.user_id = ANY(%s::uuid[]) AND f.redeemed_at IS NOT NULL AND f.revoked_at IS NULL"
        " AND f.created_at >= u.void_before AND u.disabled_at IS NULL GROUP BY f.user_id",
        (list(user_ids),),
    )
    return {row["user_id"]: row["n"] for row in await cursor.fetchall()}


async def unrevoked_of(conn: Connection, user_id: str) -> list[str]:
    """Return the ids of the families of a person that still count, redeemed or not."""
    cursor = await conn.execute(
        "SELECT f.id FROM grant_families f JOIN users u ON u.id = f.user_id"
        " WHERE f.user_id = %s AND f.revoked_at IS NULL AND f.created_at >= u.void_before",
        (user_id,),
    )
    return [str(row["id"]) for row in await cursor.fetchall()]


async def sweep(conn: Connection, *, now: datetime, unused_before: datetime) -> None:
    """Delete what is over: requests, families never redeemed, long dead ones."""
    await conn.execute("DELETE FROM authorization_requests WHERE expires_at < %s", (now,))
    await conn.execute(
        "DELETE FROM grant_families f WHERE (redeemed_at IS NULL AND created_at < %s)"
        " OR (NOT EXISTS (SELECT 1 FROM grant_refresh_tokens t"
        " WHERE t.family_id = f.id AND t.expires_at > %s) AND created_at < %s)",
        (unused_before, now, unused_before),
    )
