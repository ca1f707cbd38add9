"""Immediate restarts of PostgreSQL under load cost nobody their connection."""

import asyncio
import os
import random
import signal
from time import monotonic

from bench.progress import say
from bench.soak.aftermath import sound_audit, still_authorized
from bench.soak.pressure import Pressure, all_answered
from bench.world import World, world
from tests.support.journeys import ADA, ALAN, GRACE
from xerus.db.embedded import EmbeddedPostgres

_RESTARTS = 20
_LONGEST_LIFE_SECONDS = 4.0
_MOST_SECONDS = 420.0
_RECOVERY_SECONDS = 45.0


async def run(restarts: int = _RESTARTS) -> str:
    """Restart the database in immediate mode while two processes renew credentials; grace 0."""
    async with world() as here:
        postgres = EmbeddedPostgres(here.data)
        await postgres.start()
        try:
            return await _stage(here, postgres, restarts)
        finally:
            await postgres.stop()


async def _stage(here: World, postgres: EmbeddedPostgres, restarts: int) -> str:
    await here.sandbox.atlassian.configure(refresh_grace_seconds=0, access_token_seconds=3)
    people = [await here.person(account) for account in (ADA, GRACE, ALAN)]
    other = await here.another()
    ends = ("", f"http://127.0.0.1:{other.port}/mcp")
    slowest, begun, done = 0.0, monotonic(), 0
    async with Pressure(people, callers=2, endpoints=ends) as pressure:
        while done < restarts and monotonic() - begun < _MOST_SECONDS:
            await asyncio.sleep(random.uniform(0.5, _LONGEST_LIFE_SECONDS))  # noqa: S311 - a moment, no secret
            os.kill(here.database_pid, signal.SIGQUIT)  # PostgreSQL: immediate shutdown
            await postgres.start()
            for endpoint in ends:
                taken = await all_answered(people, within=_RECOVERY_SECONDS, endpoint=endpoint)
                slowest = max(slowest, taken)
            done += 1
            if done % 5 == 0:
                say(f"  {done} of {restarts} restarts, {pressure.sofar}, slowest {slowest:.1f} s")
    pressure.judge()
    await still_authorized(people)
    events = await sound_audit(here)
    return f"{done} restarts, {pressure.sofar}, all well within {slowest:.1f} s; {events}"
