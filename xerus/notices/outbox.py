"""The tables of e-mail: who wants any, and what is to be sent. In the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from xerus.connections.links import Link
from xerus.connections.store import LIVE
from xerus.db.database import Connection
from xerus.ids import UserId, new_id
from xerus.notices.notice import Notice
from xerus.notices.personal import Standing

MOST_UNSURE = 2
"""How often a message may be sent of which nobody knows whether it was taken."""

_WANTED = """
SELECT coalesce((SELECT wanted FROM mail_choices WHERE user_id = %s), true) AS wanted
"""
_CHOOSE = """
INSERT INTO mail_choices (user_id, wanted, changed_at) VALUES (%s, %s, %s)
ON CONFLICT (user_id) DO UPDATE SET wanted = excluded.wanted, changed_at = excluded.changed_at
"""
_CANDIDATES = """
SELECT c.user_id::text AS user_id, c.link, c.status, c.consented_at, c.granted_scopes,
       (k.last_error ->> 'at')::timestamptz AS ended_at, k.failing_since
  FROM connections c
  LEFT JOIN credentials k ON k.user_id = c.user_id AND k.connection_id = c.id
  JOIN users u ON u.id = c.user_id
  LEFT JOIN mail_choices m ON m.user_id = c.user_id
 WHERE c.status = ANY(%(live)s) AND u.email <> '' AND u.disabled_at IS NULL AND coalesce(m.wanted, true)
   AND (c.status = 'needs_reconnect' OR c.consented_at < %(year)s OR k.failing_since < %(failing)s)
   AND (c.user_id, c.link) > (%(user)s::uuid, %(link)s)
 ORDER BY c.user_id, c.link LIMIT %(most)s
"""
# A row is one cause of one person. It is written anew for a new beginning, or where it got worse, and
# never while its last message is younger than the days between two.
_PUT = """
INSERT INTO mail_outbox AS o (user_id, cause, id, level, since, title, text, page, action, state,
    created_at, seen_at, next_at)
VALUES (%(user)s, %(cause)s, %(id)s, %(level)s, %(since)s, %(title)s, %(text)s, %(page)s, %(action)s,
    'waiting', %(now)s, %(now)s, %(now)s)
ON CONFLICT (user_id, cause) DO UPDATE SET id = excluded.id, level = excluded.level,
    since = excluded.since, title = excluded.title, text = excluded.text, page = excluded.page,
    action = excluded.action, state = 'waiting', created_at = excluded.created_at,
    seen_at = excluded.seen_at, next_at = excluded.next_at, attempts = 0, unsure = 0,
    lease_until = NULL, settled_at = NULL, last_error = ''
WHERE o.state <> 'waiting' AND o.created_at <= %(before)s
    AND (excluded.level > o.level OR excluded.since > o.since)
"""
_TAKE = """
UPDATE mail_outbox o SET attempts = attempts + 1, unsure = unsure + 1, lease_until = %(until)s
  FROM (SELECT w.user_id, w.cause FROM mail_outbox w
         WHERE w.state = 'waiting' AND w.next_at <= %(now)s AND w.unsure < %(most)s
           AND (w.lease_until IS NULL OR w.lease_until <= %(now)s)
         ORDER BY w.next_at LIMIT 1 FOR UPDATE SKIP LOCKED) AS due,
       users u
 WHERE o.user_id = due.user_id AND o.cause = due.cause AND u.id = o.user_id
RETURNING o.user_id::text AS user_id, o.cause, o.id::text AS id, o.title, o.text, o.page, o.action,
    o.attempts, u.email,
    coalesce((SELECT m.wanted FROM mail_choices m WHERE m.user_id = o.user_id), true) AS wanted
"""
_COUNTS = """
SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting,
       count(*) FILTER (WHERE state = 'sent' AND settled_at > %(since)s) AS sent,
       count(*) FILTER (WHERE state = 'failed' AND settled_at > %(since)s) AS failed,
       (SELECT last_error FROM mail_outbox WHERE last_error <> '' ORDER BY coalesce(settled_at, next_at)
         DESC LIMIT 1) AS last_error
  FROM mail_outbox
"""


@dataclass(frozen=True, kw_only=True)
class Due:
    """A message that this caller alone may send."""

    user_id: UserId
    cause: str
    id: str
    title: str
    text: str
    page: str
    action: str
    attempts: int
    email: str
    wanted: bool


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How mail goes; sent and failed are of the last 30 days."""

    waiting: int
    sent: int
    failed: int
    last_error: str


