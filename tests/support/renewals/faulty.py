"""Twelve ways to spoil an answer: no call outlives the deadline, nobody's grant is ended or swapped."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from tests.support.renewals.endpoint import TokenEndpoint
from tests.support.renewals.faults import Fault, FaultProxy
from tests.support.renewals.grants import Grant, Process, Store, a_process, all_due
from xerus.connections.gate import MOST_AT_ONCE
from xerus.connections.provider import TOKEN_DEADLINE
from xerus.connections.refresh import Renewal
from xerus.errors import UpstreamUnavailable

MOST_SECONDS = 21.0
_GRACE = 600.0  # Atlassian's
_RENEWALS_AT_ONCE = 8
_CROWD = 5 * MOST_AT_ONCE


@dataclass(frozen=True)
class _Call:
    outcome: str
    seconds: float
    cause: str = ""


async def all_faults(
    store: Store,
    faults: Sequence[Fault],
    each: int,
    at_once: int,
    told: Callable[[str], None],
    *,
    deadline: float = TOKEN_DEADLINE,
) -> str:
    """Renew `each` grants through each fault, `at_once` faults at a time; then all without one."""
    slowest, said = 0.0, list[str]()
    async with TokenEndpoint(grace=_GRACE) as endpoint:
        for begin in range(0, len(faults), at_once):
            async with AsyncExitStack() as stack:
                runs = []
                for fault in faults[begin : begin + at_once]:
                    proxy = await stack.enter_async_context(FaultProxy(endpoint.base))
                    where = store.where(proxy.base)
                    process = await stack.enter_async_context(a_process(where))
                    runs.append(
                        _OneFault(proxy, process, fault, deadline, told).run(endpoint, each)
                    )
                for line, seconds in await asyncio.gather(*runs):
                    said.append(line)
                    slowest = max(slowest, seconds)
    return f"{len(said)} faults x {each} renewals, slowest {slowest:.1f} s, nobody ended"


@dataclass(frozen=True)
class _OneFault:
    proxy: FaultProxy
    process: Process
    fault: Fault
    deadline: float
    told: Callable[[str], None]

    async def run(self, endpoint: TokenEndpoint, each: int) -> tuple[str, float]:
        """Return what came of it, and how long the slowest call took."""
        grants = await self.process.add(endpoint, each)
        crowd = grants[:_CROWD]
        self.proxy.fault = self.fault
        calls = await self._renewed(grants, self.deadline)
        assert self.proxy.requests >= each, f"only {self.proxy.requests} requests: {self.fault}"
        # Callers who queue for a turn wait no longer than those who have one.
        await all_due(self.process, crowd)
        calls += await self._asked(crowd, self.deadline)
        slowest = max(call.seconds for call in calls)
        assert slowest <= MOST_SECONDS, f"a call took {slowest:.1f} s: {self.fault}"
        await self._nobody_ended(grants)
        self.proxy.fault = Fault.NONE
        healed = await self._renewed(grants, TOKEN_DEADLINE)
        after = Counter(f"{call.outcome} {call.cause}".strip() for call in healed)
        assert after == {"renewed": each}, f"afterwards {dict(after)}: {self.fault}"
        for grant in grants:
            kept, given = await self.process.refresh_token(grant), endpoint.newest(grant.number)
            assert kept == given, f"{kept} is kept where {given} was given out: {self.fault}"
        counts = Counter(call.outcome for call in calls)
        line = f"{self.fault.value}: {dict(counts)}, slowest {slowest:.1f} s"
        self.told(line)
        return line, slowest

    async def _renewed(self, grants: Sequence[Grant], deadline: float) -> list[_Call]:
        """Let all be over and renew them, eight by each of eight processes at a time."""
        await all_due(self.process, grants)
        room = asyncio.Semaphore(_RENEWALS_AT_ONCE)
        done: list[_Call] = []

        async def eight(some: Sequence[Grant]) -> None:
            async with room:
                # The gate shuts after a few failures; one of its own for each eight asks each time.
                done.extend(await self._asked(some, deadline))
                self.told(f"{self.fault.value}: {len(done)} of {len(grants)} calls have ended")

        starts = range(0, len(grants), MOST_AT_ONCE)
        await asyncio.gather(*(eight(grants[start : start + MOST_AT_ONCE]) for start in starts))
        return done

    async def _asked(self, grants: Sequence[Grant], deadline: float) -> list[_Call]:
        """Renew them all at once, as a process does that has just started."""
        renewal = self.process.restarted(deadline=deadline)
        generations = [await self.process.generation(grant) for grant in grants]
        pairs = zip(grants, generations, strict=True)
        calls = await asyncio.gather(*(_timed(renewal, *pair) for pair in pairs))
        # What goes on without its callers: who had to queue is asked for after they have gone.
        await renewal.close(seconds=3 * TOKEN_DEADLINE)
        return calls

    async def _nobody_ended(self, grants: Sequence[Grant]) -> None:
        ids = ", ".join(f"'{grant.connection_id}'" for grant in grants)
        live = f"c.id IN ({ids}) AND c.status = 'connected' AND k.renew_after IS NOT NULL"
        assert await self.process.count(live) == len(grants), f"a grant was ended: {self.fault}"


async def _timed(renewal: Renewal, grant: Grant, generation: int) -> _Call:
    clock = asyncio.get_running_loop()
    begun = clock.time()
    try:
        await renewal.ensure(grant.user_id, grant.connection_id, generation)
    except UpstreamUnavailable as error:
        cause = f"({error.code}: {error.message} {error.debug})"
        return _Call("put off", clock.time() - begun, cause)
    return _Call("renewed", clock.time() - begun)
