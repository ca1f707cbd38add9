"""The quota that all processes share."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from xerus.db.database import Database
from xerus.errors import LimitReached, Unavailable
from xerus.limits.fixed_window import FixedWindow


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


def process(database: Database, clock: HandClock) -> FixedWindow:
    return FixedWindow(db=database, clock=clock, limit=10, name="test")


async def spent(window: FixedWindow, key: str) -> bool:
    try:
        await window.spend(key)
    except LimitReached:
        return False
    return True


async def test_flood_over_several_processes_gets_the_quota_and_no_more(database: Database) -> None:
    clock = HandClock()
    processes = [process(database, clock) for _ in range(4)]

    taken = await asyncio.gather(*(spent(processes[n % 4], "flood") for n in range(200)))

    assert sum(taken) == 10
    assert await spent(processes[0], "somebody else")


async def test_new_minute_brings_a_new_quota(database: Database) -> None:
    clock = HandClock()
    window = process(database, clock)
    for _ in range(12):
        await spent(window, "flood")
    clock.time += timedelta(seconds=30)
    await window.spend("flood")


async def test_flood_beyond_the_quota_does_not_reach_the_database(database: Database) -> None:
    window = process(database, HandClock())
    for _ in range(11):
        await spent(window, "flood")
    await database.close()
    with pytest.raises(LimitReached) as refusal:
        await window.spend("flood")
    assert refusal.value.retry_after == 31
    with pytest.raises(Unavailable):
        await window.spend("somebody else")
