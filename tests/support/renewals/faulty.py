"""Twelve ways to spoil an answer: no call outlives the deadline, and nobody's grant is ended."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack

from tests.support.renewals.endpoint import TokenEndpoint
from tests.support.renewals.faults import FAULTS, Fault, FaultProxy
from tests.support.renewals.grants import Grant, Process, a_process, all_due, database
from xerus.connections.gate import MOST_AT_ONCE
from xerus.errors import UpstreamUnavailable

MOST_SECONDS = 21.0
_GRACE = 600.0  # Atlassian's


async def every_fault(each: int, at_once: int, told: Callable[[str], None]) -> str:
    """Renew `each` grants through each fault, `at_once` faults at a time; then all without one."""
    slowest, said = 0.0, list[str]()
    async with database() as server, TokenEndpoint(grace=_GRACE) as endpoint:
        for begin in range(0, len(FAULTS), at_once):
            async with AsyncExitStack() as stack:
                runs = []
                for fault in FAULTS[begin : begin + at_once]:
                    proxy = await stack.enter_async_context(FaultProxy(endpoint.base))
                    where = server.where(proxy.base)
                    process = await stack.enter_async_context(a_process(where))
                    runs.append(_one_fault(endpoint, proxy, process, fault, each))
                for line, seconds in await asyncio.gather(*runs):
                    said.append(line)
                    slowest = max(slowest, seconds)
                    told(line)
    return f"{len(said)} faults x {each} renewals, slowest {slowest:.1f} s, nobody ended"


async def _one_fault(
    endpoint: TokenEndpoint, proxy: FaultProxy, process: Process, fault: Fault, each: int
) -> tuple[str, float]:
    grants = await process.add(endpoint, each)
    await all_due(process, grants)
    proxy.fault = fault
    outcomes = await _renew(process, grants)
    slowest = max(seconds for _, seconds in outcomes)
    reached = proxy.requests
    assert reached >= each, f"{fault.value}: only {reached} requests for {each} renewals"
    assert slowest <= MOST_SECONDS, f"{fault.value}: a call took {slowest:.1f} s"
    await _nobody_ended(process, grants, fault)
    proxy.fault = Fault.NONE
    await all_due(process, grants)
    after = Counter(outcome for outcome, _ in await _renew(process, grants))
    assert after == {"renewed": each}, f"{fault.value}: afterwards {dict(after)}"
    counts = Counter(outcome for outcome, _ in outcomes)
    return f"{fault.value}: {dict(counts)}, slowest {slowest:.1f} s", slowest


async def _renew(process: Process, grants: Sequence[Grant]) -> list[tuple[str, float]]:
    """Renew all at once, eight by each of as many processes as that takes."""
    calls = []
    for begin in range(0, len(grants), MOST_AT_ONCE):
        # The gate shuts after a few failures; a process of its own for each eight asks every time.
        renewal = process.restarted()
        for grant in grants[begin : begin + MOST_AT_ONCE]:
            generation = await process.generation(grant)
            calls.append(_timed(renewal.ensure(grant.user_id, grant.connection_id, generation)))
    return await asyncio.gather(*calls)


async def _timed(call: Coroutine[None, None, None]) -> tuple[str, float]:
    clock = asyncio.get_running_loop()
    begun = clock.time()
    try:
        await call
    except UpstreamUnavailable:
        outcome = "put off"
    else:
        outcome = "renewed"
    return outcome, clock.time() - begun


async def _nobody_ended(process: Process, grants: Sequence[Grant], fault: Fault) -> None:
    ids = ", ".join(f"'{grant.connection_id}'" for grant in grants)
    live = f"c.id IN ({ids}) AND c.status = 'connected' AND k.renew_after IS NOT NULL"
    assert await process.count(live) == len(grants), f"{fault.value}: somebody's grant was ended"
