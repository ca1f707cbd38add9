"""Kill -9 at random moments costs nobody their connection, their client or the audit log."""

import asyncio
import random
from time import monotonic

from bench.progress import say
from bench.soak.aftermath import sound_audit, still_authorized
from bench.soak.pressure import Pressure, all_answered
from bench.world import World, world
from tests.support.journeys import ADA, ALAN, GRACE

_KILLS = 40
_LONGEST_LIFE_SECONDS = 3.0
_MOST_SECONDS = 420.0
_TOKEN_AGE_SECONDS = 300.0
# A killed process leaves its lease (30 s) behind; after it the same refresh token works again.
_RECOVERY_SECONDS = 60.0


async def run(kills: int = _KILLS) -> str:
    """Kill Xerus under load while credentials are being renewed all the time."""
    async with world() as here:
        # Slow enough answers and short enough lives that kills meet renewals under way.
        await here.sandbox.atlassian.configure(access_token_seconds=2)
        people = [await here.person(account) for account in (ADA, GRACE, ALAN)]
        await here.sandbox.atlassian.configure(latency_ms=100)
        refreshed = monotonic()
        async with Pressure(people, callers=4) as pressure:
            begun, done = monotonic(), 0
            while done < kills and monotonic() - begun < _MOST_SECONDS:
                await asyncio.sleep(random.uniform(0.05, _LONGEST_LIFE_SECONDS))  # noqa: S311 - a moment, no secret
                await _crash(here)
                done += 1
                if monotonic() - refreshed > _TOKEN_AGE_SECONDS:
                    await asyncio.gather(*(person.refresh() for person in people))
                    refreshed = monotonic()
                if done % 5 == 0:
                    say(f"  {done} of {kills} kills, {pressure.sofar}")
        pressure.judge()
        await here.sandbox.atlassian.configure(latency_ms=0)
        recovery = await all_answered(people, within=_RECOVERY_SECONDS)
        await still_authorized(people)
        events = await sound_audit(here)
        return f"{done} kills, {pressure.sofar}, all well after {recovery:.1f} s; {events}"


async def _crash(here: World) -> None:
    await asyncio.to_thread(here.xerus.kill)
    await asyncio.to_thread(here.xerus.start)
