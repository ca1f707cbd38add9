"""A loop calls one function again and again, and outlives every failure of it."""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from xerus.errors import Unavailable
from xerus.telemetry import metric_list as names
from xerus.telemetry.logs import logger
from xerus.telemetry.metrics import Metrics, Reading

log = logger(__name__)

_JITTER = 0.2


@dataclass(frozen=True, kw_only=True)
class Loop:
    """What to call, and how long to rest between two calls.

    `run` returns how much it did; with something done it is called again at once, so that a
    backlog drains without waiting.
    """

    name: str
    every_seconds: float
    run: Callable[[], Awaitable[int]]


class Worker:
    """Runs loops until told to stop."""

    def __init__(
        self,
        *,
        loops: Sequence[Loop],
        metrics: Metrics | None = None,
        seconds: Callable[[], float] = time.time,
    ) -> None:
        self._loops = loops
        self._metrics = metrics or Metrics()
        self._seconds = seconds
        self._succeeded: dict[str, float] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    def start(self) -> None:
        """Start every loop."""
        self._stopping.clear()
        self._succeeded = dict.fromkeys((loop.name for loop in self._loops), self._seconds())
        self._tasks = [
            asyncio.create_task(self._repeat(loop), name=f"worker-{loop.name}")
            for loop in self._loops
        ]

    def readings(self) -> Iterator[Reading]:
        """Yield when each loop last came to its end without a failure."""
        for name, at in self._succeeded.items():
            yield names.LOOP_SUCCESS, at, name

    async def stop(self, *, seconds: float = 25.0) -> None:
        """Let the calls under way finish, then end; what takes longer is cancelled."""
        self._stopping.set()
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        self._tasks = []

    async def _repeat(self, loop: Loop) -> None:
        while not self._stopping.is_set():
            done = await self._once(loop)
            if not done:
                await self._rest(loop.every_seconds)

    async def _rest(self, seconds: float) -> None:
        """Rest with jitter, so that several workers do not come in step."""
        pause = seconds * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - spreads load
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._stopping.wait()

    async def _once(self, loop: Loop) -> int:
        try:
            done = await loop.run()
        except Unavailable as error:
            log.warning("worker_loop_waits", loop=loop.name, debug=error.debug)
        except Exception:
            log.exception("worker_loop_failed", loop=loop.name)
        else:
            self._succeeded[loop.name] = self._seconds()
            return done
        self._metrics.loop_failures.labels(loop.name).inc()
        return 0
