"""What the endpoints share: their collaborators and their addresses."""

import ipaddress
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request

from xerus.accounts.cookies import Cookies
from xerus.accounts.sessions import Sessions
from xerus.accounts.signin import SignIn
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.grants.clients import Clients
from xerus.grants.codes import Codes
from xerus.grants.consents import Consents
from xerus.grants.documents import Documents
from xerus.grants.families import Families
from xerus.grants.refresh import RefreshTokens
from xerus.grants.registrations import Registrations
from xerus.grants.requests import AuthorizationRequests
from xerus.grants.tokens import AccessTokens
from xerus.keys.signing import SigningKeys
from xerus.limits.token_bucket import TokenBuckets
from xerus.pages.csrf import Csrf
from xerus.pages.rendering import Pages


class Limit(Protocol):
    """A quota per key; `limits.fixed_window.FixedWindow` is one."""

    async def spend(self, key: str) -> None:
        """Count one event.

        Raises:
            LimitReached: the quota is used up.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Front:
    """The collaborators of every endpoint; `public_url` is the issuer, without trailing slash.

    `documents` is None where the operator lets in no client that is described by a document.
    `registrations` bounds what stays in the database, `addresses` every other request.
    """

    public_url: str
    pages: Pages
    csrf: Csrf
    cookies: Cookies
    audit: AuditLog
    sessions: Sessions
    sign_in: SignIn
    clients: Clients
    documents: Documents | None
    managed: Registrations
    requests: AuthorizationRequests
    codes: Codes
    consents: Consents
    refresh: RefreshTokens
    families: Families
    tokens: AccessTokens
    signing_keys: SigningKeys
    registrations: Limit
    addresses: TokenBuckets
    clock: Clock

    @property
    def issuer(self) -> str:
        """The issuer identifier (RFC 8414 2)."""
        return self.public_url

    @property
    def resource(self) -> str:
        """The canonical address of the MCP endpoint (RFC 8707 2)."""
        return f"{self.public_url}/mcp"

    def is_our_resource(self, value: str) -> bool:
        """Tell whether a `resource` parameter names our MCP endpoint."""
        return value.removesuffix("/") == self.resource


def quota_key(request: Request) -> str:
    """Return whose quota a request counts against: its address, an IPv6 one by its network.

    One IPv6 customer has 2**64 addresses, so each of them alone would be no limit.
    """
    address = address_of(request)
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4 or parsed.ipv4_mapped:  # noqa: PLR2004 - the protocol's number
        return address
    return str(ipaddress.IPv6Network((int(parsed), 64), strict=False))


def address_of(request: Request) -> str:
    """Return the address of the peer, '' where there is none."""
    return request.client.host if request.client else ""
