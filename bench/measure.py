"""One measurement: a subject under one load, its CPU time and what it asked upstream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

import aiohttp

from bench.driver import CallFailed, load
from bench.figures import percentile
from bench.procfs import usage
from bench.questions import Question
from bench.subjects.subject import Client, Subject
from bench.upstream.control import Upstream

_WARM_UP_SECONDS = 0.5
_START_SECONDS = 90.0
_POLL_SECONDS = 0.01


class CouldNotMeasure(Exception):
    """The subject does not answer as it should; the message says how."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """From the start of the process to its first tools/list."""

    seconds: float
    cpu_seconds: float
    rss_mib: float
    database_rss_mib: float
    tools: int
    tools_bytes: int


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a level of load gave; CPU is the subject's and its database's together."""

    calls: int
    errors: int
    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu_ms: float
    database_cpu_ms: float
    upstream_requests: float
    upstream_connections: float
    credentials: int
    rss_mib: float
    answer_bytes: int = 0

    @property
    def per_core_second(self) -> float:
        """Calls that one second of one core pays for."""
        return 1000 / self.cpu_ms if self.cpu_ms else 0.0


async def started(subject: Subject) -> Start:
    """Start a subject and wait for its first tools/list.

    Raises:
        CouldNotMeasure: it ended, or does not answer in time.
    """
    begun = perf_counter()
    subject.start()
    while True:
        try:
            tools, size = await _first_tools(subject)
            break
        except (aiohttp.ClientError, TimeoutError, CallFailed) as error:
            if not subject.is_running or perf_counter() - begun > _START_SECONDS:
                raise CouldNotMeasure(f"{error}\n{subject.said()}") from error
            await asyncio.sleep(_POLL_SECONDS)
    seconds = perf_counter() - begun
    here, database = usage(subject.pid), usage(subject.database_pid)
    return Start(
        seconds=seconds,
        cpu_seconds=here.cpu_seconds,
        rss_mib=here.rss_mib,
        database_rss_mib=database.rss_mib,
        tools=tools,
        tools_bytes=size,
    )


async def _first_tools(subject: Subject) -> tuple[int, int]:
    async with subject.client(0) as client:
        await client.initialize()
        return len(await client.tools()), client.received


@asynccontextmanager
async def callers(subject: Subject, number: int) -> AsyncIterator[list[Client]]:
    """Yield that many clients, each with a session of its own where there are sessions."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(subject.client(n)) for n in range(number)]
        for client in clients:
            await client.initialize()
        yield clients


async def ask(
    subject: Subject,
    clients: Sequence[Client],
    question: Question,
    *,
    upstream: Upstream,
    seconds: float,
) -> Measured:
    """Let every client repeat one tool call for `seconds`, after a warm-up.

    Raises:
        CouldNotMeasure: no call was answered, or upstream saw other credentials than it should.
    """
    calls = [partial(client.call, question.tool, question.arguments) for client in clients]
    await load(calls, seconds=min(_WARM_UP_SECONDS, seconds))
    measured = await under_load(subject, calls, upstream=upstream, seconds=seconds)
    expected = min(subject.credentials, len(clients))
    if measured.credentials != expected:
        raise CouldNotMeasure(f"upstream saw {measured.credentials} credentials, not {expected}")
    return replace(measured, answer_bytes=clients[0].received)


async def under_load(
    subject: Subject,
    calls: Sequence[Callable[[], Awaitable[object]]],
    *,
    upstream: Upstream,
    seconds: float,
) -> Measured:
    """Repeat every one of `calls` for `seconds`.

    Raises:
        CouldNotMeasure: nothing was answered, or upstream does not know a path it was asked for.
    """
    await upstream.reset()
    before, database_before = usage(subject.pid), usage(subject.database_pid)
    done = await load(calls, seconds=seconds)
    after, database_after = usage(subject.pid), usage(subject.database_pid)
    seen = await upstream.seen()
    if not done.latencies or seen.unknown:
        problem = done.errors[0] if done.errors else seen.unknown[:3]
        raise CouldNotMeasure(f"{problem}\n{subject.said()}")
    calls_made = len(done.latencies) + len(done.errors)
    database = (database_after.cpu_seconds - database_before.cpu_seconds) / calls_made * 1000
    own = (after.cpu_seconds - before.cpu_seconds) / calls_made * 1000
    p50, p95, p99 = (percentile(done.latencies, share) * 1000 for share in (0.5, 0.95, 0.99))
    return Measured(
        calls=calls_made,
        errors=len(done.errors),
        per_second=done.per_second,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        cpu_ms=own + database,
        database_cpu_ms=database,
        upstream_requests=seen.requests / calls_made,
        upstream_connections=seen.connections / calls_made,
        credentials=seen.credentials,
        rss_mib=after.rss_mib,
    )
