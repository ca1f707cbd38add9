"""What an authorization server of Atlassian's is to this package, whichever it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import SecretStr

from xerus.atlassian.credentials import Product, Target
from xerus.connections.links import Link
from xerus.connections.sites import GrantedSite
from xerus.connections.tables import Named
from xerus.errors import UpstreamRefused
from xerus.ids import CloudId

TOKEN_DEADLINE = 20.0
"""Total seconds for a token request. A shorter one loses grants: a request that timed out may
have rotated the token all the same."""


class GrantRefused(UpstreamRefused):
    """The code or refresh token is not, or no longer, good."""

    code = "grant_refused"


class ClientRejected(UpstreamRefused):
    """Atlassian refuses our own client id, secret or request: the operator's matter, no person's.

    `access_denied` at the token endpoint means a wrong client secret, not a decision of a user.
    """

    code = "client_rejected"


@dataclass(frozen=True, kw_only=True)
class TokenSet:
    """An answer of the token endpoint. `refresh_token` and `scopes` may be left out by it.

    `says_when` is False where it did not say for how long the token lives.
    """

    access_token: SecretStr
    refresh_token: SecretStr | None
    expires_in: int
    scopes: frozenset[str] | None
    requested_at: datetime
    says_when: bool = True


@dataclass(frozen=True, kw_only=True)
class Account:
    """The Atlassian account that consented."""

    account_id: str
    email: str
    name: str


class Renews(Protocol):
    """What spends a refresh token."""

    @property
    def link(self) -> Named:
        """What is renewed."""

    async def refresh(self, refresh_token: SecretStr, *, deadline: float) -> TokenSet:
        """Spend a refresh token.

        Raises:
            GrantRefused: the token is dead; nothing but a new consent helps.
            ClientRejected: our configuration is wrong; says nothing about the grant.
            UpstreamUnavailable: no verdict. The token may have been rotated all the same.
        """
        ...


class Begins(Protocol):
    """What sends a person to consent.

    Attributes:
        configured: whether an app is set up.
        settings: what sets it up, in words.
    """

    @property
    def link(self) -> Named:
        """What is connected."""

    @property
    def configured(self) -> bool:
        """Whether an app is set up."""

    @property
    def settings(self) -> str:
        """What sets it up, in words."""

    def authorize_url(self, *, state: str, code_challenge: str) -> str:
        """Return where the browser goes to consent."""
        ...


class Provider(Protocol):
    """One authorization server with one registered app; it `Begins` and `Renews`.

    Attributes:
        link: which one it is.
        configured: whether the app is set up.
        settings: the settings that set it up, in words.
        scopes: what is asked for.
        grant_life: after how long a consent ends whatever is done; None for never.
    """

    link: Link
    configured: bool
    settings: str
    scopes: frozenset[str]
    grant_life: timedelta | None

    def authorize_url(self, *, state: str, code_challenge: str) -> str:
        """Return where the browser goes to consent."""
        ...

    async def exchange(self, *, code: SecretStr, code_verifier: SecretStr) -> TokenSet:
        """Redeem an authorization code. Raises as `refresh`."""
        ...

    async def refresh(self, refresh_token: SecretStr, *, deadline: float) -> TokenSet:
        """Spend a refresh token.

        Raises:
            GrantRefused: the token is dead; nothing but a new consent helps.
            ClientRejected: our configuration is wrong; says nothing about the grant.
            UpstreamUnavailable: no verdict. The token may have been rotated all the same.
        """
        ...

    async def account(self, access_token: SecretStr) -> Account:
        """Return who consented."""
        ...

    async def sites(self, access_token: SecretStr) -> tuple[GrantedSite, ...]:
        """Return the sites of the grant, each once; empty when the account has none."""
        ...

    async def probe(
        self,
        product: Product,
        cloud_id: CloudId,
        access_token: SecretStr,
        scopes: frozenset[str],
    ) -> None:
        """Make one real, cheap call to the product.

        Raises:
            UpstreamRefused: the product does not serve this account.
            UpstreamUnavailable: no verdict.
        """
        ...

    def target(
        self, product: Product, site: GrantedSite, *, account: str, granted: frozenset[str]
    ) -> Target:
        """Return where calls for a product of a site go."""
        ...

    def missing(self, granted: frozenset[str]) -> frozenset[str]:
        """Return the scopes that were asked for and not granted."""
        ...
