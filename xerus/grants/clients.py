"""Registered MCP clients."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args

from pydantic import SecretStr

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.grants import client_store, store
from xerus.ids import ClientId, UserId, new_id, new_secret, secret_hash
from xerus.oauth import redirect_uri, scopes
from xerus.oauth.errors import OAuthError
from xerus.oauth.redirect_uri import RedirectPolicy

AuthMethod = Literal["none", "client_secret_basic", "client_secret_post"]
AUTH_METHODS: tuple[AuthMethod, ...] = get_args(AuthMethod)
Source = Literal["dynamic", "file", "administrator", "document"]
# The chat is a client too, built in: it has no registration and no token family.
CHAT_CLIENT_ID = ClientId("xerus-chat")
CHAT_CLIENT_NAME = "Xerus chat"

_UNUSED_LIFE = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What a client says of itself; `scopes` is what it gets when it asks for none."""

    name: str
    auth_method: AuthMethod
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str]
    application_type: str = ""


@dataclass(frozen=True, kw_only=True)
class Client(Metadata):
    """A registered client; `source` tells how it was registered."""

    id: ClientId
    source: Source
    created_at: datetime
    secret_hash: bytes | None = field(default=None, repr=False)

    def allows(self, requested: str) -> bool:
        """Tell whether a redirect address is one of the registered ones."""
        return any(redirect_uri.matches(requested, known) for known in self.redirect_uris)


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A client with what it is told once: of secret and token only hashes are kept."""

    client: Client
    secret: SecretStr | None
    management_token: SecretStr | None


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
        asked: Metadata,
        *,
        source: Source = "dynamic",
        address: str = "",
        by: UserId | None = None,
    ) -> Issued:
        """Store a new client; a confidential one gets a secret.

        One that registers itself gets a token to manage its registration (RFC 7592); `by` is the
        administrator who registers another.

        Raises:
            OAuthError: `invalid_redirect_uri`; one bad address refuses the whole registration.
        """
        for uri in asked.redirect_uris:
            self._policy.check(uri)
        secret = None if asked.auth_method == "none" else SecretStr(new_secret())
        token = SecretStr(new_secret()) if source == "dynamic" else None
        client = Client(
            id=ClientId(new_id()),
            source=source,
            created_at=self._clock.now(),
            secret_hash=secret_hash(secret.get_secret_value()) if secret else None,
            **vars(asked),
        )
        row = row_of(client, secret_hash(token.get_secret_value()) if token else None)
        async with self._db.transaction(Role.GATE) as conn:
            await client_store.insert(conn, row)
            await self._audit.record(
                conn,
                Event.REGISTRATION_CREATED,
                user_id=by,
                client=client.id,
                client_name=client.name,
                kind=source,
                address=address,
                redirect_host=redirect_uri.shown_host(client.redirect_uris[0]),
            )
        return Issued(client=client, secret=secret, management_token=token)

    async def get(self, client_id: str) -> Client | None:
        """Return a client, None if there is none with this id."""
        if not plausible(client_id):
            return None
        async with self._db.transaction(Role.GATE) as conn:
            row = await client_store.find(conn, client_id)
        return client_of(row) if row else None

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
        """Delete requests that expired, families that ended and clients nobody used for a week.

        Those that the operator or an administrator registered stay.
        """
        now = self._clock.now()
        async with self._db.transaction(Role.GATE) as conn:
            await store.sweep(conn, now=now, unused_before=now - _UNUSED_LIFE)
            await client_store.sweep(conn, unused_before=now - _UNUSED_LIFE)


def plausible(client_id: str) -> bool:
    """Tell whether a client id from outside is worth a look into the database."""
    return 0 < len(client_id) <= 200 and client_id.isascii() and client_id.isprintable()  # noqa: PLR2004 - a bound, not a rule


def row_of(client: Client, management_hash: bytes | None = None) -> store.Row:
    """Return a client as it is stored."""
    return {
        "id": client.id,
        "name": client.name,
        "auth_method": client.auth_method,
        "secret_hash": client.secret_hash,
        "redirect_uris": list(client.redirect_uris),
        "scopes": scopes.text(client.scopes).split(),
        "created_at": client.created_at,
        "source": client.source,
        "application_type": client.application_type,
        "management_hash": management_hash,
    }


def client_of(row: store.Row) -> Client:
    """Return a stored client."""
    return Client(
        id=ClientId(row["id"]),
        name=row["name"],
        auth_method=row["auth_method"],
        redirect_uris=tuple(row["redirect_uris"]),
        scopes=frozenset(row["scopes"]),
        application_type=row["application_type"],
        source=row["source"],
        created_at=row["created_at"],
        secret_hash=row["secret_hash"],
    )
