"""The calls that are under way on each connection, ended in every process when the connection ends."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from xerus.atlassian.credentials import Disconnected
from xerus.connections import store
from xerus.connections.signals import ENDED
from xerus.db.database import Database
from xerus.db.notify import Listener
from xerus.db.roles import Role
from xerus.errors import Unavailable
from xerus.ids import ConnectionId

_LOOK_SECONDS = 0.5


@dataclass(eq=False)
class _Call:
    task: asyncio.Task[object]
    cancellations: int
    ended: bool = False

    def end(self) -> None:
        if not self.ended:
            self.ended = True
            self.task.cancel()


class Running:
    """Knows this process's calls by connection. Construct it before the listener is started.

    While notifications do not arrive, and once after, the database is asked which connections ended.
    """

    def __init__(self, *, db: Database, listener: Listener) -> None:
        self._db = db
        self._listener = listener
        self._calls: defaultdict[ConnectionId, set[_Call]] = defaultdict(set)
        self._watch: asyncio.Task[None] | None = None
        self._unheard = False
        listener.subscribe(ENDED, lambda payload: self.end(ConnectionId(payload)))
        listener.on_reconnect(self._missed)

    @property
    def calls(self) -> int:
        """How many connections have calls under way."""
        return len(self._calls)

    @contextmanager
    def until_ended(self, connections: Iterable[ConnectionId]) -> Iterator[None]:
        """Run the block as long as all of `connections` last; they are trusted to live now.

        What the block does before its first request must read the connection anew, as
        `UserCredentials.authorization` does.

        Raises:
            Disconnected: one of them ended, and the block was cancelled.
        """
        known = frozenset(connections)
        if not known:
            yield
            return
        task = asyncio.current_task()
        assert task is not None
        call = _Call(task, task.cancelling())
        self._add(call, known)
        try:
            yield
        except asyncio.CancelledError:
            if call.ended and task.uncancel() <= call.cancellations:
                raise Disconnected from None
            raise  # the caller went away as well
        finally:
            self._remove(call, known)

    def end(self, connection_id: ConnectionId) -> None:
        """Cancel what runs on a connection."""
        for call in tuple(self._calls.get(connection_id, ())):
            call.end()

    def _add(self, call: _Call, connections: frozenset[ConnectionId]) -> None:
        for connection_id in connections:
            self._calls[connection_id].add(call)
        if self._watch is None:
            self._watch = asyncio.create_task(self._look_while_unheard(), name="running-calls")

    def _remove(self, call: _Call, connections: frozenset[ConnectionId]) -> None:
        for connection_id in connections:
            self._calls[connection_id].discard(call)
            if not self._calls[connection_id]:
                del self._calls[connection_id]

    def _missed(self) -> None:
        self._unheard = True

    async def _look_while_unheard(self) -> None:
        """Last as long as anything runs."""
        try:
            while self._calls:
                await asyncio.sleep(_LOOK_SECONDS)
                if self._calls and (self._unheard or not self._listener.connected):
                    self._unheard = False
                    await self._look()
        finally:
            self._watch = None

    async def _look(self) -> None:
        asked = list(self._calls)
        try:
            async with self._db.transaction(Role.WORKER) as conn:
                live = await store.live_among(conn, asked)
        except Unavailable:
            self._unheard = True  # nobody can have ended one either
            return
        for connection_id in asked:
            if connection_id not in live:
                self.end(connection_id)
