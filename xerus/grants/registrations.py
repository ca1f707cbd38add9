"""Registrations as their clients manage them (RFC 7592)."""

import hmac
from dataclasses import replace

from pydantic import SecretStr

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.db.database import Connection, Database
from xerus.db.roles import Role
from xerus.grants import client_store
from xerus.grants.clients import Client, Issued, Metadata, client_of, plausible, row_of
from xerus.grants.families import Families
from xerus.grants.removal import remove
from xerus.ids import new_secret, secret_hash
from xerus.oauth.errors import OAuthError
from xerus.oauth.redirect_uri import RedirectPolicy


class Registrations:
    """Reads, replaces and ends registrations."""

    def __init__(
        self, *, db: Database, audit: AuditLog, policy: RedirectPolicy, families: Families
    ) -> None:
        self._db = db
        self._audit = audit
        self._policy = policy
        self._families = families

    async def read(self, client_id: str, token: str) -> Client:
        """Return the registration that a token is for.

        Raises:
            OAuthError: `invalid_token`: another token, or no such client (RFC 7592 2.1).
        """
        async with self._db.transaction(Role.GATE) as conn:
            row = await client_store.find(conn, client_id) if plausible(client_id) else None
        return _owned(row, token)

    async def replace(
        self, client_id: str, token: str, asked: Metadata, *, secret: str | None
    ) -> Issued:
        """Replace all metadata; id and, while the client keeps using one, secret stay.

        Whoever allowed the former registration is asked again: it is another name or address now.

        Raises:
            OAuthError: `invalid_token`, `invalid_redirect_uri`, or `invalid_client_metadata` for
                a secret that is not the client's.
        """
        async with self._db.transaction(Role.GATE) as conn:
            # Before the lock on the client, as whoever answers a request takes them.
            await self._check_owner(conn, client_id, token)
            for uri in asked.redirect_uris:
                self._policy.check(uri)
            await client_store.forget_allowed(conn, client_id)
            before = _owned(await client_store.lock(conn, client_id), token)
            _check_secret(before, secret)
            after, issued = _with_secret(replace(before, **vars(asked)))
            await client_store.update(conn, row_of(after))
            await self._audit.record(
                conn, Event.REGISTRATION_CHANGED, client=client_id, kind=after.source
            )
        return Issued(client=after, secret=issued, management_token=SecretStr(token))

    async def _check_owner(self, conn: Connection, client_id: str, token: str) -> None:
        row = await client_store.find(conn, client_id) if plausible(client_id) else None
        _owned(row, token)

    async def end(self, client_id: str, token: str) -> None:
        """Delete a registration at its client's wish, and end all its grants everywhere.

        Raises:
            OAuthError: `invalid_token`.
        """
        async with self._families.transaction() as conn:
            await self._check_owner(conn, client_id, token)
            await remove(
                conn,
                client_id,
                "removed_by_client",
                families=self._families,
                audit=self._audit,
            )


def _owned(row: client_store.Row | None, token: str) -> Client:
    known = row["management_hash"] if row else None
    if row is None or known is None or not hmac.compare_digest(known, secret_hash(token)):
        raise OAuthError("invalid_token", "This is not the registration access token of a client.")
    return client_of(row)


def _check_secret(client: Client, secret: str | None) -> None:
    # RFC 7592 2.2: a client may repeat its secret, never choose one.
    if secret is None:
        return
    known = client.secret_hash
    if known is None or not hmac.compare_digest(known, secret_hash(secret)):
        raise OAuthError(
            "invalid_client_metadata", "client_secret is not the current one. Leave it out."
        )


def _with_secret(client: Client) -> tuple[Client, SecretStr | None]:
    """Give a client the secret that its method needs, take away one that it does not."""
    if client.auth_method == "none":
        return replace(client, secret_hash=None), None
    if client.secret_hash is not None:
        return client, None
    secret = new_secret()
    return replace(client, secret_hash=secret_hash(secret)), SecretStr(secret)
