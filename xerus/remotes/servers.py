"""What a remote MCP server is to the rest of Xerus."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from xerus.connections.views import Problem
from xerus.errors import Forbidden
from xerus.ids import RemoteServerId


class Auth(StrEnum):
    """How Xerus proves itself to a server."""

    NONE = "none"
    API_KEY = "api_key"
    OAUTH = "oauth"


@dataclass(frozen=True, kw_only=True)
class RemoteServer:
    """A server that an administrator added.

    Attributes:
        slug: one to sixteen of a-z, 0-9 and _; it stays, because the names of the server's tools
            begin with it.
        name: what people call it, as the administrator wrote it.
        url: its MCP endpoint.
        hands_atlassian_token: whether each call carries the person's own Atlassian token.
        trusts_annotations: whether it is believed which of its tools only read, so that these run
            without being asked about.
        away_since: since when it does not answer anybody; None while it does.
    """

    id: RemoteServerId
    slug: str
    name: str
    url: str
    auth: Auth
    hands_atlassian_token: bool
    trusts_annotations: bool = False
    away_since: datetime | None = None

    @property
    def host(self) -> str:
        """The host, with its port where one is named: whom a person trusts."""
        return urlsplit(self.url).netloc


@dataclass(frozen=True, kw_only=True)
class OAuthClient:
    """Xerus as a client of a server's authorization server; nothing here is secret.

    Attributes:
        resource: what tokens are asked for (RFC 8707).
        names_issuer: the server says that its answers carry `iss` (RFC 9207).
        registration_uri: where the registration can be ended (RFC 7592), '' if nowhere.
        is_registered: Xerus registered itself; False for a client that an administrator named.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    client_id: str
    auth_method: str
    scopes: tuple[str, ...]
    resource: str
    names_issuer: bool
    registration_uri: str
    is_registered: bool

    def to_json(self) -> dict[str, Any]:
        """Return the stored form."""
        return {**vars(self), "scopes": list(self.scopes)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "OAuthClient":
        """Read the stored form back."""
        return cls(**{**stored, "scopes": tuple(stored["scopes"])})


@dataclass(frozen=True, kw_only=True)
class Registered:
    """A server with all that is kept of it; what is sealed opens with `sealing.Secrets`.

    Attributes:
        key_header: the header that carries the key, of a server with `Auth.API_KEY`.
        key_of_each: each person gives a key of their own; else all share the administrator's.
        tools: how many it listed last, None if nobody asked.
    """

    server: RemoteServer
    enabled: bool
    key_header: str
    key_of_each: bool
    oauth: OAuthClient | None
    added_at: datetime
    reached_at: datetime | None
    reach_ms: int | None
    reach_error: Problem | None
    tools: int | None
    shared_key: bytes | None = field(default=None, repr=False)
    client_secret: bytes | None = field(default=None, repr=False)
    registration_token: bytes | None = field(default=None, repr=False)

    @property
    def is_personal(self) -> bool:
        """Whether each person has to connect it."""
        return self.server.auth is Auth.OAUTH or self.key_of_each


class NotConnected(Forbidden):
    """The person has to connect something first, at `url`: the server, or Atlassian for it."""

    code = "server_not_connected"
    status = 409

    def __init__(
        self, server: RemoteServer, url: str, *, message: str = "", is_atlassian: bool = False
    ) -> None:
        super().__init__(message or f"{server.name} is not connected.", hint=f"Connect it: {url}")
        self.server = server
        self.url = url
        self.is_atlassian = is_atlassian
