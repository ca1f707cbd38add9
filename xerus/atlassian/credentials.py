"""Whose credential a request carries, and which site it goes to.

`Credentials` is what a tool gets. `connections` implements it with one person's own tokens,
`pat.py` with the operator's; a tool cannot tell which one it has.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from pydantic import SecretStr

from xerus.errors import Forbidden, InvalidInput, NotFound
from xerus.ids import CloudId, ConnectionId


class Product(StrEnum):
    """The two products that are called."""

    JIRA = "jira"
    CONFLUENCE = "confluence"


class Deployment(StrEnum):
    """Learnt from the server, never from its URL."""

    CLOUD = "cloud"
    DATA_CENTER = "data_center"


@dataclass(frozen=True, kw_only=True)
class Target:
    """One product of one site, as one credential reaches it.

    Attributes:
        api_base: what request paths are appended to, without a trailing slash. Confluence Cloud
            bases end before `/wiki`: `https://api.atlassian.com/ex/confluence/{cloudId}`.
        browse_base: the site as people open it, for links, without a trailing slash and, for
            Confluence Cloud, without `/wiki`.
        credential: "user" for the caller's own connection, "shared" for the operator's.
        scopes: Atlassian scopes that were granted; None when unknown, then nothing is filtered.
        is_read_only: a grant of Data Center's that allows reading alone.
        connection_id: the caller's connection that it came from; None for the operator's.
    """

    product: Product
    deployment: Deployment
    api_base: str
    browse_base: str
    site_name: str
    cloud_id: CloudId | None
    credential: Literal["user", "shared"]
    account_email: str
    scopes: frozenset[str] | None
    is_read_only: bool = False
    connection_id: ConnectionId | None = None

    @property
    def is_cloud(self) -> bool:
        """True on Atlassian Cloud."""
        return self.deployment is Deployment.CLOUD


class Credentials(Protocol):
    """Access to Jira and Confluence for one caller."""

    async def target(self, product: Product, site: str | None) -> Target:
        """Return where calls for `product` go; `site` is a name, URL or cloud id, or None.

        Raises:
            NotConnected: there is no credential for this person.
            NeedsReconnect: there was one, and only a new consent brings it back.
            SiteUnknown: no such site, or several and none was chosen.
            ProductUnavailable: the site is known but has no such product.
        """
        ...

    async def authorization(self, target: Target) -> SecretStr:
        """Return the whole `Authorization` header value, renewed first when about to expire."""
        ...

    async def renew(self, target: Target, rejected: SecretStr) -> SecretStr | None:
        """Replace a value that was refused although it looked valid; None when that cannot be.

        Called at most once for one request. When `rejected` is no longer the current value, the
        current one is returned and nothing is renewed.
        """
        ...


class NotConnected(Forbidden):
    """The person has not connected an Atlassian account; the hint is the Tools URL."""

    code = "not_connected"
    status = 409


class NeedsReconnect(NotConnected):
    """The connection has ended and only a new consent brings it back."""

    code = "needs_reconnect"


class Disconnected(Forbidden):
    """The connection ended while a call was running on it, and the call was given up."""

    code = "disconnected"
    status = 409

    def __init__(self, happened: str = "", *, is_unsure: bool = False) -> None:
        """Say what had happened at Atlassian; `is_unsure` where a change may have."""
        super().__init__(
            f"Atlassian was disconnected while this was running. {happened}".rstrip(),
            code="disconnected_outcome_unknown" if is_unsure else "",
        )


class ProductUnavailable(NotFound):
    """The site or the configuration has no such product.

    Attributes:
        granted: the scopes of the connection; None when unknown. Atlassian does not list a product
            for which none was granted.
    """

    code = "product_unavailable"
    granted: frozenset[str] | None = None


class SiteUnknown(InvalidInput):
    """No site of that name, or several and none was chosen; the message lists them."""

    code = "site_unknown"

    def __init__(self, asked: str | None, known: Sequence[str]) -> None:
        self.known = tuple(known)
        names = ", ".join(known) or "none"
        what = f"There is no site {asked!r}" if asked else "Several sites are connected"
        super().__init__(
            f"{what}. Sites of this connection: {names}.",
            hint="Pass one of these names as `site`, or choose a site on the Tools page.",
        )


class ScopeMissing(Forbidden):
    """The grant lacks Atlassian scopes that the call needs; nothing was changed.

    Attributes:
        is_shared: the operator's token lacks them, and no consent of the caller adds them.
    """

    code = "scope_missing"

    def __init__(self, missing: Iterable[str], *, hint: str = "", is_shared: bool = False) -> None:
        self.missing = frozenset(missing)
        self.is_shared = is_shared
        names = ", ".join(sorted(self.missing)) or "a scope it did not name"
        if is_shared:
            message = f"The operator's Atlassian token lacks the scope {names}."
            next_step = "The operator has to replace it by a token with this scope."
        else:
            message = f"The Atlassian connection was not granted: {names}."
            next_step = "Reconnect Atlassian on the Tools page and accept all permissions."
        super().__init__(message, code=self.code, hint=hint or next_step)
