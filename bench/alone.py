"""Tables of Xerus by itself: starts, both protocol revisions, the callback, memory."""

from collections.abc import Awaitable, Callable
from statistics import median
from time import perf_counter

from bench.consent import callback_seconds
from bench.driver import HANDSHAKE, MODERN, Revision, load
from bench.figures import percentile, table
from bench.measure import Start, started, under_load
from bench.procfs import usage
from bench.progress import say
from bench.questions import ISSUE
from bench.subjects.subject import Subject
from bench.upstream.control import Upstream
from bench.world import Person, World

_CALLERS = (1, 16, 64)
_LATER_STARTS = 3
_WARM_UP_SECONDS = 1.0
_LOAD_HEAD = ("what", "callers", "req/s", "p50 ms", "p95 ms", "p99 ms")
_CPU_HEAD = ("CPU ms/call", "of it PostgreSQL", "errors")
_STARTS_HEAD = ("start", "ready s", "first tools/list s", "CPU s", "RSS MiB", "PostgreSQL MiB")


def first_start(here: World) -> list[object]:
    """Start Xerus on an empty folder, which makes the database; return a row of `starts`."""
    say("first start")
    begun = perf_counter()
    here.start()
    seconds = perf_counter() - begun
    own, database = usage(here.pid), usage(here.database_pid)
    name = "first (makes the database)"
    return [name, seconds, "", own.cpu_seconds, own.rss_mib, database.rss_mib]


async def starts(xerus: Subject, first: list[object]) -> str:
    """Start again on what is there."""
    measured: list[Start] = []
    for number in range(_LATER_STARTS):
        say(f"start {number + 1} of {_LATER_STARTS}")
        xerus.stop()
        measured.append(await started(xerus))
    later = [
        f"later (median of {_LATER_STARTS})",
        "",
        median(start.seconds for start in measured),
        median(start.cpu_seconds for start in measured),
        median(start.rss_mib for start in measured),
        median(start.database_rss_mib for start in measured),
    ]
    return table("Starts of Xerus", _STARTS_HEAD, [first, later])


async def revisions(xerus: Subject, somebody: Person, upstream: Upstream, seconds: float) -> str:
    """Call in either revision of the protocol, as one, some and many callers of one person."""
    rows: list[list[object]] = []
    for revision in (MODERN, HANDSHAKE):
        rows += await _revision(xerus, somebody, revision, upstream, seconds)
    head = (*_LOAD_HEAD, *_CPU_HEAD)
    return table("Xerus in both revisions of the protocol, one person", head, rows)


async def _revision(
    xerus: Subject, somebody: Person, revision: Revision, upstream: Upstream, seconds: float
) -> list[list[object]]:
    rows = []
    async with somebody.driver(revision=revision) as client:
        await client.initialize()

        async def issue() -> None:
            await client.call(ISSUE.tool, ISSUE.arguments)

        for name, once in ((ISSUE.tool, issue), ("tools/list", client.tools)):
            await load([once] * _CALLERS[-1], seconds=_WARM_UP_SECONDS)
            rows += [
                await _level(xerus, f"{name}, {revision}", [once] * callers, upstream, seconds)
                for callers in _CALLERS
            ]
    return rows


async def _level(
    xerus: Subject,
    name: str,
    calls: list[Callable[[], Awaitable[object]]],
    upstream: Upstream,
    seconds: float,
) -> list[object]:
    say(f"{name}: {len(calls)} callers, {seconds:g} s")
    one = await under_load(xerus, calls, upstream=upstream, seconds=seconds)
    return [
        *(name, len(calls), one.per_second, one.p50_ms, one.p95_ms, one.p99_ms),
        *(one.cpu_ms, one.database_cpu_ms, one.errors),
    ]


async def callback(here: World, runs: int) -> str:
    """Connect Atlassian again and again."""
    say(f"connecting {runs} times")
    taken = await callback_seconds(here, runs)
    cells = [f"{runs} runs", *(percentile(taken, share) * 1000 for share in (0.5, 0.95))]
    title = 'From the callback to "Authentication Successful"'
    return table(title, ("", "p50 ms", "p95 ms"), [cells])
