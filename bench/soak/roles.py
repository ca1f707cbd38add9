"""Services split by role, two of each, behind PgBouncer: one renewal per expiry, no loss, no lag."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from time import monotonic
from typing import Any

from bench.fleet import Fleet, fleet
from bench.progress import say
from bench.soak.aftermath import sound_audit, still_authorized
from bench.soak.disconnect import ended_elsewhere
from bench.soak.expiry import burst
from bench.soak.pressure import Pressure, StageFailed, all_answered
from tests.support.database import embedded, rows
from tests.support.journeys import ADA, ALAN, GRACE

_HOUR = 3_600
# A refused token leads to twenty renewals a minute at most.
_ROUND_SECONDS = 3.2
_LONGEST_PAUSE = 2.0
_RECOVERY_SECONDS = 45.0
_RENEWED_SECONDS = 60.0
_TOKEN_AGE_SECONDS = 240.0
_TOKENS = "/oauth/token"
_GENERATIONS = "SELECT connection_id::text AS id, generation FROM credentials"
# Who was connected before may have a token for longer than this lasts.
_ALL_DUE = "UPDATE credentials SET renew_after = now() WHERE renew_after IS NOT NULL"
_LOST = "SELECT count(*) AS n FROM connections WHERE status <> 'connected'"


async def expiries(here: Fleet, rounds: int, callers: int) -> str:
    """Let one grant expire at the provider under `callers` at both MCP processes; grace 0."""
    atlassian = here.sandbox.atlassian
    await atlassian.configure(refresh_grace_seconds=0, access_token_seconds=_HOUR)
    somebody = await here.person(ADA)
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(somebody.driver(endpoint=endpoint))
            for endpoint in here.endpoints
        ]
        await burst(clients, callers)
        for number in range(1, rounds + 1):
            pause = asyncio.create_task(asyncio.sleep(_ROUND_SECONDS))
            await atlassian.advance(_HOUR + 1)
            mark = await atlassian.mark()
            if failures := await burst(clients, callers):
                raise StageFailed(f"expiry {number}: {len(failures)} failed, {failures[0]!r}")
            asked = [entry for entry in await atlassian.log(mark) if entry["path"] == _TOKENS]
            if len(asked) != 1:
                raise StageFailed(f"expiry {number} caused {len(asked)} token requests, not 1")
            if number < rounds:
                await pause
            if number % 10 == 0:
                say(f"  {number} of {rounds} expiries")
    return (
        f"{rounds} expiries under {callers} callers at {len(clients)} MCP processes, 8 processes in"
        f" all: {rounds} token requests, 0 failures"
    )


async def restarts(here: Fleet, times: int, grants: int, life: int) -> str:
    """Restart the database in immediate mode while both workers renew and three people work.

    Access tokens live for `life` seconds, and a refresh token that was spent is never forgiven.
    """
    atlassian = here.sandbox.atlassian
    await atlassian.configure(refresh_grace_seconds=0, access_token_seconds=life)
    people = [await here.person(account) for account in (ADA, GRACE, ALAN)]
    await here.add_grants(grants - len(people), GRACE)
    await _read(here, _ALL_DUE)
    mark, slowest, refreshed = await atlassian.mark(), 0.0, monotonic()
    async with Pressure(people, callers=2, endpoints=here.endpoints) as pressure:
        for number in range(1, times + 1):
            await asyncio.sleep(random.uniform(0.3, _LONGEST_PAUSE))  # noqa: S311 - a moment, no secret
            os.kill(here.database_pid, signal.SIGQUIT)  # PostgreSQL: immediate shutdown
            await here.postgres.start()
            for endpoint in here.endpoints:
                taken = await all_answered(people, within=_RECOVERY_SECONDS, endpoint=endpoint)
                slowest = max(slowest, taken)
            if monotonic() - refreshed > _TOKEN_AGE_SECONDS:
                await asyncio.gather(*(person.refresh() for person in people))
                refreshed = monotonic()
            if number % 5 == 0:
                say(f"  {number} of {times} restarts, {pressure.sofar}, slowest {slowest:.1f} s")
        await _all_renewed(here, grants)
    pressure.judge()
    asked = [entry for entry in await atlassian.log(mark) if entry["path"] == _TOKENS]
    if refused := [entry for entry in asked if entry["status"] != 200]:  # noqa: PLR2004 - HTTP
        raise StageFailed(f"{len(refused)} refresh tokens were spent twice: {refused[0]}")
    await atlassian.configure(access_token_seconds=_HOUR)
    await still_authorized(people)
    events = await sound_audit(here)
    return (
        f"{times} restarts, {grants} grants, {len(asked)} renewals, {pressure.sofar}, all well within"
        f" {slowest:.1f} s: 0 lost, 0 stale rows; {events}"
    )


async def _all_renewed(here: Fleet, grants: int) -> None:
    """Wait until every grant was renewed once more: a lost or stale pair could not be."""
    before = await _generations(here)
    if len(before) != grants:
        raise StageFailed(f"{len(before)} rows of tokens, not {grants}")
    give_up_at = monotonic() + _RENEWED_SECONDS
    while any(after <= before[name] for name, after in (await _generations(here)).items()):
        if monotonic() > give_up_at:
            raise StageFailed("a grant is not renewed any more")
        await asyncio.sleep(0.2)
    if lost := (await _read(here, _LOST))[0]["n"]:
        raise StageFailed(f"{lost} grants are lost")


async def _generations(here: Fleet) -> dict[str, int]:
    return {row["id"]: row["generation"] for row in await _read(here, _GENERATIONS)}


async def _read(here: Fleet, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await asyncio.to_thread(
        rows, embedded(here.data).administrator, query
    )
    return found


async def disconnects(here: Fleet, tries: int) -> str:
    """Disconnect on the pages of either web process under calls at each MCP process."""
    await here.sandbox.atlassian.configure(refresh_grace_seconds=600, access_token_seconds=_HOUR)
    somebody = await here.person(ADA)
    said = [
        await ended_elsewhere(here, somebody, endpoint=endpoint, tries=tries)
        for endpoint in here.endpoints
    ]
    return "; ".join(said)


def _stage(run: Callable[..., Awaitable[str]], *numbers: int) -> Callable[[], Awaitable[str]]:
    async def stage() -> str:
        async with fleet() as here:
            return await run(here, *numbers)

    # The first line of this module says what all of them are.
    stage.__module__ = __name__
    return stage


STAGES: dict[str, Callable[[], Awaitable[str]]] = {
    "roles-expiries": _stage(expiries, 50, 200),
    "roles-restarts": _stage(restarts, 50, 40, 8),
    "roles-disconnects": _stage(disconnects, 10),
}
