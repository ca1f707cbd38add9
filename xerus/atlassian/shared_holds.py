"""A used-up quota is the whole installation's: one process learns of it, and all stop."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

import structlog

from xerus.atlassian.limits import AtlassianLimits
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.notify import Listener, notify
from xerus.db.roles import Role
from xerus.errors import Unavailable

log = structlog.get_logger(__name__)

CHANNEL = "xerus_atlassian_hold"

_WRITE = """
INSERT INTO atlassian_holds AS h (key, until) VALUES (%s, %s)
ON CONFLICT (key) DO UPDATE SET until = greatest(h.until, excluded.until)
"""


class SharedHolds:
    """Tells every process what one was told, also those that start or hear again later."""

    def __init__(
        self, *, db: Database, listener: Listener, limits: AtlassianLimits, clock: Clock
    ) -> None:
        self._db = db
        self._limits = limits
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        limits.on_hold(lambda key, until: self._begin(self._tell(key, until)))
        listener.subscribe(CHANNEL, self._heard)
        listener.on_reconnect(lambda: self._begin(self.load()))

    async def load(self) -> None:
        """Take over what other processes were told before; forget what is over."""
        now = self._clock.now()
        async with self._db.transaction(Role.GATE) as conn:
            await conn.execute("DELETE FROM atlassian_holds WHERE until <= %s", (now,))
            cursor = await conn.execute("SELECT key, until FROM atlassian_holds")
            rows = await cursor.fetchall()
        for row in rows:
            self._limits.learn(row["key"], row["until"])

    async def stop(self) -> None:
        """Finish what is being told."""
        await asyncio.gather(*self._tasks)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._quietly(work), name="atlassian-holds")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Unavailable as error:  # each process then learns it from Atlassian itself
            log.warning("atlassian_hold_not_shared", debug=error.debug)

    async def _tell(self, key: str, until: datetime) -> None:
        async with self._db.transaction(Role.GATE) as conn:
            await conn.execute(_WRITE, (key, until))
            await notify(conn, CHANNEL, f"{until.isoformat()} {key}")

    def _heard(self, payload: str) -> None:
        until, key = payload.split(" ", 1)
        self._limits.learn(key, datetime.fromisoformat(until))
