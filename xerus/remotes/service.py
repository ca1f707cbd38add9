"""What authorizes a call of a remote server for one person; the one object that tools ask."""

from collections.abc import Sequence
from typing import Protocol

from pydantic import SecretStr

from xerus.atlassian import credentials as atlassian
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.connections.problems import problem_of
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import NotFound, UpstreamUnavailable
from xerus.ids import CloudId, RemoteServerId, UserId
from xerus.remotes import connection_store, store
from xerus.remotes.sealing import Secrets
from xerus.remotes.servers import Auth, NotConnected, Registered, RemoteServer
from xerus.telemetry.trace import current_correlation_id
from xerus.vault.service import Vault

HANDED = "Authorization"
HANDED_BESIDE = "X-Atlassian-Access-Token"
"""Where the handed token goes when `Authorization` carries what the server itself wants."""
HANDED_SITE = "X-Atlassian-Cloud-Id"


class AtlassianTokens(Protocol):
    """People's own Atlassian tokens; `app` joins it to `connections`."""

    async def fresh(self, user_id: UserId) -> tuple[SecretStr, CloudId | None]:
        """Return an access token that is good now, and the site the person chose.

        Raises:
            atlassian.credentials.NotConnected: the person has to connect Atlassian.
        """
        ...


class Remotes:
    """The servers that people may use, and how each person's calls of them are authorized."""

    def __init__(
        self,
        *,
        db: Database,
        vault: Vault,
        audit: AuditLog,
        atlassian_tokens: AtlassianTokens,
        clock: Clock,
        public_url: str,
    ) -> None:
        self._db = db
        self._audit = audit
        self._secrets = Secrets(vault=vault)
        self._atlassian = atlassian_tokens
        self._clock = clock
        self._public_url = public_url

    async def usable(self, user_id: UserId) -> Sequence[RemoteServer]:
        """Return the enabled servers, by name; the same for everybody at present."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            return [row.server for row in await store.enabled(conn)]

    async def headers(self, user_id: UserId, server_id: RemoteServerId) -> dict[str, str]:
        """Return what authorizes one call, fresh.

        Raises:
            NotConnected: the person has to connect first, at its `url`.
            NotFound: the server was removed or switched off.
            UpstreamUnavailable: a token could not be renewed at the moment.
        """
        row = await self._enabled(user_id, server_id)
        headers = await self._own(user_id, row)
        if row.server.hands_atlassian_token:
            headers |= await self._handed(user_id, row.server, beside=HANDED in headers)
        return headers

    async def refused(
        self, user_id: UserId, server_id: RemoteServerId, headers: dict[str, str]
    ) -> bool:
        """Take note that a server answered 401 to `headers`.

        True: call `headers` again and retry once. False: a retry changes nothing; where the
        person can do something about it, the connection says so from now on.
        """
        row = await self._enabled(user_id, server_id)
        current = await self._own(user_id, row)
        return any(headers.get(name) != value for name, value in current.items())

    async def reached(
        self,
        user_id: UserId,
        server_id: RemoteServerId,
        *,
        seconds: float,
        error: Exception | None = None,
        tools: int | None = None,
    ) -> None:
        """Keep how a call of the server went: when, how long, what failed.

        Args:
            user_id: whose call.
            server_id: of which server.
            seconds: how long it took.
            error: why it failed, None where it did not.
            tools: how many tools the server listed, where it was asked.
        """
        now = self._clock.now()
        problem = problem_of(_in_words(error), current_correlation_id(), now) if error else None
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            await store.note_reached(
                conn, server_id, at=now, ms=round(seconds * 1000), error=problem, tools=tools
            )

    async def _enabled(self, user_id: UserId, server_id: RemoteServerId) -> Registered:
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            row = await store.by_id(conn, server_id)
        if row is None or not row.enabled:
            raise NotFound(
                "This MCP server is no longer here.", hint="An administrator took it away."
            )
        return row

    async def _own(self, user_id: UserId, row: Registered) -> dict[str, str]:
        """Return what the server itself wants."""
        match row.server.auth:
            case Auth.NONE:
                return {}
            case Auth.API_KEY if row.shared_key is not None:
                key = await self._secrets.open(row.shared_key, row.server.id, "shared_key")
                return {row.key_header: key.get_secret_value()}
            case _:
                async with self._db.transaction(Role.APP, user_id=user_id) as conn:
                    await connection_store.of_server(conn, user_id, row.server.id)
                raise NotConnected(row.server, self._tools_url(row.server))

    async def _handed(
        self, user_id: UserId, server: RemoteServer, *, beside: bool
    ) -> dict[str, str]:
        """Return the person's own Atlassian token, for a server that may have it."""
        try:
            token, cloud_id = await self._atlassian.fresh(user_id)
        except atlassian.NotConnected as error:
            raise NotConnected(
                server,
                f"{self._public_url}/tools#atlassian",
                message=f"{server.name} works with your Atlassian account, which is not connected.",
            ) from error
        value = token.get_secret_value()
        headers = {HANDED_BESIDE: value} if beside else {HANDED: f"Bearer {value}"}
        return {**headers, HANDED_SITE: cloud_id} if cloud_id else headers

    def _tools_url(self, server: RemoteServer) -> str:
        return f"{self._public_url}/tools#server-{server.slug}"


def _in_words(error: Exception) -> UpstreamUnavailable:
    if isinstance(error, UpstreamUnavailable):
        return error
    return UpstreamUnavailable(
        getattr(error, "message", "") or "The server did not answer as it should.",
        code=getattr(error, "code", "") or "server_failed",
        hint=getattr(error, "hint", ""),
    )
