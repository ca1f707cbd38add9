"""The tables of people, sessions and sign-ins. Each function runs in its caller's transaction."""

from datetime import datetime
from typing import Any

from psycopg import AsyncCursor

from xerus.accounts.users import AdminRule, Identity, User
from xerus.db.database import Connection
from xerus.ids import UserId, new_id

Row = dict[str, Any]

_UPSERT_USER = """
INSERT INTO users (id, tenant, subject, email, name, admin_by, created_at, signed_in_at, checked_at)
VALUES (%(id)s, %(tenant)s, %(subject)s, %(email)s, %(name)s, %(admin_by)s, %(now)s, %(now)s, %(now)s)
ON CONFLICT (tenant, subject) DO UPDATE SET
    email = excluded.email, name = excluded.name, admin_by = excluded.admin_by,
    claims_challenge = '',
    signed_in_at = excluded.signed_in_at, checked_at = excluded.checked_at,
    -- Where clocks differ, a refusal must not void what this very sign-in makes.
    void_before = least(users.void_before, excluded.signed_in_at)
RETURNING id
"""

_FIND_SESSION = """
UPDATE sessions s SET last_seen_at = %(now)s FROM users u
WHERE s.token_hash = %(token)s AND s.ended_at IS NULL AND s.expires_at > %(now)s
    AND u.id = s.user_id AND s.created_at >= u.void_before AND u.disabled_at IS NULL
RETURNING s.id AS session_id, s.created_at AS session_created_at, s.expires_at, u.checked_at,
    u.id, u.tenant, u.subject, u.email, u.name, u.admin_by
"""

_INSERT_SESSION = """
INSERT INTO sessions (id, user_id, token_hash, user_agent, created_at, last_seen_at, expires_at)
VALUES (%(id)s, %(user)s, %(token)s, %(user_agent)s, %(now)s, %(now)s, %(expires)s)
"""

_INSERT_FLOW = """
INSERT INTO signin_flows
    (id, state_hash, browser_hash, purpose, return_to, request_id, sealed, created_at, expires_at)
VALUES (%(id)s, %(state)s, %(browser)s, %(purpose)s, %(return_to)s, %(request)s, %(sealed)s,
    %(now)s, %(expires)s)
"""

_SAVE_IDENTITY = """
INSERT INTO identities AS i (user_id, refresh_token, updated_at) VALUES (%(user)s, %(sealed)s, %(now)s)
ON CONFLICT (user_id) DO UPDATE SET
    refresh_token = excluded.refresh_token, updated_at = excluded.updated_at,
    generation = i.generation + 1
"""

_TAKE_CHECK_LEASE = """
UPDATE users SET check_lease_until = now() + interval '30 seconds'
WHERE id = %(user)s AND (check_lease_until IS NULL OR check_lease_until < now())
RETURNING id
"""


def user_from(row: Row, admins: AdminRule) -> User:
    """Build a person from a row that holds the columns of `users`."""
    return User(
        id=UserId(str(row["id"])),
        tenant=row["tenant"],
        subject=row["subject"],
        email=row["email"],
        name=row["name"],
        is_admin=bool(row["admin_by"]) and admins.holds(row["admin_by"]),
    )


async def named_administrators(conn: Connection) -> list[Row]:
    """Return whom something made administrator and nobody disabled.

    Whether it still counts `user_from` says.
    """
    cursor = await conn.execute(
        "SELECT id, tenant, subject, email, name, admin_by FROM users WHERE admin_by <> ''"
        " AND disabled_at IS NULL"
    )
    return await cursor.fetchall()


async def upsert_user(
    conn: Connection, identity: Identity, *, admin_by: str, now: datetime
) -> UserId:
    """Create or update the person with this key and return their id."""
    cursor = await conn.execute(
        _UPSERT_USER,
        {
            "id": new_id(),
            "tenant": identity.tenant,
            "subject": identity.subject,
            "email": identity.email,
            "name": identity.name,
            "admin_by": admin_by,
            "now": now,
        },
    )
    return UserId(str((await _one(cursor))["id"]))


async def ensure_user(conn: Connection, identity: Identity, *, now: datetime) -> UserId:
    """Return the person with this key; unlike `upsert_user` this is no sign-in."""
    cursor = await conn.execute(
        "SELECT id FROM users WHERE tenant = %s AND subject = %s",
        (identity.tenant, identity.subject),
    )
    row = await cursor.fetchone()
    if row is not None:
        return UserId(str(row["id"]))
    return await upsert_user(conn, identity, admin_by="", now=now)


async def bind_admin_email(conn: Connection, email: str, user_id: UserId) -> bool:
    """Bind an administrator's e-mail to the first person who signs in with it.

    Returns whether it is bound to this person.
    """
    await conn.execute(
        "INSERT INTO admin_emails (email, user_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (email, user_id),
    )
    cursor = await conn.execute("SELECT user_id FROM admin_emails WHERE email = %s", (email,))
    return str((await _one(cursor))["user_id"]) == user_id


