"""Group commit: what arrives while one batch is written goes into the next."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime

from psycopg.errors import UniqueViolation

from xerus.audit import store
from xerus.audit.chain import RECORDED, SHARDS, Entry
from xerus.audit.store import Head, Link, chained
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import Unavailable

_LARGEST_BATCH = 500
# While many write at once, each batch waits this long for company: a batch costs a round trip
# however much is in it. Somebody alone never waits.
_GATHER_SECONDS = 0.005
_COMPANY = 2


class GroupWriter:
    """Appends events to one chain that, while nobody else writes there, costs no reading.

    The end of the chain is remembered from the batch before, so that a batch is one round trip.
    Where another process wrote there too, its number is taken already: the batch is refused as a
    whole, its end is read under the chain's lock, and the next batches go to another chain.
    """

    def __init__(self, *, database: Database, mac_key: bytes) -> None:
        self._database = database
        self._key = mac_key
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._writing: list[tuple[Entry, asyncio.Future[None]]] = []
        self._newest: asyncio.Future[None] | None = None
        self._writer: asyncio.Task[None] | None = None
        self._shard = _any_shard()
        self._head: Head | None = None

    def add(self, entry: Entry) -> asyncio.Future[None]:
        """Take an event; the result is there once it is durable, or Unavailable."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, done))
        self._newest = done
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_waiting(), name="audit-writer")
        return done

    @property
    def backlog(self) -> tuple[int, datetime | None]:
        """How many events are not durable yet, and the instant of the oldest."""
        oldest = next(iter(self._writing or self._waiting), None)
        return len(self._writing) + len(self._waiting), oldest[0].at if oldest else None

    async def settle(self) -> None:
        """Wait until what was added so far is written, or was given up."""
        if self._newest is not None:
            await asyncio.wait([self._newest])

    async def stop(self) -> None:
        """Write what waits."""
        if self._writer is not None:
            await self._writer

    async def _write_waiting(self) -> None:
        error: BaseException | None
        while self._waiting:
            batch, self._waiting = self._waiting[:_LARGEST_BATCH], self._waiting[_LARGEST_BATCH:]
            self._writing, error = batch, None
            try:
                await self._write([entry for entry, _ in batch])
            except Exception as failed:  # noqa: BLE001 - background loop: the callers get it
                error = failed
            for _, done in batch:
                if done.done():
                    continue
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(error)
            self._writing = []
            if len(batch) >= _COMPANY:
                await asyncio.sleep(_GATHER_SECONDS)

    async def _write(self, entries: Sequence[Entry]) -> None:
        head, self._head = self._head, None
        if head is not None:
            links = chained(self._key, head, entries)
            try:
                await self._database.at_once(Role.GATE, store.appending(links))
            except UniqueViolation:
                self._shard = _any_shard()
            except Unavailable:
                if await self._is_written(links[-1]):
                    return
            else:
                self._head = links[-1].head
                return
        self._head = await self._write_after_reading(entries)

    async def _write_after_reading(self, entries: Sequence[Entry]) -> Head:
        async with self._database.transaction(Role.GATE) as conn:
            links = chained(self._key, await store.tail(conn, self._shard), entries)
            await store.append(conn, links)
        return links[-1].head

    async def _is_written(self, last: Link) -> bool:
        """Tell whether a batch whose confirmation was lost stands in the log."""
        async with self._database.transaction(Role.WORKER) as conn:
            return await store.holds(conn, last)


def _any_shard() -> int:
    return RECORDED + secrets.randbelow(SHARDS - RECORDED)
