"""A person's own credential where there is one, else the operator's."""

from pydantic import SecretStr

from xerus.atlassian.credentials import (
    Credentials,
    NeedsReconnect,
    NotConnected,
    Product,
    ProductUnavailable,
    Target,
)


class UserThenShared:
    """Credentials of a person, with the operator's behind them.

    A connection that broke is not replaced in silence: who once acted as themselves is told to
    reconnect, and does not suddenly act as the shared account.
    """

    def __init__(self, *, user: Credentials, shared: Credentials) -> None:
        self._user = user
        self._shared = shared

    async def target(self, product: Product, site: str | None) -> Target:
        """Return the person's own target, the operator's for a person without a connection.

        Where the operator has none for the product, the person can still connect their own.
        """
        try:
            return await self._user.target(product, site)
        except NeedsReconnect:
            raise
        except NotConnected as not_connected:
            try:
                return await self._shared.target(product, site)
            except ProductUnavailable:
                raise not_connected from None

    async def authorization(self, target: Target) -> SecretStr:
        """Return the header value of the credential that made `target`."""
        return await self._of(target).authorization(target)

    async def renew(self, target: Target, rejected: SecretStr) -> SecretStr | None:
        """Renew the credential that made `target`."""
        return await self._of(target).renew(target, rejected)

    def _of(self, target: Target) -> Credentials:
        return self._shared if target.credential == "shared" else self._user
