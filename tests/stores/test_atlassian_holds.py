"""A used-up quota stops every process, whichever was told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tests.stores.databases import Fresh
from tests.unit.tools.fakes import target
from xerus.atlassian.limits import AtlassianLimits
from xerus.atlassian.shared_holds import CHANNEL, PACE_CHANNEL, SharedHolds
from xerus.db.database import Database
from xerus.db.notify import Listener
from xerus.errors import UpstreamUnavailable

QUOTA = "jira-quota-global-based"


@dataclass
class HandClock:
    time: datetime = datetime(2026, 11, 22, 12, 10, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@dataclass
class Process:
    """What one process of Xerus has for it; `heard` once another told it something."""

    limits: AtlassianLimits
    holds: SharedHolds
    listener: Listener
    heard: asyncio.Event

    def is_held(self) -> bool:
        try:
            self.limits.check(target())
        except UpstreamUnavailable:
            return True
        return False


Start = Callable[[], Awaitable[Process]]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def start(fresh: Fresh, database: Database, clock: HandClock) -> AsyncIterator[Start]:
    running: list[Process] = []

    async def begin() -> Process:
        listener, heard = Listener(direct_dsn=fresh.login), asyncio.Event()
        limits = AtlassianLimits(clock=clock)
        holds = SharedHolds(db=database, listener=listener, limits=limits, clock=clock)
        listener.subscribe(CHANNEL, lambda _: heard.set())
        listener.subscribe(PACE_CHANNEL, lambda _: heard.set())
        await listener.start()
        await holds.load()
        running.append(Process(limits=limits, holds=holds, listener=listener, heard=heard))
        return running[-1]

    yield begin
    for process in running:
        await process.holds.stop()
        await process.listener.stop()


async def test_a_quota_that_one_process_used_up_stops_the_others_and_who_starts_later(
    start: Start, clock: HandClock
) -> None:
    one, other = await start(), await start()
    one.limits.hold(target(), QUOTA, 600.0)
    async with asyncio.timeout(10):
        await other.heard.wait()
    late = await start()
    assert [process.is_held() for process in (one, other, late)] == [True] * 3
    clock.time += timedelta(seconds=601)
    assert [process.is_held() for process in (one, other, late)] == [False] * 3
    assert not (await start()).is_held()


async def test_what_one_process_was_told_to_slow_the_others_slow_too(start: Start) -> None:
    one, other = await start(), await start()
    for _ in range(50):
        one.limits.pace.slow("GET /thing", 30.0, reason="jira-burst-based")
    async with asyncio.timeout(10):
        await other.heard.wait()
    assert 0 < other.limits.pace.until(("GET /thing",)) <= 30
    assert other.limits.pace.until(("GET /other", "POST /thing")) == 0


async def test_no_hold_that_was_told_outlasts_the_hour(start: Start, clock: HandClock) -> None:
    one = await start()
    one.limits.hold(target(), QUOTA, 30 * 24 * 3600.0)
    await one.holds.stop()
    late = await start()
    assert late.is_held()
    clock.time += timedelta(minutes=50)
    assert not late.is_held()


async def test_without_the_database_each_process_still_holds_for_itself(
    start: Start, database: Database
) -> None:
    one = await start()
    await database.close()
    one.limits.hold(target(), QUOTA, 600.0)
    await one.holds.stop()
    assert one.is_held()
