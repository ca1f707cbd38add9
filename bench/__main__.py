"""`make bench`: speed and size of Xerus on this machine, as Markdown tables on standard output."""

import argparse
import asyncio
import os
import platform
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import aiohttp
import uvloop

from bench.consent import callback_seconds
from bench.driver import HANDSHAKE, MODERN, Load, Revision, load
from bench.figures import percentile, table
from bench.procfs import on_core, usage
from bench.world import OTHER_CORE, SUBJECT_CORE, Person, World, say, world
from tests.support.journeys import ADA

_CONCURRENCY = (1, 16, 64)
_ISSUE = {"issue_key": "ENG-1"}
_WARM_UP_SECONDS = 1.0
_COLD_STARTS = 3
_LOAD_HEAD = ("what", "callers", "req/s", "p50 ms", "p95 ms", "p99 ms")
_CPU_HEAD = ("Xerus CPU ms/call", "PostgreSQL CPU ms/call", "errors")


@dataclass(frozen=True, kw_only=True)
class _Options:
    seconds: float
    runs: int


async def _cold_starts(here: World) -> str:
    """Start from nothing, then again on what is there; the first person comes in between."""
    first = ("first start (makes the database)", _start(here), usage(here.pid).cpu_seconds, "")
    somebody = await here.person(ADA)
    measured = [await _later_start(here, somebody, number) for number in range(_COLD_STARTS)]
    name = f"later starts (median of {_COLD_STARTS})"
    later = (name, *(median(column) for column in zip(*measured, strict=True)))
    head = ("start", "ready s", "Xerus CPU s", "first tools/list s")
    return table("Cold start", head, [first, later])


async def _later_start(here: World, somebody: Person, number: int) -> tuple[float, float, float]:
    say(f"cold start {number + 1} of {_COLD_STARTS}")
    await asyncio.to_thread(here.xerus.stop)
    begun = perf_counter()
    ready = _start(here)
    cpu = usage(here.pid).cpu_seconds
    async with somebody.driver() as client:
        await client.tools()
    return ready, cpu, perf_counter() - begun


def _start(here: World) -> float:
    begun = perf_counter()
    with on_core(SUBJECT_CORE):
        here.xerus.start()
    return perf_counter() - begun


async def _speed(here: World, somebody: Person, options: _Options) -> str:
    rows = await _upstream_alone(here, options)
    for revision in (MODERN, HANDSHAKE):
        rows += await _revision(here, somebody, revision, options)
    return table("Calls, upstream without delay", (*_LOAD_HEAD, *_CPU_HEAD), rows)


async def _revision(
    here: World, somebody: Person, revision: Revision, options: _Options
) -> list[list[object]]:
    rows = []
    async with somebody.driver(revision=revision) as client:
        await client.initialize()

        async def issue() -> None:
            await client.call("jira_get_issue", _ISSUE)

        for name, once in (("tools/call jira_get_issue", issue), ("tools/list", client.tools)):
            await load(once, callers=_CONCURRENCY[-1], seconds=_WARM_UP_SECONDS)
            rows += [
                await _level(here, f"{name}, {revision}", once, callers, options)
                for callers in _CONCURRENCY
            ]
    return rows


async def _level(
    here: World,
    name: str,
    once: Callable[[], Awaitable[object]],
    callers: int,
    options: _Options,
) -> list[object]:
    say(f"{name}: {callers} callers, {options.seconds:g} s")
    before, database_before = usage(here.pid), usage(here.database_pid)
    done = await load(once, callers=callers, seconds=options.seconds)
    calls = len(done.latencies) + len(done.errors)
    spent = usage(here.pid).cpu_seconds - before.cpu_seconds
    database = usage(here.database_pid).cpu_seconds - database_before.cpu_seconds
    if done.errors:
        say(f"first error: {done.errors[0]!r}")
    return [
        *_load_cells(name, callers, done),
        spent / calls * 1000,
        database / calls * 1000,
        len(done.errors),
    ]


def _load_cells(name: str, callers: int, done: Load) -> list[object]:
    shares = (percentile(done.latencies or [0.0], share) * 1000 for share in (0.5, 0.95, 0.99))
    return [name, callers, done.per_second, *shares]


async def _upstream_alone(here: World, options: _Options) -> list[list[object]]:
    """The sandbox without Xerus before it: what of the time is not ours."""
    fixed = await here.sandbox.credentials()
    basic = b64encode(f"{ADA}:{fixed['api_tokens'][ADA]}".encode()).decode()
    address = f"{fixed['sites']['acme']['url']}/rest/api/3/issue/ENG-1"
    rows: list[list[object]] = []
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), headers={"Authorization": f"Basic {basic}"}
    ) as http:

        async def once() -> None:
            async with http.get(address) as reply:
                reply.raise_for_status()
                await reply.read()

        for callers in _CONCURRENCY:
            say(f"the sandbox alone: {callers} callers, {options.seconds:g} s")
            done = await load(once, callers=callers, seconds=options.seconds)
            cells = _load_cells("GET issue, the sandbox alone", callers, done)
            rows.append([*cells, "", "", len(done.errors)])
    return rows


async def _with_delay(here: World, somebody: Person, options: _Options) -> str:
    await here.sandbox.atlassian.configure(latency_ms=50)
    async with somebody.driver() as client:

        async def issue() -> None:
            await client.call("jira_get_issue", _ISSUE)

        rows = [
            await _level(here, "tools/call jira_get_issue", issue, callers, options)
            for callers in (_CONCURRENCY[0], _CONCURRENCY[-1])
        ]
    await here.sandbox.atlassian.configure(latency_ms=0)
    return table("Calls, upstream answers after 50 ms", (*_LOAD_HEAD, *_CPU_HEAD), rows)


async def _callback(here: World, options: _Options) -> str:
    say(f"connecting {options.runs} times")
    taken = await callback_seconds(here, options.runs)
    cells = [f"{options.runs} runs", *(percentile(taken, share) * 1000 for share in (0.5, 0.95))]
    title = 'From the callback to "Authentication Successful"'
    return table(title, ("", "p50 ms", "p95 ms"), [cells])


def _memory(at_start: tuple[float, float], here: World) -> str:
    rows = [
        ("after the start", *at_start),
        ("after the load", *_resident(here)),
    ]
    return table("Memory", ("", "Xerus MiB", "PostgreSQL MiB (shared pages in each)"), rows)


def _resident(here: World) -> tuple[float, float]:
    return usage(here.pid).rss_mib, usage(here.database_pid).rss_mib


async def _bench(options: _Options) -> None:
    machine = f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores"
    print(f"{machine}, load average before {os.getloadavg()[0]:.1f}.")
    print("Xerus and PostgreSQL on one core, sandbox and driver on another, where there are two.\n")
    async with world(start=False) as here:
        print(await _cold_starts(here))
        at_start = _resident(here)
        somebody = await here.person(ADA)
        for part in (_speed, _with_delay):
            print(await part(here, somebody, options), flush=True)
        print(await _callback(here, options))
        print(_memory(at_start, here))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each load level")
    parser.add_argument("--runs", type=int, default=20, help="connections to Atlassian")
    given = parser.parse_args()
    with on_core(OTHER_CORE):
        uvloop.run(_bench(_Options(seconds=given.seconds, runs=given.runs)))


if __name__ == "__main__":
    main()
