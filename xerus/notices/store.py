"""The tables of notices, and what they are found in. Each function runs in its caller's transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from xerus.connections.links import Link
from xerus.connections.store import LIVE
from xerus.db.database import Connection
from xerus.ids import UserId
from xerus.notices.notice import Dismissal
from xerus.notices.personal import Standing
from xerus.notices.servers import AILING, AtServer

# One statement for a page: it is asked for each.
_OWN = f"""
SELECT (SELECT coalesce(jsonb_agg(jsonb_build_object('slug', s.slug, 'name', s.name,
               'needs_reconnect', c.status = 'needs_reconnect',
               'ended_at', coalesce((k.last_error ->> 'at')::timestamptz, c.consented_at),
               'failing_since', k.failing_since)), '[]')
        {AILING} AND c.user_id = %(user)s) AS servers,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('link', c.link, 'status', c.status,
               'consented_at', c.consented_at, 'scopes', c.granted_scopes,
               'ended_at', k.last_error ->> 'at', 'failing_since', k.failing_since,
               'sites', jsonb_path_query_array(c.sites, '$[*].cloud_id'))), '[]')
          FROM connections c
          LEFT JOIN credentials k ON k.user_id = c.user_id AND k.connection_id = c.id
         WHERE c.user_id = %(user)s AND c.status = ANY(%(live)s)) AS connections,
       (SELECT coalesce(jsonb_object_agg(cause, jsonb_build_array(level, dismissed_at)), '{{}}')
          FROM notice_dismissals WHERE user_id = %(user)s) AS dismissed,
       CASE WHEN %(operator)s THEN (SELECT coalesce(jsonb_agg(to_jsonb(o)), '[]')
          FROM operator_troubles o) ELSE '[]' END AS operator
"""  # noqa: S608 - a constant
_PUT_AWAY = """
INSERT INTO notice_dismissals (user_id, cause, level, dismissed_at)
VALUES (%(user)s, %(cause)s, %(level)s, %(now)s)
ON CONFLICT (user_id, cause) DO UPDATE SET level = excluded.level, dismissed_at = excluded.dismissed_at
"""
_KEEP = """
INSERT INTO operator_troubles (cause, level, since, facts)
VALUES (%(cause)s, %(level)s, %(since)s, %(facts)s)
ON CONFLICT (cause) DO UPDATE SET level = excluded.level, facts = excluded.facts
"""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What is wrong with the installation; `facts` go into its words."""

    cause: str
    level: int
    since: datetime
    facts: Mapping[str, str | int]


@dataclass(frozen=True, kw_only=True)
class Known:
    """All that the notices of one person are made of."""

    standings: tuple[Standing, ...]
    servers: tuple[AtServer, ...]
    dismissed: Mapping[str, Dismissal]
    troubles: tuple[Trouble, ...]


async def known_of(conn: Connection, user_id: UserId, *, operator: bool) -> Known:
    """Return what is known of a person's connections, and with `operator` of the installation."""
    cursor = await conn.execute(_OWN, {"user": user_id, "live": list(LIVE), "operator": operator})
    row = await cursor.fetchone()
    assert row is not None
    return Known(
        standings=tuple(_standing(one) for one in row["connections"]),
        servers=tuple(_at_server(one) for one in row["servers"]),
        dismissed={
            cause: Dismissal(level=level, at=datetime.fromisoformat(at))
            for cause, (level, at) in row["dismissed"].items()
        },
        troubles=tuple(_trouble(one) for one in row["operator"]),
    )


async def put_away(
    conn: Connection, user_id: UserId, *, cause: str, level: int, now: datetime
) -> None:
    """Remember that a person has seen a cause at this level."""
    await conn.execute(_PUT_AWAY, {"user": user_id, "cause": cause, "level": level, "now": now})


async def troubles(conn: Connection) -> tuple[Trouble, ...]:
    """Return what is wrong with the installation, the oldest first (worker role)."""
    found = await conn.execute(
        "SELECT cause, level, since, facts FROM operator_troubles ORDER BY since"
    )
    return tuple(Trouble(**row) for row in await found.fetchall())


async def keep_troubles(conn: Connection, present: Iterable[Trouble]) -> None:
    """Make these the troubles of the installation; one that goes on keeps when it began."""
    names = []
    for trouble in present:
        names.append(trouble.cause)
        await conn.execute(
            _KEEP,
            {
                "cause": trouble.cause,
                "level": trouble.level,
                "since": trouble.since,
                "facts": Jsonb(dict(trouble.facts)),
            },
        )
    await conn.execute("DELETE FROM operator_troubles WHERE cause <> ALL(%s)", (names,))


async def forget_old(conn: Connection, before: datetime) -> int:
    """Delete what was put away so long ago that it is shown again (worker role)."""
    cursor = await conn.execute("DELETE FROM notice_dismissals WHERE dismissed_at < %s", (before,))
    return cursor.rowcount


def _standing(row: dict[str, Any]) -> Standing:
    return Standing(
        link=Link(row["link"]),
        needs_reconnect=row["status"] == "needs_reconnect",
        consented_at=datetime.fromisoformat(row["consented_at"]),
        scopes=frozenset(row["scopes"]),
        ended_at=_instant(row["ended_at"]),
        failing_since=_instant(row["failing_since"]),
        sites=frozenset(row["sites"]),
    )


def _at_server(row: dict[str, Any]) -> AtServer:
    return AtServer(
        **{
            **row,
            "ended_at": datetime.fromisoformat(row["ended_at"]),
            "failing_since": _instant(row["failing_since"]),
        }
    )


def _trouble(row: dict[str, Any]) -> Trouble:
    return Trouble(
        cause=row["cause"],
        level=row["level"],
        since=datetime.fromisoformat(row["since"]),
        facts=row["facts"],
    )


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
