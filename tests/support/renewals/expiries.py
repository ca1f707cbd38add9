"""Many processes with many callers notice the same expiry: one request each time."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from multiprocessing.connection import Connection

from tests.support.renewals.endpoint import TokenEndpoint
from tests.support.renewals.grants import Grant, Store, Where, a_process, forked


async def expiries(
    store: Store, processes: int, callers: int, rounds: int, told: Callable[[str], None]
) -> str:
    """Let one grant expire `rounds` times; the provider forgives no second use."""
    async with AsyncExitStack() as stack:
        endpoint = await stack.enter_async_context(TokenEndpoint(latency=0.3))
        where = store.where(endpoint.base)
        here = await stack.enter_async_context(a_process(where))
        (grant,) = await here.add(endpoint, 1)
        ends = [_started(where, grant, callers) for _ in range(processes)]
        for number in range(1, rounds + 1):
            await here.make_due(grant)
            generation = await here.generation(grant)
            failures = await asyncio.gather(
                *(asyncio.to_thread(_round, end, generation) for end in ends)
            )
            assert not any(failures), f"expiry {number}: {failures}"
            asked = endpoint.asked[grant.number]
            assert asked == number, f"expiry {number}: {asked} token requests by now"
            told(f"{number} of {rounds} expiries, {asked} token requests")
        for end in ends:
            end.send(0)
        assert endpoint.refused == 0
        return (
            f"{rounds} expiries x {processes} processes x {callers} callers: "
            f"{endpoint.asked[grant.number]} token requests, 0 failures"
        )


def _started(where: Where, grant: Grant, callers: int) -> Connection:
    context = forked(__name__)
    ours, theirs = context.Pipe()
    context.Process(target=_serve, args=(theirs, where, grant, callers), daemon=True).start()
    assert ours.recv() == "ready"
    return ours


def _round(end: Connection, generation: int) -> str:
    end.send(generation)
    answer: str = end.recv()
    return answer


def _serve(end: Connection, where: Where, grant: Grant, callers: int) -> None:
    asyncio.run(_calls(end, where, grant, callers))


async def _calls(end: Connection, where: Where, grant: Grant, callers: int) -> None:
    async with a_process(where) as process:
        end.send("ready")
        while generation := await asyncio.to_thread(end.recv):
            outcomes = await asyncio.gather(
                *(
                    process.renewal.ensure(grant.user_id, grant.connection_id, generation)
                    for _ in range(callers)
                ),
                return_exceptions=True,
            )
            failed = [outcome for outcome in outcomes if outcome is not None]
            end.send(f"{len(failed)} failed: {failed[0]!r}" if failed else "")
