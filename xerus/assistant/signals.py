"""Waking who looks at a conversation, and who answers in it, in this process and in any other."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from xerus.db.database import Connection
from xerus.db.notify import Listener, notify

_CHANGED = "xerus_chat"
_STOP = "xerus_chat_stop"
_UNHEARD_SECONDS = 2.0
"""A notification can be lost while LISTEN reconnects: look again after this long at the latest."""


class Signals:
    """Wakes by a conversation's id. Construct it before the listener starts."""

    def __init__(self, *, listener: Listener) -> None:
        self._listener = listener
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        listener.subscribe(_CHANGED, self.wake)

    @property
    def heard(self) -> bool:
        """Whether notifications arrive now."""
        return self._listener.connected

    def on_stop(self, handler: Callable[[str], None]) -> None:
        """Call `handler` with the id of each run that shall stop, whoever asked for it."""
        self._listener.subscribe(_STOP, handler)

    @contextmanager
    def watch(self, conversation_id: str) -> Iterator[asyncio.Event]:
        """Within the block, set the event at each change. Read inside, not before."""
        event = asyncio.Event()
        self._waiting[conversation_id].add(event)
        try:
            yield event
        finally:
            self._waiting[conversation_id].discard(event)
            if not self._waiting[conversation_id]:
                del self._waiting[conversation_id]

    async def pause(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for the event, at most `seconds` and never long unheard."""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, _UNHEARD_SECONDS)):
                await event.wait()

    def wake(self, conversation_id: str) -> None:
        """Wake who watches in this process."""
        for event in self._waiting.get(conversation_id, ()):
            event.set()

    async def changed(self, conn: Connection, conversation_id: str) -> None:
        """Wake who watches in any process, once the transaction of `conn` commits."""
        await notify(conn, _CHANGED, conversation_id)

    async def stop(self, conn: Connection, run_id: str) -> None:
        """Tell the process of a run to stop it, once the transaction of `conn` commits."""
        await stop_run(conn, run_id)


async def stop_run(conn: Connection, run_id: str) -> None:
    """Tell the process of a run to stop it, once the transaction of `conn` commits."""
    await notify(conn, _STOP, run_id)
