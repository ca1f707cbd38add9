"""The committed lease: who in the whole fleet may ask the provider for a new pair.

A lease is a row change that is committed before the provider is called, never a lock that is
held over the call: a database restart then loses nothing. Its length is judged by the database's
clock. What decides at the end is the generation: the first write of the next one wins, whoever
holds the lease by then. A pause after a failure is by the database's clock as well: where one
process of the fleet has a wrong clock, it must not keep the others from trying.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from xerus.connections.store import LIVE, WORKS, SealedTokens, problem_json, sealed_params
from xerus.connections.tables import Tables
from xerus.connections.views import Problem
from xerus.db.database import Connection
from xerus.errors import NotFound
from xerus.ids import ConnectionId, UserId

LEASE_SECONDS = 30
"""Longer than the deadline of the token request, so that no lease runs out under a live call."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to spend the refresh token of this generation."""

    user_id: UserId
    connection_id: ConnectionId
    generation: int
    owner: str
    failures: int
    refresh_token: bytes = field(repr=False)


class NoLease(Enum):
    """Why there is none."""

    GONE = "the credential is erased"
    MOVED = "a later generation is there already"
    HELD = "somebody else is asking the provider"
    DEAD = "only a new consent helps"


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """The provider is not to be asked for this grant for so long."""

    seconds: float


async def take(
    conn: Connection,
    tables: Tables,
    user_id: UserId,
    connection_id: ConnectionId,
    generation: int,
) -> Lease | NoLease | Backoff:
    """Take the lease for `generation`, or say why not. Commit before calling the provider."""
    owner = str(uuid.uuid4())
    cursor = await conn.execute(
        f"""
        UPDATE {tables.credentials}
           SET lease_owner = %(owner)s, lease_until = now() + make_interval(secs => %(secs)s)
         WHERE user_id = %(user_id)s AND connection_id = %(id)s AND generation = %(generation)s
           AND renew_after IS NOT NULL
           AND (lease_until IS NULL OR lease_until <= now())
           AND (retry_at IS NULL OR retry_at <= now())
        RETURNING refresh_token, failures
        """,
        {
            "owner": owner,
            "secs": LEASE_SECONDS,
            "user_id": user_id,
            "id": connection_id,
            "generation": generation,
        },
    )
    row = await cursor.fetchone()
    if row is None:
        return await _why_not(conn, tables, user_id, connection_id, generation)
    return Lease(
        user_id=user_id,
        connection_id=connection_id,
        generation=generation,
        owner=owner,
        failures=row["failures"],
        refresh_token=row["refresh_token"],
    )


async def _why_not(
    conn: Connection,
    tables: Tables,
    user_id: UserId,
    connection_id: ConnectionId,
    generation: int,
) -> NoLease | Backoff:
    cursor = await conn.execute(
        "SELECT generation, renew_after IS NULL AS dead,"
        " extract(epoch FROM retry_at - now())::float8 AS pause,"
        " coalesce(lease_until > now(), false) AS held"
        f" FROM {tables.credentials} WHERE user_id = %s AND connection_id = %s",
        (user_id, connection_id),
    )
    row = await cursor.fetchone()
    if row is None:
        return NoLease.GONE
    if row["generation"] != generation:
        return NoLease.MOVED
    if row["dead"]:
        return NoLease.DEAD
    if not row["held"] and row["pause"] is not None and row["pause"] > 0:
        return Backoff(seconds=row["pause"])
    return NoLease.HELD


