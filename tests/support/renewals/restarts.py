"""Immediate restarts of PostgreSQL while six workers renew, and a provider that forgives nothing."""

import asyncio
import random
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress

from tests.support.renewals.endpoint import TokenEndpoint
from tests.support.renewals.grants import Process, Server, a_process, all_due
from xerus.errors import Unavailable

_LIFE_SECONDS = 4
_LONGEST_PAUSE = 3.0
_RECOVERED_WITHIN = 60.0


async def restarts(
    server: Server, times: int, grants: int, workers: int, told: Callable[[str], None]
) -> str:
    """Restart `times` times; afterwards every row holds the pair that was given out last."""
    async with AsyncExitStack() as stack:
        endpoint = await stack.enter_async_context(
            TokenEndpoint(latency=0.4, life_seconds=_LIFE_SECONDS)
        )
        where = server.where(endpoint.base)
        fleet = [
            await stack.enter_async_context(a_process(where, f"worker {n}")) for n in range(workers)
        ]
        everybody = await fleet[0].add(endpoint, grants)
        await all_due(fleet[0], everybody)
        stop = asyncio.Event()
        working = [asyncio.create_task(_work(worker, stop)) for worker in fleet]
        for number in range(1, times + 1):
            await asyncio.sleep(random.uniform(0.3, _LONGEST_PAUSE))  # noqa: S311 - a moment, no secret
            await server.restart_at_once()
            told(f"{number} of {times} restarts, {sum(endpoint.asked.values())} renewals")
        # A lease that a restart left behind runs out by itself.
        before = {grant.number: endpoint.asked[grant.number] for grant in everybody}
        async with asyncio.timeout(_RECOVERED_WITHIN):
            await _all_asked_again(endpoint, before)
        stop.set()
        await asyncio.gather(*working)
        stale = [
            grant
            for grant in everybody
            if await fleet[0].generation(grant) != endpoint.generation(grant.number)
        ]
        ended = await fleet[0].count("c.status <> 'connected'")
        assert not endpoint.refused, f"{endpoint.refused} refresh tokens were spent twice"
        assert not stale, f"{len(stale)} rows are stale"
        assert not ended, f"{ended} grants are lost"
        return (
            f"{times} restarts, {grants} grants, {workers} workers, "
            f"{sum(endpoint.asked.values())} renewals: 0 lost, 0 stale rows"
        )


async def _all_asked_again(endpoint: TokenEndpoint, before: dict[int, int]) -> None:
    while True:
        if all(endpoint.asked[number] > asked for number, asked in before.items()):
            return
        await asyncio.sleep(0.2)


async def _work(worker: Process, stop: asyncio.Event) -> None:
    while not stop.is_set():
        tried = 0
        with suppress(Unavailable):  # the worker's loop waits as well
            tried = await worker.renewal.renew_due()
        if not tried:
            await asyncio.sleep(0.2)  # as the worker's loop rests
