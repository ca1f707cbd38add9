"""What tools get for one person: the person's own tokens, renewed in time."""

import asyncio
from collections import deque
from dataclasses import replace
from datetime import timedelta

from pydantic import SecretStr

from xerus.atlassian.credentials import NotConnected, Product, ProductUnavailable, Target
from xerus.clock import Clock
from xerus.connections.provider import ClientRejected, Provider
from xerus.connections.refresh import Renewal
from xerus.connections.sites import find_site, require_product
from xerus.connections.store import ConnectionRow
from xerus.connections.tokens import Live, LiveConnections
from xerus.errors import Unavailable, UpstreamUnavailable
from xerus.ids import ConnectionId, UserId

_MARGIN_SECONDS = 60.0
_REJECTIONS = 20
_REJECTIONS_SECONDS = 60.0


class RejectionBudget:
    """Bounds the renewals that refused calls ask for: twenty a minute and connection.

    A token that Atlassian refuses although it is fresh would otherwise be renewed for every call.
    """

    def __init__(self) -> None:
        self._spent: dict[ConnectionId, deque[tuple[int, float]]] = {}

    def allows(self, connection_id: ConnectionId, generation: int, now: float) -> bool:
        """Note a refusal of `generation`; the same generation counts once."""
        spent = self._spent.setdefault(connection_id, deque(maxlen=_REJECTIONS))
        if any(known == generation for known, _ in spent):
            return True
        if len(spent) == _REJECTIONS and now - spent[0][1] < _REJECTIONS_SECONDS:
            return False
        spent.append((generation, now))
        return True


class UserCredentials:
    """Implements `atlassian.credentials.Credentials` for one person."""

    def __init__(
        self,
        *,
        user_id: UserId,
        live: LiveConnections,
        renewal: Renewal,
        rejections: RejectionBudget,
        provider: Provider,
        clock: Clock,
        tools_url: str,
    ) -> None:
        self._user_id = user_id
        self._live = live
        self._renewal = renewal
        self._rejections = rejections
        self._provider = provider
        self._clock = clock
        self._tools_url = tools_url

    async def target(self, product: Product, site: str | None) -> Target:
        """Return where calls for `product` go."""
        row = (await self._live.get(self._user_id)).row
        found = find_site(row.sites, site, row.chosen_cloud_id)
        try:
            require_product(found, product, row.sites)
        except ProductUnavailable as error:
            error.granted = row.granted_scopes
            raise
        target = self._provider.target(
            product, found, account=row.account_email, granted=row.granted_scopes
        )
        return replace(target, connection_id=row.connection_id)

    async def authorization(self, target: Target) -> SecretStr:
        """Return the header value, renewed first when about to expire.

        A renewal that fails for the moment does not stop a call while the present token lives.
        """
        live = self._same_account(await self._live.get(self._user_id), target)
        if not self._within(live.row, _MARGIN_SECONDS):
            return live.header
        live = await self._renewed(live)
        return self._same_account(live, target).header

    async def renew(self, target: Target, rejected: SecretStr) -> SecretStr | None:
        """Replace a value that was refused although it looked valid; None: renewed often enough."""
        live = self._same_account(await self._live.reload(self._user_id), target)
        if live.header != rejected:
            return live.header
        if not await self._replaced(live):
            return None
        latest = await self._live.reload(self._user_id, after=live.generation)
        return self._same_account(latest, target).header

    async def fresh(self) -> None:
        """Renew the stored pair if it is about to expire. Raises as `authorization`."""
        live = await self._live.get(self._user_id)
        if self._within(live.row, _MARGIN_SECONDS):
            await self._renewed(live)

    async def renew_stored(self) -> bool:
        """Renew the stored pair although it looks valid; False: renewed often enough."""
        live = await self._live.reload(self._user_id)
        return await self._replaced(live)

    async def _renewed(self, live: Live) -> Live:
        try:
            await self._renewal.ensure(self._user_id, live.row.connection_id, live.generation)
        except (UpstreamUnavailable, ClientRejected, Unavailable):
            if self._within(live.row, 0):
                raise
            return live
        return await self._live.reload(self._user_id, after=live.generation)

    async def _replaced(self, live: Live) -> bool:
        now = asyncio.get_running_loop().time()
        if not self._rejections.allows(live.row.connection_id, live.generation, now):
            return False
        await self._renewal.ensure(self._user_id, live.row.connection_id, live.generation)
        return True

    def _within(self, row: ConnectionRow, margin: float) -> bool:
        """Whether the access token ends within `margin` seconds, or a fifth of a short life."""
        if row.access_expires_at is None or row.issued_at is None:
            return True
        life = (row.access_expires_at - row.issued_at).total_seconds()
        left = row.access_expires_at - self._clock.now()
        return left <= timedelta(seconds=min(margin, life / 5))

    def _same_account(self, live: Live, target: Target) -> Live:
        """Refuse to carry a call over to another account that was connected in the meantime."""
        known = {site.cloud_id for site in live.row.sites}
        reached = target.cloud_id is None or target.cloud_id in known
        if live.row.account_email != target.account_email or not reached:
            raise NotConnected(
                "The Atlassian connection changed while this call was running.",
                hint=f"Try again; the connection is shown at {self._tools_url}",
            )
        return live