async def take_due(conn: Connection, tables: Tables, now: datetime, limit: int) -> list[Lease]:
    """Take the leases of up to `limit` credentials whose time has come (worker role)."""
    owner = str(uuid.uuid4())
    cursor = await conn.execute(
        f"""
        UPDATE {tables.credentials} k
           SET lease_owner = %(owner)s, lease_until = now() + make_interval(secs => %(secs)s)
          FROM (SELECT user_id, connection_id FROM {tables.credentials}
                 WHERE {tables.column} = %(value)s AND renew_after <= %(now)s AND {WORKS}
                   AND (lease_until IS NULL OR lease_until <= now())
                   AND (retry_at IS NULL OR retry_at <= now())
                 ORDER BY renew_after LIMIT %(limit)s FOR UPDATE SKIP LOCKED) due
         WHERE k.user_id = due.user_id AND k.connection_id = due.connection_id
        RETURNING k.user_id::text AS user_id, k.connection_id::text AS connection_id,
                  k.generation, k.failures, k.refresh_token
        """,
        {"owner": owner, "secs": LEASE_SECONDS, "value": tables.value, "now": now, "limit": limit},
    )
    return [Lease(owner=owner, **row) for row in await cursor.fetchall()]


async def finish(conn: Connection, tables: Tables, lease: Lease, sealed: SealedTokens) -> bool:
    """Write the next generation. False: another one was written first, and this pair is dropped.

    Not bound to the lease's owner: where the lease ran out while the database was away, the
    first pair that is written is the good one, and a second asker finds the generation moved.
    """
    cursor = await conn.execute(
        f"""
        UPDATE {tables.credentials}
           SET generation = generation + 1, access_token = %(access)s, refresh_token = %(refresh)s,
               issued_at = %(issued)s, access_expires_at = %(expires)s, renew_after = %(after)s,
               lease_owner = NULL, lease_until = NULL, failures = 0, retry_at = NULL,
               last_error = NULL,
               failing_since = CASE WHEN check_error IS NOT NULL THEN failing_since END
         WHERE user_id = %(user_id)s AND connection_id = %(id)s AND generation = %(generation)s
        """,
        {**_key(lease), **sealed_params(sealed)},
    )
    return cursor.rowcount == 1


async def give_up(
    conn: Connection, tables: Tables, lease: Lease, problem: Problem, *, retry_in: float | None
) -> bool:
    """Release the lease after a failure; the tokens stay. `retry_in` None: never by itself again.

    False: the lease or the generation is no longer ours, and nothing was changed.
    """
    cursor = await conn.execute(
        f"""
        UPDATE {tables.credentials}
           SET lease_owner = NULL, lease_until = NULL, failures = failures + 1,
               retry_at = now() + make_interval(secs => %(pause)s), last_error = %(problem)s,
               failing_since = coalesce(failing_since, %(at)s),
               renew_after = CASE WHEN %(pause)s::float8 IS NULL THEN NULL
                                  ELSE renew_after END
         WHERE user_id = %(user_id)s AND connection_id = %(id)s AND generation = %(generation)s
           AND lease_owner = %(owner)s
        """,
        {
            **_key(lease),
            "owner": lease.owner,
            "pause": retry_in,
            "problem": problem_json(problem),
            "at": problem.at,
        },
    )
    return cursor.rowcount == 1


async def generation_of(
    conn: Connection, tables: Tables, user_id: UserId, connection_id: ConnectionId
) -> int | None:
    """Return the present generation, None when the credential is erased."""
    cursor = await conn.execute(
        f"SELECT generation FROM {tables.credentials} WHERE user_id = %s AND connection_id = %s",
        (user_id, connection_id),
    )
    row = await cursor.fetchone()
    return row["generation"] if row else None


async def bury(
    conn: Connection, tables: Tables, user_id: UserId, connection_id: ConnectionId, *, cause: str
) -> None:
    """Let a connection need a new consent.

    Raises:
        NotFound: it has ended in the meantime.
    """
    cursor = await conn.execute(
        f"UPDATE {tables.connections} SET status = 'needs_reconnect', cause = %s"
        " WHERE user_id = %s AND id = %s AND status = ANY(%s)",
        (cause, user_id, connection_id, list(LIVE)),
    )
    if cursor.rowcount == 0:
        raise NotFound("This connection has ended.", hint=f"Connect {tables.label} again.")


def _key(lease: Lease) -> dict[str, object]:
    return {
        "user_id": lease.user_id,
        "id": lease.connection_id,
        "generation": lease.generation,
    }
