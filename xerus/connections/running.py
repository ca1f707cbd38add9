"""The calls under way of each person and connection, ended in every process with either of them."""

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
from xerus.ids import ConnectionId, UserId

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
    """Knows this process's calls by person and connection. Construct it before the listener starts.

    While notifications do not arrive, and once after, the database is asked who and what is gone.
    """

    def __init__(self, *, db: Database, listener: Listener) -> None:
        self._db = db
        self._listener = listener
        self._calls: defaultdict[str, set[_Call]] = defaultdict(set)
        self._watch: asyncio.Task[None] | None = None
        self._unheard = False
        listener.subscribe(ENDED, self.end)
        listener.on_reconnect(self._missed)

    @property
    def calls(self) -> int:
        """How many people and connections have calls under way."""
        return len(self._calls)

    @contextmanager
    def until_ended(self, ids: Iterable[ConnectionId | UserId]) -> Iterator[None]:
        """Run the block as long as these connections and people last, which they do now.

        What the block does before its first request must read the connection anew, as
        `UserCredentials.authorization` does.

        Raises:
            Disconnected: one of them ended, and the block was cancelled.
        """
        known = frozenset[str](ids)
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
            if call.ended and task.cancelling() - 1 <= call.cancellations:
                raise Disconnected from None
            raise  # the caller went away as well
        finally:
            self._remove(call, known)
            if call.ended:
                task.uncancel()

    def end(self, ended: str) -> None:
        """Cancel what runs on a connection or for a person, by its id."""
        for call in tuple(self._calls.get(ended, ())):
            call.end()

    def _add(self, call: _Call, ids: frozenset[str]) -> None:
        for one in ids:
            self._calls[one].add(call)
        if self._watch is None:
            self._watch = asyncio.create_task(self._look_while_unheard(), name="running-calls")

    def _remove(self, call: _Call, ids: frozenset[str]) -> None:
        for one in ids:
            self._calls[one].discard(call)
            if not self._calls[one]:
                del self._calls[one]

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
        for one in asked:
            if one not in live:
                self.end(one)
