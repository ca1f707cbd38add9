"""Clients that are described by a document at the address that is their id."""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from http import HTTPStatus

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.egress.client import Reply
from xerus.egress.public import PublicReader
from xerus.grants import client_store
from xerus.grants.clients import Client, client_of, row_of
from xerus.ids import ClientId
from xerus.oauth import client_document, redirect_uri
from xerus.oauth.client_document import DocumentRefused
from xerus.oauth.errors import OAuthError
from xerus.oauth.redirect_uri import RedirectPolicy

_SHORTEST, _USUAL, _LONGEST = timedelta(minutes=5), timedelta(hours=1), timedelta(hours=24)
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=(\d{1,9})(?:$|[,\s])")


class Documents:
    """Reads documents, remembers them as long as HTTP lets it, from 5 minutes to a day."""

    def __init__(
        self,
        *,
        reader: PublicReader,
        db: Database,
        audit: AuditLog,
        policy: RedirectPolicy,
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._db = db
        self._audit = audit
        self._policy = policy
        self._clock = clock

    async def get(self, client_id: str, *, before_reading: Callable[[], Awaitable[None]]) -> Client:
        """Return the client of an address.

        Args:
            client_id: the address; `client_document.is_document_id` said yes.
            before_reading: spends somebody's quota; raises where it is used up.

        Raises:
            DocumentRefused: the document cannot stand for a client.
            EgressRefused, UpstreamUnavailable: it cannot be read.
        """
        now = self._clock.now()
        async with self._db.transaction(Role.GATE) as conn:
            row = await client_store.find(conn, client_id)
        if row and row["fresh_until"] and row["fresh_until"] > now:
            return client_of(row)
        await before_reading()
        reply = await self._reader.read(client_id)
        if reply.status != HTTPStatus.OK:
            raise DocumentRefused(
                f"The document that describes this program was answered with {reply.status}.",
                hint="Try again later, or tell the maker of the program.",
            )
        client = self._described(client_id, reply.body, now)
        await self._keep(client, fresh_until=now + _fresh_for(reply), is_new=row is None)
        return client

    def _described(self, client_id: str, body: bytes, now: datetime) -> Client:
        described = client_document.read(client_id, body)
        try:
            for uri in described.redirect_uris:
                self._policy.check(uri)
        except OAuthError as error:
            raise DocumentRefused(
                f"The document names a redirect address that is not allowed: {error.description}",
                hint="Tell the maker of the program.",
            ) from error
        return Client(
            id=ClientId(client_id),
            name=described.name,
            auth_method="none",
            redirect_uris=described.redirect_uris,
            scopes=described.scopes,
            source="document",
            created_at=now,
        )

    async def _keep(self, client: Client, *, fresh_until: datetime, is_new: bool) -> None:
        async with self._db.transaction(Role.GATE) as conn:
            await client_store.keep_document(conn, row_of(client), fresh_until=fresh_until)
            if is_new:
                await self._audit.record(
                    conn,
                    Event.REGISTRATION_CREATED,
                    client=client.id,
                    kind=client.source,
                    redirect_host=redirect_uri.shown_host(client.redirect_uris[0]),
                )


def _fresh_for(reply: Reply) -> timedelta:
    found = _MAX_AGE.search(reply.headers.get("Cache-Control", "").lower())
    asked = timedelta(seconds=int(found[1])) if found else _USUAL
    return min(max(asked, _SHORTEST), _LONGEST)
