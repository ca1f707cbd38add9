"""The rows of real calls: what the last came to, and whose next is due.

They stand beside the credential, because the worker may change that row and no other.
"""

from dataclasses import dataclass
from datetime import datetime

from xerus.connections.links import Link
from xerus.connections.store import WORKS, problem_json
from xerus.connections.tables import Tables
from xerus.connections.views import CheckOutcome, Problem
from xerus.db.database import Connection
from xerus.ids import ConnectionId, UserId


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a real call came to; `again_at` is when the worker makes the next."""

    at: datetime
    ms: int
    outcome: CheckOutcome
    error: Problem | None
    again_at: datetime


async def write(
    conn: Connection,
    tables: Tables,
    user_id: UserId,
    connection_id: ConnectionId,
    checked: Checked,
) -> None:
    """Keep what a real call came to beside the credential; a failure to renew stays there too."""
    await conn.execute(
        f"""
        UPDATE {tables.credentials}
           SET checked_at = %(at)s, check_ms = %(ms)s, check_outcome = %(outcome)s,
               check_error = %(error)s, check_after = %(after)s,
               failing_since = CASE WHEN %(error)s::jsonb IS NOT NULL
                                    THEN coalesce(failing_since, %(at)s)
                                    WHEN last_error IS NOT NULL THEN failing_since END
         WHERE user_id = %(user_id)s AND connection_id = %(id)s
        """,
        {
            "at": checked.at,
            "ms": checked.ms,
            "outcome": checked.outcome,
            "error": problem_json(checked.error),
            "after": checked.again_at,
            "user_id": user_id,
            "id": connection_id,
        },
    )


async def take_due(
    conn: Connection, link: Link, now: datetime, *, until: datetime, limit: int
) -> list[tuple[UserId, ConnectionId]]:
    """Take up to `limit` connections whose next real call is due (worker role).

    Nobody else takes them before `until`, by when whoever took them has written another time.
    """
    cursor = await conn.execute(
        f"""
        UPDATE credentials k SET check_after = %(until)s
          FROM (SELECT k.user_id, k.connection_id
                  FROM credentials k JOIN connections c
                    ON c.user_id = k.user_id AND c.id = k.connection_id
                 WHERE k.link = %(link)s AND k.renew_after IS NOT NULL AND k.check_after <= %(now)s
                   AND k.{WORKS}
                   AND c.status IN ('unproven', 'connected') AND c.chosen_cloud_id IS NOT NULL
                 ORDER BY k.check_after LIMIT %(limit)s FOR UPDATE OF k SKIP LOCKED) due
         WHERE k.user_id = due.user_id AND k.connection_id = due.connection_id
        RETURNING k.user_id::text AS user_id, k.connection_id::text AS connection_id
        """,
        {"link": link, "now": now, "until": until, "limit": limit},
    )
    return [
        (UserId(row["user_id"]), ConnectionId(row["connection_id"]))
        for row in await cursor.fetchall()
    ]
