"""A quota of so many events per key in a minute."""

from datetime import datetime, timedelta

from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import LimitReached

_WINDOW = timedelta(minutes=1)

_COUNT = """
INSERT INTO rate_windows AS w (key, window_start, count) VALUES (%(key)s, %(start)s, 1)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN w.window_start = excluded.window_start THEN w.count + 1 ELSE 1 END,
    window_start = excluded.window_start
RETURNING count
"""


class FixedWindow:
    """Counts events per key in windows of one minute, the same for every process."""

    def __init__(self, *, db: Database, clock: Clock, limit: int, name: str) -> None:
        self._db = db
        self._clock = clock
        self._limit = limit
        self._name = name
        # Keys whose window is full: a flood is refused from memory and leaves the database alone.
        self._full: dict[str, datetime] = {}

    async def spend(self, key: str) -> None:
        """Count one event for `key`.

        Raises:
            LimitReached: the window already holds as many events as allowed.
        """
        now = self._clock.now()
        start = now.replace(second=0, microsecond=0)
        if self._full.get(key) == start:
            raise self._reached(start, now)
        async with self._db.transaction(Role.GATE) as conn:
            cursor = await conn.execute(_COUNT, {"key": f"{self._name}:{key}", "start": start})
            row = await cursor.fetchone()
        if row is not None and row["count"] > self._limit:
            self._full = {k: begun for k, begun in self._full.items() if begun == start}
            self._full[key] = start
            raise self._reached(start, now)

    def _reached(self, start: datetime, now: datetime) -> LimitReached:
        wait = int((start + _WINDOW - now).total_seconds()) + 1
        return LimitReached(
            f"More than {self._limit} in a minute from one address.",
            retry_after=wait,
            hint=f"Try again in {wait} seconds.",
        )

    async def sweep(self) -> None:
        """Forget windows that are over."""
        async with self._db.transaction(Role.GATE) as conn:
            await conn.execute(
                "DELETE FROM rate_windows WHERE window_start < %s", (self._clock.now() - _WINDOW,)
            )
