"""A limit of Atlassian's is the whole installation's: one process learns of it, and all heed it."""

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
PACE_CHANNEL = "xerus_atlassian_pace"
_LONGEST_TOLD = 2000

_WRITE = """
INSERT INTO atlassian_holds AS h (key, until) VALUES (%s, %s)
ON CONFLICT (key) DO UPDATE SET until = greatest(h.until, excluded.until)
"""


class SharedHolds:
    """Tells every process what one was told.

    Used-up quotas are kept for those that start or hear again later. What was slowed for seconds is told
    to those that hear it now.
    """

    def __init__(
        self, *, db: Database, listener: Listener, limits: AtlassianLimits, clock: Clock
    ) -> None:
        self._db = db
        self._limits = limits
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        limits.on_hold(lambda key, until: self._begin(self._tell(key, until)))
        limits.pace.on_slowed(self._slowed)
        listener.subscribe(CHANNEL, self._heard)
        listener.subscribe(PACE_CHANNEL, self._heard_of_pace)
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

    def _slowed(self, kind: str, wait: float, reason: str) -> None:
        if len(kind) <= _LONGEST_TOLD:
            self._begin(self._notify(PACE_CHANNEL, f"{wait:.3f} {reason} {kind}"))

    async def _notify(self, channel: str, payload: str) -> None:
        async with self._db.transaction(Role.GATE) as conn:
            await notify(conn, channel, payload)

    def _heard_of_pace(self, payload: str) -> None:
        wait, reason, kind = payload.split(" ", 2)
        self._limits.pace.learn(kind, float(wait), reason=reason)

    def _heard(self, payload: str) -> None:
        until, key = payload.split(" ", 1)
        self._limits.learn(key, datetime.fromisoformat(until))
