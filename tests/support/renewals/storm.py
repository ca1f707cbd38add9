"""Everybody's token is over at once, and the provider answers fifty a second."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from tests.support.renewals.endpoint import TokenEndpoint
from tests.support.renewals.grants import Process, Store, a_process, all_due
from xerus.connections.gate import MOST_AT_ONCE

_FRESH = "k.generation = 2 AND c.status = 'connected' AND k.failures = 0"


async def storm(
    store: Store, grants: int, most_per_second: int, within: float, told: Callable[[str], None]
) -> str:
    """Renew `grants` that are all due by two workers, as the worker's loop does."""
    async with AsyncExitStack() as stack:
        endpoint = await stack.enter_async_context(
            TokenEndpoint(most_per_second=most_per_second, latency=0.05, grace=600)
        )
        where = store.where(endpoint.base)
        workers = [
            await stack.enter_async_context(a_process(where, f"worker {n}")) for n in range(2)
        ]
        everybody = await workers[0].add(endpoint, grants)
        await all_due(workers[0], everybody)
        told(f"{grants} grants are over")
        clock = asyncio.get_running_loop()
        begun = clock.time()
        async with asyncio.timeout(within):
            await asyncio.gather(*(_work(worker, grants, told) for worker in workers))
        taken = clock.time() - begun
        most = max(endpoint.most_in_flight.values())
        assert most <= MOST_AT_ONCE, f"{most} requests in flight from one process"
        assert await workers[0].count("c.status <> 'connected'") == 0
        assert endpoint.refused == 0
        return (
            f"{grants} grants fresh after {taken:.0f} s, {endpoint.put_off} answers of 429, "
            f"at most {most} in flight from a process, nobody asked to reconnect"
        )


async def _work(worker: Process, grants: int, told: Callable[[str], None]) -> None:
    while (fresh := await worker.count(_FRESH)) < grants:
        told(f"{fresh} of {grants} are fresh")
        for _ in range(20):
            if not await worker.renewal.renew_due():
                await asyncio.sleep(0.2)  # as the worker's loop rests
