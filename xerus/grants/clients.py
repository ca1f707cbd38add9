"""Registered MCP clients."""

import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, get_args

from pydantic import SecretStr

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.grants import store
from xerus.ids import ClientId, new_id, new_secret, secret_hash
from xerus.oauth import redirect_uri, scopes
from xerus.oauth.errors import OAuthError
from xerus.oauth.redirect_uri import RedirectPolicy

AuthMethod = Literal["none", "client_secret_basic", "client_secret_post"]
AUTH_METHODS: tuple[AuthMethod, ...] = get_args(AuthMethod)
# The chat is a client too, built in: it has no registration and no token family.
CHAT_CLIENT_ID = ClientId("xerus-chat")
CHAT_CLIENT_NAME = "Xerus chat"

_UNUSED_LIFE = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Client:
    """A registered client; `scopes` is what it gets when it asks for none."""

    id: ClientId
    name: str
    auth_method: AuthMethod
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str]
    secret_hash: bytes | None = field(default=None, repr=False)

    def allows(self, requested: str) -> bool:
        """Tell whether a redirect address is one of the registered ones."""
        return any(redirect_uri.matches(requested, known) for known in self.redirect_uris)


class Clients:
    """Registers clients and recognizes them again."""

    def __init__(
        self, *, db: Database, audit: AuditLog, policy: RedirectPolicy, clock: Clock
    ) -> None:
        self._db = db
        self._audit = audit
        self._policy = policy
        self._clock = clock

    async def register(
        self,
        *,
        name: str,
        auth_method: AuthMethod,
        redirect_uris: tuple[str, ...],
        granted: frozenset[str],
        address: str = "",
    ) -> tuple[Client, SecretStr | None]:
        """Store a new client; a confidential one gets a secret, of which only a hash is kept.

        Raises:
            OAuthError: `invalid_redirect_uri`; one bad address refuses the whole registration.
        """
        for uri in redirect_uris:
            self._policy.check(uri)
        secret = None if auth_method == "none" else SecretStr(new_secret())
        client = Client(
            id=ClientId(new_id()),
            name=name,
            auth_method=auth_method,
            redirect_uris=redirect_uris,
            scopes=granted,
            secret_hash=secret_hash(secret.get_secret_value()) if secret else None,
        )
        async with self._db.transaction(Role.GATE) as conn:
            await store.insert_client(conn, _row(client) | {"now": self._clock.now()})
            await self._audit.record(
                conn,
                Event.REGISTRATION_CREATED,
                client=client.id,
                address=address,
                redirect_host=redirect_uri.shown_host(redirect_uris[0]),
            )
        return client, secret

    async def get(self, client_id: str) -> Client | None:
        """Return a client, None if there is none with this id."""
        if not _plausible(client_id):
            return None
        async with self._db.transaction(Role.GATE) as conn:
            row = await store.find_client(conn, client_id)
        return _client(row) if row else None

    async def authenticate(self, client_id: str, secret: str | None) -> Client:
        """Return the client that proves to be itself (RFC 6749 2.3).

        Raises:
            OAuthError: `invalid_client`.
        """
        client = await self.get(client_id)
        if client is None:
            raise OAuthError("invalid_client", "This client is not registered. Register it again.")
        if client.secret_hash is None:
            if secret:
                raise OAuthError("invalid_client", "This client was registered without a secret.")
            return client
        given = secret_hash(secret or "")
        if not secret or not hmac.compare_digest(client.secret_hash, given):
            raise OAuthError("invalid_client", "The client secret is missing or wrong.")
        return client

    async def sweep(self) -> None:
        """Delete requests that expired, families that ended and clients nobody used for a week."""
        now = self._clock.now()
        async with self._db.transaction(Role.GATE) as conn:
            await store.sweep(conn, now=now, unused_before=now - _UNUSED_LIFE)


def _plausible(client_id: str) -> bool:
    return 0 < len(client_id) <= 200 and client_id.isascii() and client_id.isprintable()  # noqa: PLR2004 - a bound, not a rule


def _row(client: Client) -> store.Row:
    return {
        "id": client.id,
        "name": client.name,
        "auth_method": client.auth_method,
        "secret_hash": client.secret_hash,
        "redirect_uris": list(client.redirect_uris),
        "scopes": scopes.text(client.scopes).split(),
    }


def _client(row: store.Row) -> Client:
    return Client(
        id=ClientId(row["id"]),
        name=row["name"],
        auth_method=row["auth_method"],
        redirect_uris=tuple(row["redirect_uris"]),
        scopes=frozenset(row["scopes"]),
        secret_hash=row["secret_hash"],
    )
