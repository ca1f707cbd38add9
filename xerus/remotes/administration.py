"""Servers as administrators see all of them: looked at, added, changed, trusted and removed.

Who may do that is for the caller to check.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from psycopg.types.json import Jsonb
from pydantic import SecretStr

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.connections.signals import CREDENTIAL, ENDED
from xerus.db.database import Connection, Database
from xerus.db.notify import notify
from xerus.db.roles import Role
from xerus.egress.servers import ServerEgress
from xerus.errors import NotFound, UpstreamError
from xerus.ids import RemoteServerId, UserId, is_id, new_id
from xerus.remotes import store
from xerus.remotes.discovery import Found
from xerus.remotes.entered import BAD_KEY, TAKEN, CannotBeAdded, NewServer, Way, is_key, mistakes_of
from xerus.remotes.probe import Probe, Seen, one_line
from xerus.remotes.registration import NewClient, Registration, named_client
from xerus.remotes.renewals import callback_url
from xerus.remotes.sealing import Secrets
from xerus.remotes.servers import Auth, Registered, RemoteServer
from xerus.telemetry.logs import logger
from xerus.vault.service import Vault

log = logger(__name__)

_AUTH = {
    Way.NOTHING: Auth.NONE,
    Way.SHARED_KEY: Auth.API_KEY,
    Way.OWN_KEYS: Auth.API_KEY,
    Way.SIGN_IN: Auth.OAUTH,
    Way.SIGN_IN_AS_CLIENT: Auth.OAUTH,
}


@dataclass(frozen=True, kw_only=True)
class ServerLine:
    """A server in the list of administrators.

    `people` is how many connected it, `ended` how many of them have to do so again.
    """

    row: Registered
    people: int
    ended: int = 0

    @property
    def server(self) -> RemoteServer:
        """The server."""
        return self.row.server


class Servers:
    """Lists and changes the servers."""

    def __init__(
        self,
        *,
        db: Database,
        vault: Vault,
        audit: AuditLog,
        egress: ServerEgress,
        clock: Clock,
        public_url: str,
    ) -> None:
        self._db = db
        self._public_url = public_url
        self._registration = Registration(egress=egress)
        self._audit = audit
        self._egress = egress
        self._probe = Probe(egress=egress)
        self._secrets = Secrets(vault=vault)
        self._clock = clock

    async def all(self) -> Sequence[ServerLine]:
        """Return every server, by name."""
        async with self._db.transaction(Role.GATE) as conn:
            return [
                ServerLine(row=row, people=n, ended=ended)
                for row, n, ended in await store.all_plain(conn)
            ]

    async def get(self, server_id: str) -> ServerLine:
        """Return a server. Raises NotFound."""
        for line in await self.all():
            if line.server.id == server_id:
                return line
        raise _not_there()

    async def look(self, url: str) -> Seen:
        """Make the first call of a server that is not added yet. Raises as `Probe.look`."""
        return await self._probe.look(url.strip())

    async def suggested(self, seen: Seen) -> tuple[str, str]:
        """Return a name and a free short name for a server."""
        host = urlsplit(seen.url).hostname or ""
        name = seen.name or host
        word = re.sub(r"[^a-z0-9]+", "_", (seen.name or _core(host)).lower()).strip("_")[:16]
        taken = {line.server.slug for line in await self.all()} | TAKEN
        word = word.strip("_") or "server"
        free = (f"{word[:13]}_{n}" for n in range(2, 100))
        return name, word if word not in taken else next(one for one in free if one not in taken)

    async def add(self, new: NewServer, *, by: UserId) -> Registered:
        """Add a server; people see it at once.

        Raises:
            CannotBeAdded: something entered cannot be used.
        """
        mistakes = [*mistakes_of(new, self._egress)]
        if any(line.server.slug == new.slug for line in await self.all()):
            mistakes.append(f"The short name {new.slug} is taken.")
        if mistakes:
            raise CannotBeAdded(mistakes)
        row = await self._row_of(new)
        async with self._db.transaction(Role.GATE) as conn:
            if not await store.insert(conn, row):
                raise CannotBeAdded([f"The short name {new.slug} is taken."])
            await self._record(conn, Event.SERVER_ADDED, row.server, by)
        return row

    async def register_again(self, server_id: str, *, by: UserId) -> None:
        """Register Xerus anew at the same authorization server, which lost the registration.

        Raises:
            CannotBeAdded: that is not possible; nothing was changed.
            NotFound: there is none, or Xerus did not register itself there.
        """
        row = (await self.get(server_id)).row
        if row.oauth is None or not row.oauth.is_registered:
            raise _not_there()
        found = await self._found(row.server.url)
        if found.issuer != row.oauth.issuer:
            raise CannotBeAdded(["The server names another authorization server than before."])
        found = replace(found, scopes=row.oauth.scopes)
        client = await self._registered(found, row.server.url, row.server.slug)
        await self._change(
            server_id,
            Event.SERVER_CHANGED,
            by,
            oauth=Jsonb(client.client.to_json()),
            **await self._sealed(row.server.id, client),
        )

    async def rename(self, server_id: str, name: str, *, by: UserId) -> None:
        """Give a server another name. Raises CannotBeAdded, NotFound."""
        clean = one_line(name)
        if not clean:
            raise CannotBeAdded(["The name is missing."])
        await self._change(server_id, Event.SERVER_CHANGED, by, name=clean)

    async def switch(self, server_id: str, *, enabled: bool, by: UserId) -> None:
        """Let people use a server, or not; connections stay as they are. Raises NotFound."""
        event = Event.SERVER_ENABLED if enabled else Event.SERVER_DISABLED
        await self._change(server_id, event, by, enabled=enabled)

    async def new_key(self, server_id: str, key: SecretStr, *, by: UserId) -> None:
        """Replace the key that all share. Raises CannotBeAdded, NotFound."""
        row = (await self.get(server_id)).row
        if row.server.auth is not Auth.API_KEY or row.key_of_each:
            raise _not_there()
        if not is_key(key):
            raise CannotBeAdded([BAD_KEY])
        sealed = await self._secrets.seal(key, row.server.id, "shared_key")
        await self._change(server_id, Event.SERVER_CHANGED, by, shared_key=sealed)

    async def hand_tokens(self, server_id: str, typed: str, *, by: UserId) -> None:
        """Let a server have each person's own Atlassian token with each call.

        Raises:
            CannotBeAdded: `typed` is not its host, so that nothing was confirmed.
            NotFound: there is none.
        """
        row = (await self.get(server_id)).row
        if typed.strip().lower() != row.server.host.lower():
            raise CannotBeAdded([f"Type {row.server.host} to confirm. Nothing was changed."])
        await self._change(server_id, Event.SERVER_TOKEN_HANDED, by, hands_atlassian_token=True)

    async def keep_tokens(self, server_id: str, *, by: UserId) -> None:
        """Hand a server no Atlassian token from now on. Raises NotFound."""
        await self._change(server_id, Event.SERVER_TOKEN_KEPT, by, hands_atlassian_token=False)

    async def believe(self, server_id: str, *, believes: bool, by: UserId) -> None:
        """Believe a server which of its tools only read, or not. Raises NotFound."""
        event = Event.SERVER_TRUSTED if believes else Event.SERVER_DISTRUSTED
        await self._change(server_id, event, by, trusts_annotations=believes)

    async def remove(self, server_id: str, *, by: UserId) -> None:
        """Delete a server with everybody's tokens for it, in every process at once.

        Raises:
            NotFound: there is none.
        """
        if not is_id(server_id):
            raise _not_there()
        known = RemoteServerId(server_id)
        secrets = await self._with_secrets(known)
        async with self._db.transaction(Role.GATE) as conn:
            row = await store.plain(conn, known, lock=True)
            if row is None:
                raise _not_there()
            for _, connection_id in await store.people_of(conn, known):
                await notify(conn, CREDENTIAL, connection_id)
                await notify(conn, ENDED, connection_id)
            await store.delete(conn, known)
            await self._record(conn, Event.SERVER_REMOVED, row.server, by)
        if secrets is not None:
            await self._unregister(secrets)

    async def _change(self, server_id: str, event: Event, by: UserId, **values: object) -> None:
        if not is_id(server_id):
            raise _not_there()
        async with self._db.transaction(Role.GATE) as conn:
            row = await store.plain(conn, RemoteServerId(server_id), lock=True)
            if row is None:
                raise _not_there()
            await store.change(conn, row.server.id, values)
            await self._record(conn, event, row.server, by)

    async def _record(
        self, conn: Connection, event: Event, server: RemoteServer, by: UserId
    ) -> None:
        await self._audit.record(
            conn, event, user_id=by, server=server.slug, host=server.host, kind=server.auth.value
        )

    async def _row_of(self, new: NewServer) -> Registered:
        server_id = RemoteServerId(new_id())
        server = RemoteServer(
            id=server_id,
            slug=new.slug,
            name=one_line(new.name),
            url=new.url,
            auth=_AUTH[new.way],
            hands_atlassian_token=False,
        )
        row = Registered(
            server=server,
            enabled=True,
            key_header=new.key_header if new.with_key else "",
            key_of_each=new.way is Way.OWN_KEYS,
            oauth=None,
            added_at=self._clock.now(),
            reached_at=None,
            reach_ms=None,
            reach_error=None,
            tools=None,
        )
        if new.with_sign_in:
            client = await self._client_of(new)
            return replace(row, oauth=client.client, **await self._sealed(server_id, client))
        if new.way is Way.SHARED_KEY:
            sealed = await self._secrets.seal(new.key, server_id, "shared_key")
            return replace(row, shared_key=sealed)
        return row

    async def _client_of(self, new: NewServer) -> NewClient:
        """Return the client of a new server, registered now or named by the administrator."""
        found = await self._found(new.url)
        if new.scopes:
            found = replace(found, scopes=tuple(new.scopes.split()))
        if new.way is Way.SIGN_IN:
            return await self._registered(found, new.url, new.slug)
        secret = new.client_secret if new.client_secret.get_secret_value() else None
        return named_client(found, new.client_id, secret)

    async def _registered(self, found: Found, url: str, slug: str) -> NewClient:
        if not found.registration_endpoint:
            raise CannotBeAdded(
                ["Its authorization server registers nobody by itself: enter a client id."]
            )
        try:
            return await self._registration.register(
                found, redirect_uri=callback_url(self._public_url, slug), url=url
            )
        except UpstreamError as error:
            raise CannotBeAdded([f"{error.message} {error.hint}".strip()]) from error

    async def _found(self, url: str) -> Found:
        try:
            seen = await self._probe.look(url)
        except UpstreamError as error:
            raise CannotBeAdded([f"{error.message} {error.hint}".strip()]) from error
        if seen.found is None:
            raise CannotBeAdded([seen.why or "It does not ask people to sign in."])
        return seen.found

    async def _sealed(self, server_id: RemoteServerId, client: NewClient) -> dict[str, Any]:
        secrets = {"client_secret": client.secret, "registration_token": client.registration_token}
        return {
            name: None if value is None else await self._secrets.seal(value, server_id, name)
            for name, value in secrets.items()
        }

    async def _with_secrets(self, server_id: RemoteServerId) -> Registered | None:
        async with self._db.transaction(Role.APP) as conn:
            return await store.by_id(conn, server_id)

    async def _unregister(self, row: Registered) -> None:
        """End the registration of a server that is gone; where that fails, it stays behind there."""
        if row.oauth is None or row.registration_token is None:
            return
        token = await self._secrets.open(
            row.registration_token, row.server.id, "registration_token"
        )
        if not await self._registration.unregister(row.oauth, token, url=row.server.url):
            log.warning("registration_left_behind", server=row.server.slug)


def _core(host: str) -> str:
    """Return the telling part of a host: `mcp.example.com` is `example`."""
    parts = [part for part in host.split(".") if part not in {"www", "mcp", "api"}]
    return parts[-2] if len(parts) > 1 and not parts[-1].isdecimal() else (parts or [""])[0]


def _not_there() -> NotFound:
    return NotFound(
        "There is no such MCP server.", hint="Open Admin, then MCP servers, and look at the list."
    )
