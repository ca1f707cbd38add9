"""kill -9 at six named points of a renewal, and at any moment."""

import asyncio
import os
import random
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any
from unittest.mock import patch

from tests.support.renewals.aftermath import DYING, Aftermath
from tests.support.renewals.endpoint import TokenEndpoint
from tests.support.renewals.grants import Grant, Process, Store, Where, a_process, forked
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

_DIES_WITHIN = 60.0
_AT_ONCE = 4


async def killed_at(
    store: Store,
    points: tuple[str, ...],
    times: int,
    *,
    grace: float,
    told: Callable[[str], None],
    leases_last: bool = True,
) -> str:
    """Kill a process at each point so many times; then let a worker find what was left.

    `leases_last` False: what a dead process holds is over at once, not after half a minute.
    """
    deaths = [point for _ in range(times) for point in points]
    return await _killed(store, deaths, grace, told, leases_last=leases_last)


async def killed_at_random(
    store: Store, times: int, *, grace: float, told: Callable[[str], None]
) -> str:
    """Kill a process so many times within the first tenth of a second of a renewal."""
    return await _killed(store, [""] * times, grace, told)


async def _killed(
    store: Store,
    deaths: list[str],
    grace: float,
    told: Callable[[str], None],
    *,
    leases_last: bool = True,
) -> str:
    async with AsyncExitStack() as stack:
        endpoint = await stack.enter_async_context(TokenEndpoint(grace=grace, latency=0.01))
        where = store.where(endpoint.base)
        worker = await stack.enter_async_context(a_process(where, "worker"))
        grants = await worker.add(endpoint, len(deaths))
        aftermath = Aftermath(worker, endpoint, len(deaths))
        renewing = asyncio.create_task(_renew_on(worker))
        watching = asyncio.create_task(aftermath.watch())
        room = asyncio.Semaphore(_AT_ONCE)

        async def one(grant: Grant, point: str) -> None:
            async with room:
                await _die(where, grant, point)
            if not leases_last:
                await worker.end_lease(grant)
            await aftermath.add(grant, point)
            told(aftermath.sofar)

        await asyncio.gather(watching, *map(one, grants, deaths))
        renewing.cancel()
        rows = await worker.count("true")
        assert rows == len(deaths), f"{len(deaths) - rows} rows are gone"
        return aftermath.judged(grace)


async def _renew_on(worker: Process) -> None:
    while True:
        if not await worker.renewal.renew_due():
            await asyncio.sleep(0.2)  # as the worker's loop rests


async def _die(where: Where, grant: Grant, point: str) -> None:
    child = forked(__name__).Process(target=_renew_and_die, args=(where, grant, point), daemon=True)
    # Of one thread: `start` looks after the other children too, and would take their exit codes.
    child.start()
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(child.sentinel, ended.set)
    try:
        async with asyncio.timeout(_DIES_WITHIN):
            await ended.wait()
    finally:
        loop.remove_reader(child.sentinel)
    child.join()
    assert child.exitcode == -signal.SIGKILL, f"{point}: ended with {child.exitcode}"
    child.close()


def _renew_and_die(where: Where, grant: Grant, point: str) -> None:
    asyncio.run(_renewal(where, grant, point))


async def _renewal(where: Where, grant: Grant, point: str) -> None:
    async with a_process(where, DYING) as process:
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
