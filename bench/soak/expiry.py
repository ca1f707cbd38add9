"""One request to the token endpoint per expiry, whoever and however many notice it."""

import asyncio
from collections.abc import Sequence

import aiohttp

from bench.driver import CallFailed, Driver
from bench.progress import say
from bench.soak.pressure import StageFailed
from bench.world import World, world
from tests.support.journeys import ADA

_ROUNDS = 50
_CALLERS = 25
_LIFE_SECONDS = 4
_ISSUES = 100
# Atlassian's refusal of a token that looks valid; Xerus lets five a minute lead to a renewal.
_REFUSED_EVERY = 12


async def run() -> str:
    """Let a grant expire again and again under parallel callers of two processes; grace 0."""
    async with world("serve", "--roles", "web,oauth,mcp") as here:
        await here.sandbox.atlassian.configure(
            refresh_grace_seconds=0, access_token_seconds=_LIFE_SECONDS
        )
        other = await here.another()
        somebody = await here.person(ADA)
        at_other = f"http://127.0.0.1:{other.port}/mcp"
        async with somebody.driver() as one, somebody.driver(endpoint=at_other) as two:
            failures = await _rounds(here, (one, two))
        if failures:
            raise StageFailed(f"{len(failures)} calls failed, first: {failures[0]!r}")
        return f"{_ROUNDS} expiries, {_CALLERS} callers each, {_ROUNDS} token requests, 0 failures"


async def _rounds(here: World, clients: tuple[Driver, Driver]) -> list[BaseException]:
    failures: list[BaseException] = []
    await burst(clients, _CALLERS)
    for number in range(1, _ROUNDS + 1):
        if number % _REFUSED_EVERY:
            await asyncio.sleep(_LIFE_SECONDS)
        else:
            await here.sandbox.atlassian.advance(_LIFE_SECONDS + 1)
        mark = await here.sandbox.atlassian.mark()
        failures += await burst(clients, _CALLERS)
        log = await here.sandbox.atlassian.log(mark)
        asked = sum(entry["path"] == "/oauth/token" for entry in log)
        if asked != 1:
            raise StageFailed(f"expiry {number} caused {asked} token requests, not 1")
        if number % 10 == 0:
            say(f"  {number} of {_ROUNDS} expiries, {len(failures)} failures")
    return failures


async def burst(clients: Sequence[Driver], callers: int) -> list[BaseException]:
    """Read issues, so many at once, by turns at each of `clients`; return what failed."""
    calls = [
        clients[number % len(clients)].call(
            "jira_get_issue", {"issue_key": f"ENG-{number % _ISSUES + 1}"}
        )
        for number in range(callers)
    ]
    results = await asyncio.gather(*calls, return_exceptions=True)
    failures = [result for result in results if isinstance(result, BaseException)]
    for failure in failures:
        if not isinstance(failure, CallFailed | aiohttp.ClientError | TimeoutError):
            raise failure
    return failures
