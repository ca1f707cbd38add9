"""Stores an answer while it grows, and wakes who looks at it."""

import asyncio
from contextlib import suppress

from xerus.assistant.growth import Growth
from xerus.assistant.journal import Journal
from xerus.assistant.leases import Lease
from xerus.assistant.signals import Signals
from xerus.assistant.stopping import Stopping
from xerus.assistant.turns import Cut
from xerus.errors import Conflict, Unavailable

_PAUSE_SECONDS = 0.5
_BYTES_A_SECOND = 200_000
"""A turn with much in it is written less often, so that no answer keeps the database busy."""
_RENEW_SECONDS = 10.0
_RENEW_UNHEARD_SECONDS = 2.0
"""While notifications do not arrive, the wish to stop is found when the lease is renewed."""


class Keeper:
    """Keeps one answer: each step at once, a growing text now and then, the lease in any case."""

    def __init__(
        self,
        *,
        journal: Journal,
        signals: Signals,
        lease: Lease,
        growth: Growth,
        stopping: Stopping,
    ) -> None:
        self._journal = journal
        self._signals = signals
        self._lease = lease
        self._growth = growth
        self._stopping = stopping
        self._grown = asyncio.Event()
        self._over = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._size = 0

    def grew(self) -> None:
        """There is more of it."""
        self._grown.set()
        self._signals.wake(self._lease.conversation_id)

    async def step(self) -> None:
        """Store it now; return once it is stored, or cannot be."""
        self.grew()
        await self._keep()
        self._stopping.insist()

    async def run(self) -> None:
        """Store it until `end`."""
        while not self._over.is_set():
            await _within(self._renewal(), self._grown)
            if not self._over.is_set():
                await self._keep()
                await _within(max(_PAUSE_SECONDS, self._size / _BYTES_A_SECOND), self._over)

    def end(self) -> None:
        """Let `run` return when what it is storing is stored.

        It is not cancelled: the database's libraries lose a cancellation that comes together with
        an answer (asyncio.wait_for before Python 3.12), and then it would go on for ever.
        """
        self._over.set()
        self._grown.set()

    def _renewal(self) -> float:
        return _RENEW_SECONDS if self._signals.heard else _RENEW_UNHEARD_SECONDS

    async def _keep(self) -> None:
        try:
            async with self._one_at_a_time:
                stop = await self._save() if self._grown.is_set() else await self._renew()
        except Unavailable:
            self._grown.set()  # it goes on: the next attempt may succeed, and the end is stored too
            return
        except Conflict:
            self._stopping.ask(Cut.INTERRUPTED)  # somebody took over, believing us dead
            return
        if stop:
            self._stopping.ask(Cut.STOPPED)

    async def _save(self) -> bool:
        self._grown.clear()
        self._size, stop = await self._journal.save(self._lease, self._growth.turn)
        return stop

    async def _renew(self) -> bool:
        return await self._journal.renew(self._lease)


async def _within(seconds: float, event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
