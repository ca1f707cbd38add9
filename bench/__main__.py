"""`make bench`: Xerus beside others on this machine, as Markdown tables on standard output.

Everything that is compared runs in one process after another on one core, in interleaved rounds;
the callers, a fake Atlassian and the browser run on another. Progress goes to standard error.
"""

import argparse
import sys
from dataclasses import dataclass
from time import perf_counter

import aiohttp
import uvloop

from bench import alone, audit_cost, machine, pages, tables
from bench.compare import Comparison, Plan
from bench.driver import load
from bench.placement import OTHER_CORE, on_core
from bench.progress import say
from bench.questions import QUESTIONS
from bench.subjects.lineup import KEYS, OURS, lineup
from bench.subjects.subject import Subject
from bench.upstream.control import Upstream
from bench.world import Person, World, world
from tests.support.journeys import ADA, ALAN, GRACE

_TABLES = ("starts", "revisions", "callback", "pages", "compare", "delay", "audit")
_DELAYED = (OURS, "mcp-atlassian", "sdk-low-level", "rpc")
_DELAY_SECONDS = 0.05
_DELAY_CALLERS = (1, 64)
_INTERRUPTED = 130


@dataclass(frozen=True, kw_only=True)
class _Options:
    tables: tuple[str, ...]
    only: tuple[str, ...]
    rounds: int
    seconds: float
    callers: int
    runs: int


async def _bench(options: _Options) -> int:
    """Print the tables; return how much could not be measured or is over a bound."""
    begun = perf_counter()
    print(f"{machine.described()}.\n", flush=True)
    if "audit" in options.tables:
        print(await audit_cost.cost(options.rounds), flush=True)
    if set(options.tables) <= {"audit"}:
        return 0
    async with world(start=False) as here:
        upstream = Upstream(here.folder, here.sandbox.atlassian.base)
        here.xerus.env["ATLASSIAN_API_URL"] = upstream.url
        try:
            print(await _upstream_alone(upstream, options.seconds), flush=True)
            missing = await _tables(here, upstream, options)
        finally:
            upstream.stop()
    for line in missing:
        print(f"Not measured, or over a bound: {line}\n")
    print(f"The whole run took {perf_counter() - begun:.0f} s.")
    return len(missing)


async def _upstream_alone(upstream: Upstream, seconds: float) -> str:
    """Say how fast the fake is, so that nobody has to trust that it is no bottleneck."""
    headers = {"Authorization": "Bearer somebody"}
    sizes = []
    async with aiohttp.ClientSession(upstream.url, headers=headers) as http:
        for question in QUESTIONS:
            async with http.get(question.path) as reply:
                sizes.append(f"{len(await reply.read()) / 1000:.1f} kB")

        async def once() -> None:
            async with http.get(QUESTIONS[0].path) as reply:
                await reply.read()

        done = await load([once] * 16, seconds=seconds)
    return (
        f"Upstream alone answers {done.per_second:,.0f} issues a second, the driver's own work on "
        f"the same core included. Its answers: {', '.join(sizes)} (issue, search, page).\n"
    )


async def _tables(here: World, upstream: Upstream, options: _Options) -> list[str]:
    first = alone.first_start(here)
    people = [await here.person(account) for account in (ADA, GRACE, ALAN)]
    compared = options.only if {"compare", "delay"} & set(options.tables) else ()
    subjects, missing = lineup((OURS, *compared), here=here, people=people, upstream=upstream.url)
    await _alone(here, subjects[0], people[0], first, upstream, options)
    if "pages" in options.tables:
        missing += await _pages(here, options.runs)
    here.xerus.stop()
    chosen = [subject for subject in subjects if subject.key in compared]
    if "compare" in options.tables:
        missing += await _compare(chosen, upstream, options)
    if "delay" in options.tables:
        missing += await _delay(chosen, upstream, options)
    return missing


async def _alone(
    here: World,
    xerus: Subject,
    somebody: Person,
    first: list[object],
    upstream: Upstream,
    options: _Options,
) -> None:
    if "starts" in options.tables:
        print(await alone.starts(xerus, first), flush=True)
    if "revisions" in options.tables:
        print(await alone.revisions(xerus, somebody, upstream, options.seconds), flush=True)
    if "callback" in options.tables:
        print(await alone.callback(here, options.runs), flush=True)


async def _pages(here: World, runs: int) -> list[str]:
    """Print what a browser sees; return what is over its bound."""
    faults = []
    for shown, found in (await pages.visible(here, runs), await pages.scores(here)):
        print(shown, flush=True)
        faults += found
    return faults


async def _compare(subjects: list[Subject], upstream: Upstream, options: _Options) -> list[str]:
    plan = Plan(rounds=options.rounds, seconds=options.seconds, callers=(options.callers,))
    comparison = Comparison(subjects, plan)
    await comparison.run(upstream)
    print(tables.calls(comparison, tables.ALL))
    print(tables.ratios(comparison))
    print(tables.starts(comparison), flush=True)
    return comparison.failures


async def _delay(subjects: list[Subject], upstream: Upstream, options: _Options) -> list[str]:
    plan = Plan(rounds=1, seconds=options.seconds, callers=_DELAY_CALLERS, delay=_DELAY_SECONDS)
    comparison = Comparison([one for one in subjects if one.key in _DELAYED], plan)
    await comparison.run(upstream)
    print(tables.calls(comparison, tables.WITH_DELAY), flush=True)
    return comparison.failures


def _names(text: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in allowed:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(allowed)}")
    return names


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--tables",
        type=lambda text: _names(text, _TABLES),
        default=_TABLES,
        help=f"comma-separated, of {', '.join(_TABLES)} (all)",
    )
    parser.add_argument(
        "--only",
        type=lambda text: _names(text, KEYS),
        default=KEYS,
        help=f"what to compare, comma-separated, of {', '.join(KEYS)} (all)",
    )
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds (3)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of each load (2)")
    parser.add_argument("--callers", type=int, default=16, help="parallel callers (16)")
    parser.add_argument("--runs", type=int, default=20, help="connections to Atlassian (20)")
    options = _Options(**vars(parser.parse_args()))
    with on_core(OTHER_CORE):
        say("Several minutes; --help names smaller runs.")
        try:
            sys.exit(1 if uvloop.run(_bench(options)) else 0)
        except KeyboardInterrupt:
            sys.exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
