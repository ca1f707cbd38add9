"""Disconnecting in one process ends what runs in another within a second, and leaves nothing to open."""

import asyncio
from contextlib import suppress
from time import monotonic

from bench.driver import CallFailed, Driver
from bench.progress import say
from bench.soak.pressure import StageFailed
from bench.world import Person, World, world
from tests.stores.connecting import until
from tests.support.browser import Browser
from tests.support.database import embedded, rows
from tests.support.journeys import ADA, connect_atlassian, sign_in

_TRIES = 20
_BOUND_SECONDS = 1.0
_HELD_MS = 15_000
_CALLS = 5
_STARTED = "SELECT count(*) AS n FROM audit_events WHERE event = 'tool:call:started'"
_TOKENS = (
    "SELECT count(*) AS n FROM credentials k JOIN connections c"
    " ON c.user_id = k.user_id AND c.id = k.connection_id WHERE c.account_email = %s"
)


async def run(tries: int = _TRIES) -> str:
    """Disconnect in the process of the pages while the other one waits for Atlassian."""
    async with world() as here:
        other = await here.another()
        somebody = await here.person(ADA)
        endpoint = f"http://127.0.0.1:{other.port}/mcp"
        return await ended_elsewhere(here, somebody, endpoint=endpoint, tries=tries)


async def ended_elsewhere(here: World, somebody: Person, *, endpoint: str, tries: int) -> str:
    """Disconnect on the pages of `somebody.url`, again and again, under calls held at `endpoint`.

    Raises:
        StageFailed: a call outlived the disconnect by a second, or something could be used after it.
    """
    dsn = embedded(here.data).administrator
    slowest = 0.0
    async with Browser() as browser, somebody.driver(endpoint=endpoint) as client:
        await sign_in(browser, somebody.url, somebody.account)
        for number in range(1, tries + 1):
            slowest = max(slowest, await _once(here, browser, client, somebody, dsn))
            if number % 5 == 0:
                say(f"  {number} of {tries} disconnects, slowest {slowest * 1000:.0f} ms")
    return (
        f"{tries} disconnects under {_CALLS} held calls, all ended within {slowest * 1000:.0f} ms"
    )


async def _once(here: World, browser: Browser, client: Driver, somebody: Person, dsn: str) -> float:
    await connect_atlassian(browser, somebody.url, somebody.account)
    await client.call("jira_get_issue", {"issue_key": "ENG-1"})  # from now on from memory
    await browser.open(f"{somebody.url}/connections/atlassian/disconnect")
    known = await _count(dsn, _STARTED)
    await here.sandbox.atlassian.configure(latency_ms=_HELD_MS)
    calls = [
        asyncio.create_task(client.call("jira_get_issue", {"issue_key": f"ENG-{n}"}))
        for n in range(1, _CALLS + 1)
    ]
    try:
        await until(lambda: _reached(dsn, known + _CALLS))
        begun = monotonic()
        await asyncio.gather(browser.click("Disconnect"), *map(_ended, calls))
        seconds = monotonic() - begun
    finally:
        for call in calls:
            call.cancel()
        await here.sandbox.atlassian.configure(latency_ms=0)
    if seconds > _BOUND_SECONDS:
        raise StageFailed(f"the calls ended {seconds:.2f} s after the disconnect")
    await _nothing_left(here, client, somebody, dsn)
    return seconds


async def _ended(call: asyncio.Task[str]) -> None:
    try:
        raise StageFailed(f"a call was answered: {(await call)[:200]}")
    except CallFailed as error:
        if "was disconnected while this was running" not in error.text:
            raise StageFailed(f"a call ended otherwise: {error.text}") from error


async def _nothing_left(here: World, client: Driver, somebody: Person, dsn: str) -> None:
    mark = await here.sandbox.atlassian.mark()
    with suppress(CallFailed):
        raise StageFailed(await client.call("jira_get_issue", {"issue_key": "OPS-1"}))
    sent = [entry["path"] for entry in await here.sandbox.atlassian.log(mark)]
    if any("OPS-1" in path for path in sent):
        raise StageFailed("a call went to Atlassian after the disconnect")
    if left := await _count(dsn, _TOKENS, somebody.account):
        raise StageFailed(f"{left} rows of tokens are left")


async def _count(dsn: str, query: str, *values: str) -> int:
    return int((await asyncio.to_thread(rows, dsn, query, *values))[0]["n"])


async def _reached(dsn: str, number: int) -> bool:
    return await _count(dsn, _STARTED) >= number
