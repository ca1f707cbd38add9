"""NOTIFY inside a transaction, and the one connection that LISTENs."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg
import structlog
from psycopg import AsyncConnection, sql

from xerus.telemetry import metric_list as names
from xerus.telemetry.metrics import Reading

log = structlog.get_logger(__name__)

# A connection that a network swallowed says nothing; a probe after this silence finds out.
_PROBE_SECONDS = 15.0
_PROBE_ANSWER_SECONDS = 5.0
_FIRST_BACKOFF_SECONDS = 0.05
_MAX_BACKOFF_SECONDS = 5.0


async def notify(conn: AsyncConnection[Any], channel: str, payload: str) -> None:
    """Send `payload` to every listener of `channel` when the transaction of `conn` commits."""
    await conn.execute("SELECT pg_notify(%s, %s)", (channel, payload))


class Listener:
    """Hears notifications on a connection of its own, past any pooler, and reconnects.

    Handlers run in the event loop and must return at once. What was notified while the
    connection was down is lost: handlers of `on_reconnect` drop whatever they cached, and nobody
    trusts a cache while `connected` is False.
    """

    def __init__(self, *, direct_dsn: str) -> None:
        self._dsn = direct_dsn
        self._handlers: dict[str, list[Callable[[str], None]]] = defaultdict(list)
        self._reconnected: list[Callable[[], None]] = []
        self._held: list[int] = []
        self._task: asyncio.Task[None] | None = None
        self._up = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether notifications arrive now."""
        return self._up.is_set()

    def readings(self) -> Iterator[Reading]:
        """Yield whether notifications arrive."""
        yield names.LISTENER_UP, self.connected

    def subscribe(self, channel: str, handler: Callable[[str], None]) -> None:
        """Call `handler` with each payload on `channel`. Subscribe before `start`."""
        self._handlers[channel].append(handler)

    def on_reconnect(self, handler: Callable[[], None]) -> None:
        """Call `handler` each time the connection stands again after a loss."""
        self._reconnected.append(handler)

    def hold(self, lock: int) -> None:
        """Hold a shared advisory lock while connected, as a sign of life. Call before `start`."""
        self._held.append(lock)

    async def start(self, *, wait_seconds: float = 5.0) -> None:
        """Begin to listen; returns once connected, or after `wait_seconds` without."""
        self._task = asyncio.create_task(self._run(), name="db-listener")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_seconds):
                await self._up.wait()

    async def stop(self) -> None:
        """Close the connection."""
        if self._task is None:
            return
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._task = None

    async def _run(self) -> None:
        backoff = _FIRST_BACKOFF_SECONDS
        before = False
        while True:
            try:
                async with await self._connect() as conn:
                    self._up.set()
                    if before:
                        self._call(self._reconnected)
                    before, backoff = True, _FIRST_BACKOFF_SECONDS
                    await self._hear(conn)
            except (psycopg.Error, TimeoutError, OSError) as error:
                log.warning("database_listener_lost", error=type(error).__name__)
            finally:
                self._up.clear()
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, _MAX_BACKOFF_SECONDS)

    async def _connect(self) -> AsyncConnection[Any]:
        conn = await AsyncConnection.connect(
            self._dsn, autocommit=True, connect_timeout=5, application_name="xerus-listener"
        )
        for channel in self._handlers:
            await conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        for lock in self._held:
            await conn.execute("SELECT pg_advisory_lock_shared(%s)", (lock,))
        return conn

    async def _hear(self, conn: AsyncConnection[Any]) -> None:
        while True:
            async for note in conn.notifies(timeout=_PROBE_SECONDS):
                self._call([partial(hear, note.payload) for hear in self._handlers[note.channel]])
            async with asyncio.timeout(_PROBE_ANSWER_SECONDS):
                await conn.execute("SELECT 1")

    @staticmethod
    def _call(handlers: list[Callable[[], None]]) -> None:
        for handler in handlers:
            try:
                handler()
            except Exception:  # background loop: one handler must not deafen the rest
                log.exception("notification_handler_failed")
