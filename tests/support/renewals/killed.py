"""kill -9 at six named points of a renewal, and at any moment."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any
from unittest.mock import patch

from tests.support.renewals.endpoint import TokenEndpoint
from tests.support.renewals.grants import Grant, Process, Where, a_process, database, forked
from xerus.connections import cloud, lease
from xerus.connections.refresh import Renewal

POINTS = {
    "before the lease": (lease, "take", "before"),
    "lease taken": (Renewal, "_spend", "before"),
    "answer sent, not read": (cloud, "read_token_answer", "before"),
    "answer read": (cloud.CloudOAuth, "refresh", "after"),
    "written, not committed": (lease, "finish", "after"),
    "committed": (Renewal, "_write", "after"),
}
"""Where the process dies. The third is as a request that was sent: the provider has rotated."""

_LOSABLE = {"answer sent, not read", "answer read", "written, not committed"}
_SHOWN_WITHIN = 60.0
_AT_ONCE = 3


async def killed_at(
    points: tuple[str, ...], times: int, *, grace: float, told: Callable[[str], None]
) -> str:
    """Kill a process at each point so many times; then let a worker find what was left."""
    return await _killed([point for _ in range(times) for point in points], grace, told)


async def killed_at_random(times: int, *, grace: float, told: Callable[[str], None]) -> str:
    """Kill a process so many times within the first tenth of a second of a renewal."""
    return await _killed([""] * times, grace, told)


async def _killed(deaths: list[str], grace: float, told: Callable[[str], None]) -> str:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(database())
        endpoint = await stack.enter_async_context(TokenEndpoint(grace=grace, latency=0.01))
        where = server.where(endpoint.base)
        worker = await stack.enter_async_context(a_process(where, "worker"))
        grants = await worker.add(endpoint, len(deaths))
        tally = _Tally(worker, told)
        watching = asyncio.create_task(_renew_on(worker))
        room = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(
            *(tally.died(room, where, *pair) for pair in zip(grants, deaths, strict=True))
        )
        watching.cancel()
        rows = await worker.count("true")
        assert rows == len(deaths), f"{len(deaths) - rows} rows are gone"
        return tally.judged(grace)


async def _renew_on(worker: Process) -> None:
    while True:
        if not await worker.renewal.renew_due():
            await asyncio.sleep(0.2)  # as the worker's loop rests


class _Tally:
    def __init__(self, worker: Process, told: Callable[[str], None]) -> None:
        self._worker = worker
        self._told = told
        self._kills = 0
        self._ends: Counter[tuple[str, str]] = Counter()
        self._slowest = 0.0

    async def died(self, room: asyncio.Semaphore, where: Where, grant: Grant, point: str) -> None:
        """Let a process die over a grant, and wait until that is healed or shown."""
        async with room:
            await asyncio.to_thread(_die, where, grant, point)
        self._kills += 1
        if self._kills % 20 == 0:
            self._told(f"{self._kills} kills")
        await self._worker.make_due(grant)
        clock = asyncio.get_running_loop()
        begun = clock.time()
        while not (end := await self._end_of(grant)):
            taken = clock.time() - begun
            assert taken <= _SHOWN_WITHIN, f"{point}: neither renewed nor shown in {taken:.0f} s"
            await asyncio.sleep(1)
        self._slowest = max(self._slowest, clock.time() - begun)
        self._ends[point, end] += 1

    async def _end_of(self, grant: Grant) -> str:
        mine = f"c.id = '{grant.connection_id}'"
        if await self._worker.count(f"{mine} AND c.status = 'needs_reconnect'"):
            return "reconnect"
        fresh = f"{mine} AND k.access_expires_at > now() AND k.lease_until IS NULL"
        return "renewed" if await self._worker.count(fresh) else ""

    def judged(self, grace: float) -> str:
        lost = {point: n for (point, end), n in self._ends.items() if end == "reconnect"}
        assert not (grace and lost), f"lost although the provider has a grace: {lost}"
        wrong = set(lost) - _LOSABLE - {""}
        assert not wrong, f"lost without need: {wrong}"
        losses = ", ".join(f"{n} x {point or 'at random'}" for point, n in lost.items())
        return (
            f"{self._kills} kills, lost {sum(lost.values())}{f' ({losses})' if lost else ''}, each "
            f"renewed or shown within {self._slowest:.0f} s, no row deleted"
        )


def _die(where: Where, grant: Grant, point: str) -> None:
    context = forked(__name__)
    child = context.Process(target=_renew_and_die, args=(where, grant, point), daemon=True)
    child.start()
    child.join()
    if point:
        assert child.exitcode == -signal.SIGKILL, f"{point}: ended with {child.exitcode}"


def _renew_and_die(where: Where, grant: Grant, point: str) -> None:
    asyncio.run(_renewal(where, grant, point))


async def _renewal(where: Where, grant: Grant, point: str) -> None:
    async with a_process(where, "dying") as process:
        generation = await process.generation(grant)
        call = process.renewal.ensure(grant.user_id, grant.connection_id, generation)
        if point:
            place, name, when = POINTS[point]
            with patch.object(place, name, _deadly(getattr(place, name), when)):
                await call
        else:
            moment = random.uniform(0, 0.1)  # noqa: S311 - a moment, no secret
            asyncio.get_running_loop().call_later(moment, _kill)
            await call
            _kill()


def _deadly(work: Callable[..., Any], when: str) -> Callable[..., Any]:
    if not asyncio.iscoroutinefunction(work):
        return lambda *_, **__: _kill()

    async def deadly(*args: Any, **kwargs: Any) -> None:
        if when == "after":
            await work(*args, **kwargs)
        _kill()

    return deadly


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