async def set_standing(
    conn: Connection, user_id: UserId, *, admin_by: str, admitted_by: str, login_hint: str
) -> None:
    """Record what makes a person administrator and user, and how the provider knows them."""
    await conn.execute(
        "UPDATE users SET admin_by = %s, admitted_by = %s,"
        " login_hint = coalesce(nullif(%s, ''), login_hint) WHERE id = %s",
        (admin_by, admitted_by, login_hint, user_id),
    )


async def challenge_of(conn: Connection, token_hash: bytes, now: datetime) -> str:
    """Return what the provider demands of the person of a session, ended by that or not."""
    cursor = await conn.execute(
        "SELECT u.claims_challenge FROM sessions s JOIN users u ON u.id = s.user_id"
        " WHERE s.token_hash = %s AND s.ended_at IS NULL AND s.expires_at > %s",
        (token_hash, now),
    )
    row = await cursor.fetchone()
    return row["claims_challenge"] if row else ""


async def is_disabled(conn: Connection, identity: Identity) -> bool:
    """Tell whether an administrator keeps the person with this key out."""
    cursor = await conn.execute(
        "SELECT FROM users WHERE tenant = %s AND subject = %s AND disabled_at IS NOT NULL",
        (identity.tenant, identity.subject),
    )
    return await cursor.fetchone() is not None


async def was_disabled(conn: Connection, token_hash: bytes) -> bool:
    """Tell whether an administrator keeps the person of a session out, ended or not."""
    cursor = await conn.execute(
        "SELECT FROM sessions s JOIN users u ON u.id = s.user_id"
        " WHERE s.token_hash = %s AND u.disabled_at IS NOT NULL",
        (token_hash,),
    )
    return await cursor.fetchone() is not None


async def find_user(conn: Connection, user_id: UserId) -> Row | None:
    """Return the row of a person."""
    cursor = await conn.execute("SELECT * FROM users WHERE id = %s", (user_id,))
    return await cursor.fetchone()


async def delete_user(conn: Connection, user_id: UserId) -> Row | None:
    """Delete a person with sessions, grants, consents and the provider's token; return the row."""
    cursor = await conn.execute("DELETE FROM users WHERE id = %s RETURNING *", (user_id,))
    return await cursor.fetchone()


async def insert_session(
    conn: Connection,
    *,
    session_id: str,
    user_id: UserId,
    token_hash: bytes,
    user_agent: str,
    now: datetime,
    expires: datetime,
) -> None:
    """Store a new session."""
    await conn.execute(
        _INSERT_SESSION,
        {
            "id": session_id,
            "user": user_id,
            "token": token_hash,
            "user_agent": user_agent,
            "now": now,
            "expires": expires,
        },
    )


async def find_session(conn: Connection, token_hash: bytes, now: datetime) -> Row | None:
    """Return a live session with its person, and note that it was seen."""
    cursor = await conn.execute(_FIND_SESSION, {"token": token_hash, "now": now})
    return await cursor.fetchone()


async def sessions_of(conn: Connection, user_id: UserId, now: datetime) -> list[Row]:
    """Return the live sessions of a person, the last seen first."""
    cursor = await conn.execute(
        "SELECT s.id, s.user_agent, s.created_at, s.last_seen_at FROM sessions s"
        " JOIN users u ON u.id = s.user_id WHERE s.user_id = %s AND s.ended_at IS NULL"
        " AND s.expires_at > %s AND s.created_at >= u.void_before AND u.disabled_at IS NULL ORDER BY s.last_seen_at DESC",
        (user_id, now),
    )
    return await cursor.fetchall()


async def anybody_signed_in(conn: Connection) -> bool:
    """Tell whether the identity provider ever signed anybody in here."""
    cursor = await conn.execute(
        "SELECT EXISTS (SELECT FROM users WHERE tenant <> 'local') AS found"
    )
    return bool((await _one(cursor))["found"])


async def count_sessions(conn: Connection, now: datetime) -> int:
    """Return how many sessions of everybody are live."""
    cursor = await conn.execute(
        "SELECT count(*) AS n FROM sessions s JOIN users u ON u.id = s.user_id"
        " WHERE s.ended_at IS NULL AND s.expires_at > %s AND s.created_at >= u.void_before"
        " AND u.disabled_at IS NULL",
        (now,),
    )
    return int((await _one(cursor))["n"])


async def end_session(conn: Connection, session_id: str, user_id: UserId, now: datetime) -> bool:
    """End a session of this person; False if it is not there or over already."""
    cursor = await conn.execute(
        "UPDATE sessions SET ended_at = %s WHERE id = %s AND user_id = %s AND ended_at IS NULL",
        (now, session_id, user_id),
    )
    return cursor.rowcount == 1


