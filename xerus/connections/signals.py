"""Waiting for a change of a row that this or another process makes, without polling fast."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from xerus.db.notify import Listener

CREDENTIAL = "xerus_credential"
FLOW = "xerus_flow"
ENDED = "xerus_connection_ended"
"""A connection, or a person, is no longer; sent after `CREDENTIAL`, so that no copy is used by then."""

_UNHEARD_SECONDS = 2.0
"""A notification can be lost while LISTEN reconnects: look again after this long at the latest."""


class Signals:
    """Wakes who waits for an id. Ids are random, so both channels share one table."""

    def __init__(self, *, listener: Listener) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        listener.subscribe(CREDENTIAL, self._wake)
        listener.subscribe(FLOW, self._wake)

    @contextmanager
    def watch(self, key: str) -> Iterator[asyncio.Event]:
        """Within the block, set the event at each change. Read the row inside, not before."""
        event = asyncio.Event()
        self._waiting[key].add(event)
        try:
            yield event
        finally:
            self._waiting[key].discard(event)
            if not self._waiting[key]:
                del self._waiting[key]

    async def pause(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for the event, at most `seconds` and never long unheard."""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, _UNHEARD_SECONDS)):
                await event.wait()

    def _wake(self, payload: str) -> None:
        for event in self._waiting.get(payload, ()):
            event.set()
