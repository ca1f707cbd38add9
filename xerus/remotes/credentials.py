"""What authorizes one call of a server for one person, fresh; and what a refusal of it means."""

import asyncio
from datetime import timedelta
from typing import Protocol

from pydantic import SecretStr

from xerus.atlassian import credentials as atlassian
from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.connections.provider import ClientRejected
from xerus.connections.signals import CREDENTIAL
from xerus.connections.user_credentials import RejectionBudget
from xerus.db.database import Database
from xerus.db.notify import notify
from xerus.db.roles import Role
from xerus.errors import Unavailable, UpstreamUnavailable
from xerus.ids import CloudId, UserId
from xerus.remotes import connection_store
from xerus.remotes.connection_store import RemoteConnection
from xerus.remotes.renewals import Renewals
from xerus.remotes.sealing import Keys, Secrets
from xerus.remotes.servers import Auth, NotConnected, Registered, RemoteServer
from xerus.remotes.views import runs_out
from xerus.vault.service import Vault

HANDED = "Authorization"
HANDED_BESIDE = "X-Atlassian-Access-Token"
"""Where the handed token goes when `Authorization` carries what the server itself wants."""
HANDED_SITE = "X-Atlassian-Cloud-Id"
_MARGIN_SECONDS = 60.0


class AtlassianTokens(Protocol):
    """People's own Atlassian tokens; `app` joins it to `connections`."""

    async def fresh(self, user_id: UserId) -> tuple[SecretStr, CloudId | None]:
        """Return an access token that is good now, and the site the person chose.

        Raises:
            atlassian.credentials.NotConnected: the person has to connect Atlassian.
        """
        ...


