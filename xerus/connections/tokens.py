"""The access tokens in use: a short memory of opened credentials, dropped at every change."""

import asyncio
from dataclasses import dataclass, field

from pydantic import SecretStr

from xerus.atlassian.credentials import NeedsReconnect, NotConnected
from xerus.connections import store
from xerus.connections.links import Link
from xerus.connections.sealing import Sealer
from xerus.connections.signals import CREDENTIAL
from xerus.connections.store import ConnectionRow
from xerus.db.database import Database
from xerus.db.notify import Listener
from xerus.db.roles import Role
from xerus.ids import ConnectionId, UserId

_KEEP_SECONDS = 60.0
_MOST_ENTRIES = 20_000


@dataclass(frozen=True, kw_only=True)
class Live:
    """A person's connection with its opened access token, as a header value."""

    row: ConnectionRow
    generation: int
    header: SecretStr
    read_at: float = field(repr=False)


class LiveConnections:
    """Opened credentials by user, at most 60 s old.

    Nothing remembered is trusted while notifications do not arrive, and nothing that was read
    before a change is remembered after it.
    """

    def __init__(
        self, *, link: Link, db: Database, sealer: Sealer, listener: Listener, tools_url: str
    ) -> None:
        self._link = link
        self._db = db
        self._sealer = sealer
        self._listener = listener
        self._tools_url = tools_url
        self._entries: dict[UserId, Live] = {}
        self._owners: dict[ConnectionId, UserId] = {}
        self._loading: dict[tuple[UserId, int], asyncio.Task[Live]] = {}
        self._epoch = 0
        listener.subscribe(CREDENTIAL, lambda payload: self.drop(ConnectionId(payload)))
        listener.on_reconnect(self.clear)

    async def get(self, user_id: UserId) -> Live:
        """Return the live connection, from memory where that is safe.

        Raises:
            NotConnected: there is none.
            NeedsReconnect: there is one that only a new consent brings back.
        """
        now = asyncio.get_running_loop().time()
        entry = self._entries.get(user_id)
        if entry and self._listener.connected and now - entry.read_at < _KEEP_SECONDS:
            return entry
        return await self._join(user_id)

    async def reload(self, user_id: UserId, *, after: int = 0) -> Live:
        """Return the live connection as the database has it now. Raises as `get`.

        `after` is a generation known to be past: a read that began before it was written, and
        still returns it, is repeated.
        """
        self._forget(user_id)
        live = await self._join(user_id)
        if live.generation > after:
            return live
        self._epoch += 1
        return await self._join(user_id)

    def drop(self, connection_id: ConnectionId) -> None:
        """Forget a connection: it has changed."""
        self._epoch += 1
        user_id = self._owners.pop(connection_id, None)
        if user_id is not None:
            self._entries.pop(user_id, None)

    def clear(self) -> None:
        """Forget everything: changes may have gone unheard."""
        self._epoch += 1
        self._entries.clear()
        self._owners.clear()

    def _forget(self, user_id: UserId) -> None:
        entry = self._entries.pop(user_id, None)
        if entry is not None:
            self._epoch += 1

    async def _join(self, user_id: UserId) -> Live:
        """Let callers at the same time share one read, unless something changed in between."""
        key = (user_id, self._epoch)
        task = self._loading.get(key)
        if task is None:
            task = asyncio.create_task(self._load(user_id, self._epoch))
            self._loading[key] = task
            task.add_done_callback(lambda done: self._loaded(key, done))
        return await asyncio.shield(task)

    def _loaded(self, key: tuple[UserId, int], task: asyncio.Task[Live]) -> None:
        self._loading.pop(key, None)
        if not task.cancelled():
            task.exception()  # seen here, in case every caller has gone

    async def _load(self, user_id: UserId, epoch: int) -> Live:
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            row = await store.newest(conn, user_id, self._link)
        live = await self._open(row)
        if epoch == self._epoch and self._listener.connected:
            if len(self._entries) >= _MOST_ENTRIES:
                self.clear()
            self._entries[user_id] = live
            self._owners[live.row.connection_id] = user_id
        return live

    async def _open(self, row: ConnectionRow | None) -> Live:
        read_at = asyncio.get_running_loop().time()
        token = await self._sealer.open_access(row) if row and row.live else None
        if row is None or token is None or row.generation is None:
            raise NotConnected(
                f"{self._link.label} is not connected.",
                hint=f"Connect it on the Tools page: {self._tools_url}",
            )
        if row.status == "needs_reconnect":
            raise NeedsReconnect(
                f"The connection to {self._link.label} has ended and needs a new consent.",
                hint=f"Reconnect on the Tools page: {self._tools_url}",
            )
        header = SecretStr(f"Bearer {token.get_secret_value()}")
        return Live(row=row, generation=row.generation, header=header, read_at=read_at)
