"""Servers as administrators see all of them: looked at, added, changed, trusted and removed.

Who may do that is for the caller to check.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from urllib.parse import urlsplit

from pydantic import SecretStr

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.connections.signals import CREDENTIAL, ENDED
from xerus.db.database import Connection, Database
from xerus.db.notify import notify
from xerus.db.roles import Role
from xerus.egress.servers import ServerEgress
from xerus.errors import EgressRefused, InvalidInput, NotFound
from xerus.ids import RemoteServerId, UserId, is_id, new_id
from xerus.remotes import store
from xerus.remotes.probe import LONGEST_NAME, Probe, Seen, one_line
from xerus.remotes.sealing import Secrets
from xerus.remotes.servers import Auth, Registered, RemoteServer
from xerus.vault.service import Vault

_SLUG = re.compile(r"[a-z0-9_]{1,16}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")  # RFC 9110 5.6.2
_KEY = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,4000}[\x21-\x7e])?")
_TAKEN = frozenset({"jira", "confluence", "atlassian", "xerus", "callback"})
# What says who speaks or what is spoken is not a place for a key.
_NO_KEY = frozenset(
    {
        *("accept", "connection", "content-length", "content-type", "cookie", "host", "origin"),
        *("te", "transfer-encoding", "upgrade", "x-atlassian-access-token"),
        *("x-atlassian-cloud-id", "mcp-protocol-version", "mcp-session-id"),
    }
)


class Way(StrEnum):
    """How an administrator lets Xerus prove itself to a server."""

    NOTHING = "nothing"
    SHARED_KEY = "shared_key"
    OWN_KEYS = "own_keys"


@dataclass(frozen=True, kw_only=True)
class NewServer:
    """What an administrator entered."""

    url: str
    name: str
    slug: str
    way: Way
    key_header: str = "Authorization"
    key: SecretStr = field(default=SecretStr(""), repr=False)


@dataclass(frozen=True, kw_only=True)
class ServerLine:
    """A server in the list of administrators; `people` is how many connected it."""

    row: Registered
    people: int

    @property
    def server(self) -> RemoteServer:
        """The server."""
        return self.row.server


class CannotBeAdded(InvalidInput):
    """What somebody entered makes no server; `mistakes` are all of them, in words."""

    code = "server_refused"

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__(" ".join(mistakes), hint="Correct it and send it again.")
        self.mistakes = tuple(mistakes)


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
    ) -> None:
        self._db = db
        self._audit = audit
        self._egress = egress
        self._probe = Probe(egress=egress)
        self._secrets = Secrets(vault=vault)
        self._clock = clock

    async def all(self) -> Sequence[ServerLine]:
        """Return every server, by name."""
        async with self._db.transaction(Role.GATE) as conn:
            return [ServerLine(row=row, people=n) for row, n in await store.all_plain(conn)]

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
        taken = {line.server.slug for line in await self.all()} | _TAKEN
        word = word.strip("_") or "server"
        free = (f"{word[:13]}_{n}" for n in range(2, 100))
        return name, word if word not in taken else next(one for one in free if one not in taken)

    async def add(self, new: NewServer, *, by: UserId) -> Registered:
        """Add a server; people see it at once.

        Raises:
            CannotBeAdded: something entered cannot be used.
        """
        mistakes = [*self._mistakes(new), *_key_mistakes(new)]
        if mistakes:
            raise CannotBeAdded(mistakes)
        row = await self._row_of(new)
        async with self._db.transaction(Role.GATE) as conn:
            if not await store.insert(conn, row):
                raise CannotBeAdded([f"The short name {new.slug} is taken."])
            await self._record(conn, Event.SERVER_ADDED, row.server, by)
        return row

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
        if not _KEY.fullmatch(key.get_secret_value()):
            raise CannotBeAdded([_BAD_KEY])
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
        async with self._db.transaction(Role.GATE) as conn:
            row = await store.plain(conn, known, lock=True)
            if row is None:
                raise _not_there()
            for _, connection_id in await store.people_of(conn, known):
                await notify(conn, CREDENTIAL, connection_id)
                await notify(conn, ENDED, connection_id)
            await store.delete(conn, known)
            await self._record(conn, Event.SERVER_REMOVED, row.server, by)

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
            url=new.url.strip(),
            auth=Auth.NONE if new.way is Way.NOTHING else Auth.API_KEY,
            hands_atlassian_token=False,
        )
        row = Registered(
            server=server,
            enabled=True,
            key_header="" if new.way is Way.NOTHING else new.key_header,
            key_of_each=new.way is Way.OWN_KEYS,
            oauth=None,
            added_at=self._clock.now(),
            reached_at=None,
            reach_ms=None,
            reach_error=None,
            tools=None,
        )
        if new.way is not Way.SHARED_KEY:
            return row
        return replace(row, shared_key=await self._secrets.seal(new.key, server_id, "shared_key"))

    def _mistakes(self, new: NewServer) -> list[str]:
        mistakes = []
        try:
            self._egress.place(new.url.strip())
        except EgressRefused as error:
            mistakes.append(f"{error.message} {error.hint}".strip())
        if not one_line(new.name):
            mistakes.append(f"The name is missing; it has up to {LONGEST_NAME} characters.")
        if not _SLUG.fullmatch(new.slug):
            mistakes.append("The short name has 1 to 16 of a to z, 0 to 9 and _.")
        elif new.slug in _TAKEN:
            mistakes.append(f"The short name {new.slug} is one of Xerus's own.")
        return mistakes


_BAD_KEY = "The key is missing, or has characters that no header may have."


def _key_mistakes(new: NewServer) -> list[str]:
    if new.way is Way.NOTHING:
        return []
    mistakes = []
    if not _HEADER.fullmatch(new.key_header):
        mistakes.append("The header that carries the key has a name that no header has.")
    elif new.key_header.lower() in _NO_KEY:
        mistakes.append(f"The header {new.key_header} is used for something else.")
    if new.way is Way.SHARED_KEY and not _KEY.fullmatch(new.key.get_secret_value()):
        mistakes.append(_BAD_KEY)
    return mistakes


def _core(host: str) -> str:
    """Return the telling part of a host: `mcp.example.com` is `example`."""
    parts = [part for part in host.split(".") if part not in {"www", "mcp", "api"}]
    return parts[-2] if len(parts) > 1 and not parts[-1].isdecimal() else (parts or [""])[0]


def _not_there() -> NotFound:
    return NotFound(
        "There is no such MCP server.", hint="Open Admin, then MCP servers, and look at the list."
    )
