"""Processes whose clocks are wrong by up to five minutes renew what is due, each grant once."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from tests.support.renewals.endpoint import TokenEndpoint
from tests.support.renewals.grants import Store, a_process, all_due

_WRONG_BY = (-300, -60, 0, 60, 300)


async def clocks(store: Store, grants: int, rounds: int, told: Callable[[str], None]) -> str:
    """Let everything be over again and again; workers and callers of all clocks renew at once."""
    async with AsyncExitStack() as stack:
        endpoint = await stack.enter_async_context(TokenEndpoint(latency=0.05))
        where = store.where(endpoint.base)
        fleet = [
            await stack.enter_async_context(a_process(where, f"{wrong} s", seconds_ahead=wrong))
            for wrong in _WRONG_BY
        ]
        everybody = await fleet[0].add(endpoint, grants)
        for number in range(1, rounds + 1):
            await all_due(fleet[0], everybody)
            calls = [
                process.renewal.ensure(grant.user_id, grant.connection_id, number)
                for process in fleet
                for grant in everybody
            ]
            await asyncio.gather(*calls, *(process.renewal.renew_due() for process in fleet))
            # Nobody takes a fresh token for an old one, whatever its clock says.
            idle = [await process.renewal.renew_due() for process in fleet]
            assert idle == [0] * len(fleet), f"round {number}: renewed without need: {idle}"
            assert set(endpoint.asked.values()) == {number}, f"round {number}: {endpoint.asked}"
            told(f"{number} of {rounds} rounds")
        assert endpoint.refused == 0
        assert await fleet[0].count("c.status = 'connected' AND k.failures = 0") == grants
        return (
            f"{rounds} expiries of {grants} grants, clocks wrong by {_WRONG_BY} s: "
            f"{sum(endpoint.asked.values())} token requests, 0 failures"
        )