async def end_sessions(conn: Connection, user_id: UserId, now: datetime) -> int:
    """End every session of a person; return how many."""
    cursor = await conn.execute(
        "UPDATE sessions SET ended_at = %s WHERE user_id = %s AND ended_at IS NULL"
        " AND expires_at > %s",
        (now, user_id, now),
    )
    return cursor.rowcount


async def insert_flow(conn: Connection, values: Row) -> None:
    """Store a sign-in under way."""
    await conn.execute(_INSERT_FLOW, values)


async def find_flow(conn: Connection, state_hash: bytes) -> Row | None:
    """Return a sign-in by its state and lock the row, so that one caller at a time decides."""
    cursor = await conn.execute(
        "SELECT * FROM signin_flows WHERE state_hash = %s FOR UPDATE", (state_hash,)
    )
    return await cursor.fetchone()


async def use_flow(conn: Connection, flow_id: str, now: datetime) -> bool:
    """Mark a sign-in as used; True for exactly one caller."""
    cursor = await conn.execute(
        "UPDATE signin_flows SET used_at = %s WHERE id = %s AND used_at IS NULL", (now, flow_id)
    )
    return cursor.rowcount == 1


async def save_identity(conn: Connection, user_id: UserId, sealed: bytes, now: datetime) -> None:
    """Store the refresh token of a fresh sign-in and count up the generation."""
    await conn.execute(_SAVE_IDENTITY, {"user": user_id, "sealed": sealed, "now": now})


async def take_check_lease(conn: Connection, user_id: UserId) -> bool:
    """Claim the check of a person for 30 s; False while another process has it."""
    cursor = await conn.execute(_TAKE_CHECK_LEASE, {"user": user_id})
    return await cursor.fetchone() is not None


async def release_check_lease(conn: Connection, user_id: UserId) -> None:
    """Give the claim back."""
    await conn.execute("UPDATE users SET check_lease_until = NULL WHERE id = %s", (user_id,))


async def find_identity(conn: Connection, user_id: UserId) -> Row | None:
    """Return generation and sealed refresh token of a person."""
    cursor = await conn.execute(
        "SELECT generation, refresh_token FROM identities WHERE user_id = %s", (user_id,)
    )
    return await cursor.fetchone()


async def replace_identity(
    conn: Connection, user_id: UserId, *, generation: int, sealed: bytes, now: datetime
) -> bool:
    """Store a rotated refresh token if nobody signed in anew meanwhile."""
    cursor = await conn.execute(
        "UPDATE identities SET refresh_token = %s, updated_at = %s, generation = generation + 1"
        " WHERE user_id = %s AND generation = %s",
        (sealed, now, user_id, generation),
    )
    return cursor.rowcount == 1


async def mark_checked(conn: Connection, user_id: UserId, now: datetime) -> None:
    """Note that the provider still allows the person."""
    await conn.execute("UPDATE users SET checked_at = %s WHERE id = %s", (now, user_id))


async def checked_at(conn: Connection, user_id: UserId) -> datetime | None:
    """Return when the provider was last asked about the person."""
    cursor = await conn.execute("SELECT checked_at FROM users WHERE id = %s", (user_id,))
    row = await cursor.fetchone()
    return row["checked_at"] if row else None


async def void_everything(
    conn: Connection, user_id: UserId, *, generation: int, now: datetime, challenge: str = ""
) -> bool:
    """Void all that was made for the person before now; False if they signed in anew meanwhile."""
    cursor = await conn.execute(
        "UPDATE users u SET void_before = %s, claims_challenge = %s FROM identities i"
        " WHERE u.id = %s AND i.user_id = u.id AND i.generation = %s",
        (now, challenge, user_id, generation),
    )
    return cursor.rowcount == 1


async def insert_local_link(conn: Connection, secret_hash: bytes, expires: datetime) -> None:
    """Store a one-time link; every older one stops working."""
    await conn.execute("DELETE FROM local_links")
    await conn.execute(
        "INSERT INTO local_links (secret_hash, expires_at) VALUES (%s, %s)", (secret_hash, expires)
    )


async def use_local_link(conn: Connection, secret_hash: bytes, now: datetime) -> bool:
    """Use a one-time link; True for exactly one caller."""
    cursor = await conn.execute(
        "UPDATE local_links SET used_at = %s"
        " WHERE secret_hash = %s AND used_at IS NULL AND expires_at > %s",
        (now, secret_hash, now),
    )
    return cursor.rowcount == 1


async def sweep(conn: Connection, now: datetime) -> None:
    """Delete what is over: sign-ins, links and sessions past their end."""
    await conn.execute("DELETE FROM signin_flows WHERE expires_at < %s", (now,))
    await conn.execute("DELETE FROM local_links WHERE expires_at < %s", (now,))
    await conn.execute("DELETE FROM sessions WHERE expires_at < %s", (now,))


async def _one(cursor: AsyncCursor[Row]) -> Row:
    row = await cursor.fetchone()
    assert row is not None
    return row
