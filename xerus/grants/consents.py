"""Consents that a person chose not to be asked for again, per client and redirect address."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Connection, Database
from xerus.db.roles import Role
from xerus.grants.clients import Client
from xerus.ids import UserId, new_id
from xerus.oauth import redirect_uri, scopes
from xerus.oauth.client_document import is_document_id

# Another consent to the same address adds to what was allowed there.
_KEEP = """
INSERT INTO remembered_consents AS r (id, user_id, client_id, redirect_uri, scopes, created_at)
VALUES (%(id)s, %(user_id)s, %(client_id)s, %(redirect_uri)s, %(scopes)s, %(now)s)
ON CONFLICT (user_id, client_id, redirect_uri) DO UPDATE
    SET scopes = ARRAY(SELECT DISTINCT unnest(r.scopes || excluded.scopes)),
        created_at = excluded.created_at
"""

_COVERS = """
UPDATE remembered_consents SET used_at = %(now)s
WHERE user_id = %(user_id)s AND client_id = %(client_id)s AND redirect_uri = %(redirect_uri)s
    AND scopes @> %(scopes)s::text[]
"""

_OF = """
SELECT r.id, c.name, r.redirect_uri, r.scopes, r.created_at, r.used_at
FROM remembered_consents r JOIN clients c ON c.id = r.client_id
WHERE r.user_id = %s ORDER BY coalesce(r.used_at, r.created_at) DESC
"""


@dataclass(frozen=True, kw_only=True)
class ConsentRow:
    """A remembered consent as its owner sees it in a list."""

    id: str
    client_name: str
    redirect_uri: str
    scopes: frozenset[str]
    created_at: datetime
    used_at: datetime | None


def may_be_remembered(client_id: str, redirect: str) -> bool:
    """Tell whether the answer goes to a server that proves its name by its certificate.

    Any program can listen on a loopback port or claim a private scheme, so a person is asked each
    time such an address is named (RFC 8252 8.6). Whoever controls a client's document can change
    it after the consent, so that is never remembered either (GHSA-6x8h-498w-gv8c).
    """
    if is_document_id(client_id):
        return False
    return urlsplit(redirect).scheme == "https" and not redirect_uri.is_loopback(redirect)


class Consents:
    """Tells what need not be asked again, and forgets it when its owner says so."""

    def __init__(self, *, db: Database, audit: AuditLog, clock: Clock) -> None:
        self._db = db
        self._audit = audit
        self._clock = clock

    async def covers(
        self, user_id: UserId, client: Client, *, redirect: str, asked: frozenset[str]
    ) -> bool:
        """Tell whether this person chose not to be asked for all of this again."""
        if not may_be_remembered(client.id, redirect):
            return False
        async with self._db.transaction(Role.GATE) as conn:
            cursor = await conn.execute(
                _COVERS,
                {
                    "now": self._clock.now(),
                    "user_id": user_id,
                    "client_id": client.id,
                    "redirect_uri": redirect,
                    "scopes": sorted(asked),
                },
            )
        return cursor.rowcount == 1

    async def of(self, user_id: UserId) -> list[ConsentRow]:
        """Return what a person is not asked again, the last used first."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            rows = await (await conn.execute(_OF, (user_id,))).fetchall()
        return [
            ConsentRow(
                id=str(row["id"]),
                client_name=row["name"],
                redirect_uri=row["redirect_uri"],
                scopes=frozenset(row["scopes"]),
                created_at=row["created_at"],
                used_at=row["used_at"],
            )
            for row in rows
        ]

    async def forget(self, consent_id: str, user_id: UserId) -> bool:
        """Ask this person again next time; False if it was not theirs or forgotten already."""
        async with self._db.transaction(Role.GATE) as conn:
            cursor = await conn.execute(
                "DELETE FROM remembered_consents WHERE id::text = %s AND user_id = %s"
                " RETURNING client_id, redirect_uri",
                (consent_id, user_id),
            )
            row = await cursor.fetchone()
            if row is not None:
                await self._audit.record(
                    conn,
                    Event.CLIENT_CONSENT_FORGOTTEN,
                    user_id=user_id,
                    client=row["client_id"],
                    redirect_host=redirect_uri.shown_host(row["redirect_uri"]),
                )
        return row is not None


async def keep(
    conn: Connection, request: dict[str, Any], user_id: UserId, now: datetime, audit: AuditLog
) -> None:
    """Remember the consent of an answered request, in the transaction of its answer."""
    if not request["remember"] or not may_be_remembered(
        request["client_id"], request["redirect_uri"]
    ):
        return
    await conn.execute(
        _KEEP,
        {
            "id": new_id(),
            "user_id": user_id,
            "client_id": request["client_id"],
            "redirect_uri": request["redirect_uri"],
            "scopes": request["scopes"],
            "now": now,
        },
    )
    await audit.record(
        conn,
        Event.CLIENT_CONSENT_REMEMBERED,
        user_id=user_id,
        client=request["client_id"],
        redirect_host=redirect_uri.shown_host(request["redirect_uri"]),
        scopes=scopes.text(frozenset(request["scopes"])),
    )


async def forget_all(conn: Connection, user_id: UserId) -> None:
    """Forget what a person allowed any client, in the transaction that ends their grants."""
    await conn.execute("DELETE FROM remembered_consents WHERE user_id = %s", (user_id,))


async def forget_client(conn: Connection, user_id: UserId, client_id: str) -> None:
    """Forget what a person allowed a client, in the transaction that ends its grant."""
    await conn.execute(
        "DELETE FROM remembered_consents WHERE user_id = %s AND client_id = %s",
        (user_id, client_id),
    )