async def wanted(conn: Connection, user_id: UserId) -> bool:
    """Tell whether a person wants mail; whoever has not chosen does."""
    cursor = await conn.execute(_WANTED, (user_id,))
    row = await cursor.fetchone()
    assert row is not None
    return bool(row["wanted"])


async def choose(conn: Connection, user_id: UserId, *, wants: bool, now: datetime) -> None:
    """Remember whether a person wants mail."""
    await conn.execute(_CHOOSE, (user_id, wants, now))


async def candidates(
    conn: Connection,
    *,
    consented_before: datetime,
    failing_before: datetime,
    after: tuple[str, str],
    most: int,
) -> list[tuple[UserId, Standing]]:
    """Return connections that there may be something to write about, after this person and link."""
    cursor = await conn.execute(
        _CANDIDATES,
        {
            "live": list(LIVE),
            "year": consented_before,
            "failing": failing_before,
            "user": after[0],
            "link": after[1],
            "most": most,
        },
    )
    return [(UserId(row["user_id"]), _standing(row)) for row in await cursor.fetchall()]


async def put(
    conn: Connection, user_id: UserId, notice: Notice, *, now: datetime, between: timedelta
) -> None:
    """Let a notice be sent, unless it was already, or too short a time ago."""
    await conn.execute(
        "UPDATE mail_outbox SET seen_at = %s WHERE user_id = %s AND cause = %s",
        (now, user_id, notice.cause),
    )
    await conn.execute(
        _PUT,
        {
            "user": user_id,
            "cause": notice.cause,
            "id": new_id(),
            "level": notice.level,
            "since": notice.since,
            "title": notice.title,
            "text": notice.text,
            "page": notice.page,
            "action": notice.action,
            "now": now,
            "before": now - between,
        },
    )


async def withdraw(conn: Connection, *, not_seen_since: datetime, forget_before: datetime) -> None:
    """Delete what is over before it was sent, and what was settled long ago."""
    await conn.execute(
        "DELETE FROM mail_outbox WHERE (state = 'waiting' AND seen_at < %s AND lease_until IS NULL)"
        " OR (state <> 'waiting' AND seen_at < %s)",
        (not_seen_since, forget_before),
    )


async def take(conn: Connection, now: datetime, *, lease: timedelta) -> Due | None:
    """Take the message that is due longest; after two sendings without an answer none is made."""
    await conn.execute(
        "UPDATE mail_outbox SET state = 'failed', settled_at = %(now)s, lease_until = NULL,"
        " last_error = 'mail_unsure'"
        " WHERE state = 'waiting' AND unsure >= %(most)s AND lease_until <= %(now)s",
        {"now": now, "most": MOST_UNSURE},
    )
    cursor = await conn.execute(_TAKE, {"now": now, "until": now + lease, "most": MOST_UNSURE})
    row = await cursor.fetchone()
    return Due(**row) if row else None


async def settle(conn: Connection, due: Due, *, state: str, now: datetime, error: str = "") -> None:
    """Note how a message ended: sent or failed."""
    await conn.execute(
        "UPDATE mail_outbox SET state = %s, settled_at = %s, lease_until = NULL, last_error = %s"
        " WHERE user_id = %s AND cause = %s AND id = %s",
        (state, now, error, due.user_id, due.cause, due.id),
    )


async def later(
    conn: Connection, due: Due, *, next_at: datetime, error: str, certain: bool
) -> None:
    """Send it again later; `certain` says that it did not arrive."""
    await conn.execute(
        "UPDATE mail_outbox SET next_at = %s, last_error = %s, unsure = unsure - %s,"
        " lease_until = CASE WHEN %s THEN NULL ELSE lease_until END"
        " WHERE user_id = %s AND cause = %s AND id = %s",
        (next_at, error, int(certain), certain, due.user_id, due.cause, due.id),
    )


async def drop(conn: Connection, due: Due) -> None:
    """Delete a message that its person does not want any more."""
    await conn.execute(
        "DELETE FROM mail_outbox WHERE user_id = %s AND cause = %s AND id = %s",
        (due.user_id, due.cause, due.id),
    )


async def counts(conn: Connection, *, since: datetime) -> Counts:
    """Return how mail goes."""
    cursor = await conn.execute(_COUNTS, {"since": since})
    row = await cursor.fetchone()
    assert row is not None
    return Counts(**{**row, "last_error": row["last_error"] or ""})


def _standing(row: dict[str, Any]) -> Standing:
    return Standing(
        link=Link(row["link"]),
        needs_reconnect=row["status"] == "needs_reconnect",
        consented_at=row["consented_at"],
        scopes=frozenset(row["granted_scopes"]),
        ended_at=row["ended_at"],
        failing_since=row["failing_since"],
        sites=frozenset(),
    )