class Credentials:
    """Headers for calls of servers."""

    def __init__(
        self,
        *,
        db: Database,
        vault: Vault,
        audit: AuditLog,
        renewals: Renewals,
        atlassian_tokens: AtlassianTokens,
        clock: Clock,
        public_url: str,
    ) -> None:
        self._db = db
        self._audit = audit
        self._secrets = Secrets(vault=vault)
        self._keys = Keys(vault=vault)
        self._renewals = renewals
        self._atlassian = atlassian_tokens
        self._clock = clock
        self._public_url = public_url
        self._rejections = RejectionBudget()

    async def headers(self, user_id: UserId, row: Registered) -> dict[str, str]:
        """Return what authorizes a call. Raises as `service.Remotes.headers`."""
        own = await self._own(user_id, row)
        return await self._with_handed(user_id, row.server, own)

    async def with_key(self, user_id: UserId, row: Registered, key: SecretStr) -> dict[str, str]:
        """Return what would authorize a call with a person's key that is not kept yet."""
        own = {row.key_header: key.get_secret_value()}
        return await self._with_handed(user_id, row.server, own)

    async def refused(self, user_id: UserId, row: Registered, headers: dict[str, str]) -> bool:
        """Take note of a 401; True where another call with fresh headers makes sense.

        A refused token is renewed once; what has no successor needs the person from now on. A
        renewed token that is refused as well ends nothing: that is the server's matter.
        """
        current = await self.headers(user_id, row)
        if any(headers.get(name) != value for name, value in current.items()):
            return True
        if not row.is_personal:
            return False
        mine = await self._mine(user_id, row)
        if mine.refresh_token is None:
            await self._bury(user_id, row, mine)
            return False
        return await self._renewed_after_refusal(user_id, row, mine)

    async def _renewed_after_refusal(
        self, user_id: UserId, row: Registered, mine: RemoteConnection
    ) -> bool:
        assert mine.generation is not None
        now = asyncio.get_running_loop().time()
        if not self._rejections.allows(mine.connection_id, mine.generation, now):
            return False
        try:
            await self._renewals.of(row).ensure(user_id, mine.connection_id, mine.generation)
        except (atlassian.NotConnected, ClientRejected, UpstreamUnavailable):
            return False
        return True

    async def _own(self, user_id: UserId, row: Registered) -> dict[str, str]:
        """Return what the server itself wants."""
        match row.server.auth:
            case Auth.NONE:
                return {}
            case Auth.API_KEY if row.shared_key is not None:
                key = await self._secrets.open(row.shared_key, row.server.id, "shared_key")
                return {row.key_header: key.get_secret_value()}
            case Auth.API_KEY:
                token = await self._opened(await self._mine(user_id, row))
                return {row.key_header: token}
            case Auth.OAUTH:
                return {HANDED: f"Bearer {await self._token(user_id, row)}"}

    async def _token(self, user_id: UserId, row: Registered) -> str:
        """Return the person's access token, renewed first when about to expire.

        A renewal that fails for the moment does not stop a call while the present token lives.
        """
        mine = await self._mine(user_id, row)
        if mine.renew_after is None or not self._within(mine, _MARGIN_SECONDS):
            return await self._opened(mine)
        assert mine.generation is not None
        try:
            await self._renewals.of(row).ensure(user_id, mine.connection_id, mine.generation)
        except atlassian.NotConnected as error:
            raise self._not_connected(row, f"{row.server.name} has ended your access.") from error
        except (UpstreamUnavailable, ClientRejected, Unavailable):
            if self._within(mine, 0):
                raise
            return await self._opened(mine)
        return await self._opened(await self._mine(user_id, row))

    async def _mine(self, user_id: UserId, row: Registered) -> RemoteConnection:
        """Return the person's live connection.

        Raises:
            NotConnected: there is none, or only a new consent brings it back.
        """
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            mine = await connection_store.of_server(conn, user_id, row.server.id)
        if mine is None or not mine.live or mine.access_token is None:
            raise self._not_connected(row)
        if mine.status == "needs_reconnect" or runs_out(mine, self._clock.now()):
            raise self._not_connected(row, f"{row.server.name} has to be connected again.")
        return mine

    async def _opened(self, mine: RemoteConnection) -> str:
        assert mine.access_token is not None
        token = await self._keys.open(mine.access_token, mine.user_id, mine.connection_id)
        return token.get_secret_value()

    async def _with_handed(
        self, user_id: UserId, server: RemoteServer, own: dict[str, str]
    ) -> dict[str, str]:
        """Add the person's own Atlassian token, for a server that may have it."""
        if not server.hands_atlassian_token:
            return own
        try:
            token, cloud_id = await self._atlassian.fresh(user_id)
        except atlassian.NotConnected as error:
            raise NotConnected(
                server,
                f"{self._public_url}/tools#atlassian",
                message=f"{server.name} works with your Atlassian account, which is not connected.",
                is_atlassian=True,
            ) from error
        value = token.get_secret_value()
        beside = HANDED.lower() in {name.lower() for name in own}
        handed = {HANDED_BESIDE: value} if beside else {HANDED: f"Bearer {value}"}
        return {**own, **handed, **({HANDED_SITE: cloud_id} if cloud_id else {})}

    async def _bury(self, user_id: UserId, row: Registered, mine: RemoteConnection) -> None:
        """Let a connection whose credential was refused, and has no successor, need the person."""
        what = "key" if row.server.auth is Auth.API_KEY else "access"
        cause = f"{row.server.name} refused your {what}."
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            if await connection_store.needs_reconnect(conn, user_id, mine.connection_id, cause):
                await self._audit.record(
                    conn,
                    Event.CREDENTIAL_EXPIRED,
                    user_id=user_id,
                    connection=mine.connection_id,
                    cause="refused",
                    server=row.server.slug,
                )
                await notify(conn, CREDENTIAL, mine.connection_id)

    def _within(self, mine: RemoteConnection, margin: float) -> bool:
        """Whether the access token ends within `margin` seconds, or a fifth of a short life."""
        if mine.access_expires_at is None or mine.issued_at is None:
            return False
        life = (mine.access_expires_at - mine.issued_at).total_seconds()
        left = mine.access_expires_at - self._clock.now()
        return left <= timedelta(seconds=min(margin, life / 5))

    def _not_connected(self, row: Registered, message: str = "") -> NotConnected:
        url = f"{self._public_url}/tools#server-{row.server.slug}"
        return NotConnected(row.server, url, message=message)
