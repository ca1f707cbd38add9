"""Which of a person's connections a call goes through."""

from collections.abc import Mapping

from pydantic import SecretStr

from xerus.atlassian.credentials import (
    Credentials,
    NeedsReconnect,
    NotConnected,
    Product,
    ProductUnavailable,
    SiteUnknown,
    Target,
)
from xerus.connections.links import Link


class SeveralCredentials:
    """One person's credentials by every link, in the order of `Link`: Cloud first.

    A call that names no site goes to Cloud where that is connected and has the product, else to
    the product's Data Center. A connection that broke is never passed over: what was meant for one
    server must not be done on another.
    """

    def __init__(self, credentials: Mapping[Link, Credentials]) -> None:
        self._credentials = credentials

    async def target(self, product: Product, site: str | None) -> Target:
        """Return where calls for `product` go. Raises as `Credentials.target`."""
        known: list[str] = []
        first: NotConnected | ProductUnavailable | None = None
        for link, credentials in self._credentials.items():
            if product not in link.products:
                continue
            try:
                return await credentials.target(product, site)
            except NeedsReconnect:
                raise
            except SiteUnknown as unknown:
                if site is None:
                    raise
                known += unknown.known
            except (NotConnected, ProductUnavailable) as error:
                first = _more_telling(first, error)
        if known or first is None:
            raise SiteUnknown(site, known)
        raise first

    async def authorization(self, target: Target) -> SecretStr:
        """Return the header value of the connection that made `target`."""
        return await self._of(target).authorization(target)

    async def renew(self, target: Target, rejected: SecretStr) -> SecretStr | None:
        """Renew the connection that made `target`."""
        return await self._of(target).renew(target, rejected)

    def _of(self, target: Target) -> Credentials:
        return self._credentials[Link.CLOUD if target.is_cloud else Link(target.product)]


def _more_telling(
    first: NotConnected | ProductUnavailable | None, error: NotConnected | ProductUnavailable
) -> NotConnected | ProductUnavailable:
    """A site without the product says more than a link that was never connected."""
    if first is None or (isinstance(first, NotConnected) and isinstance(error, ProductUnavailable)):
        return error
    return first
