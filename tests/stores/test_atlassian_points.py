"""What one process spends of Atlassian's points the others know, at the price of a look."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from multidict import CIMultiDict
from structlog.testing import capture_logs

from tests.stores.databases import Fresh
from xerus.atlassian.credentials import Product
from xerus.atlassian.ledger import Payer, PointsLedger
from xerus.atlassian.shared_points import SharedPoints
from xerus.db.database import Database
from xerus.telemetry.metrics import Metrics

JIRA = Payer(product=Product.JIRA, site="acme")
LABS = Payer(product=Product.JIRA, site="labs")
WARNING = "atlassian_points_low"


class HandClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 12, 10, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


class Process:
    """What one process of Xerus has for it."""

    def __init__(self, database: Database, clock: HandClock) -> None:
        self.ledger = PointsLedger(clock=clock, quota=1000)
        self.metrics = Metrics()
        self.metrics.watch(self.ledger.readings)
        self.shared = SharedPoints(db=database, ledger=self.ledger, metrics=self.metrics)

    async def points(self) -> int:
        return sum(use.points for use in await self.shared.usage())


Start = Callable[[], Process]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def start(database: Database, clock: HandClock) -> Start:
    return lambda: Process(database, clock)


@pytest.fixture
async def closed(fresh: Fresh) -> Database:
    database = Database(dsn=fresh.login, direct_dsn=fresh.login)
    await database.open()
    await database.close()
    return database


async def test_what_each_process_spends_is_added_up_for_all(start: Start) -> None:
    one, other = start(), start()
    one.ledger.spend(JIRA, 100, {})
    other.ledger.spend(JIRA, 30, {})
    other.ledger.spend(LABS, 7, {})
    assert await one.points() == 100
    assert await other.points() == 137
    assert await one.points() == 137
    assert await start().points() == 137


async def test_what_atlassian_told_one_process_all_know(start: Start) -> None:
    one, other = start(), start()
    said = CIMultiDict({"RateLimit": '"global-app-quota";r=40'})
    one.ledger.spend(JIRA, 1, said)
    await one.shared.usage()
    said = CIMultiDict({"RateLimit": '"global-app-quota";r=90'})
    other.ledger.spend(JIRA, 1, said)
    (use,) = await other.shared.usage()
    assert use.told_left == 40
    assert use.share == pytest.approx(0.96)


async def test_background_work_yields_to_what_other_processes_spent(
    start: Start, clock: HandClock
) -> None:
    one, worker = start(), start()
    one.ledger.spend(JIRA, 500, {})
    await one.shared.usage()
    assert worker.ledger.has_room(Product.JIRA)
    await worker.shared.usage()
    assert not worker.ledger.has_room(Product.JIRA)
    clock.time += timedelta(minutes=50)
    assert worker.ledger.has_room(Product.JIRA)


async def test_a_low_quota_is_logged_once_an_hour_and_shown_in_the_metrics(
    start: Start, clock: HandClock
) -> None:
    process = start()
    with capture_logs() as logs:
        process.ledger.spend(JIRA, 799, {})
        await process.shared.usage()
        assert not logs
        for _ in range(3):
            process.ledger.spend(JIRA, 1, {})
            await process.shared.usage()
        clock.time += timedelta(hours=1)
        process.ledger.spend(JIRA, 900, {})
        await process.shared.usage()
    warned = [(line["event"], line["points"], line["resets_at"][11:16]) for line in logs]
    assert warned == [(WARNING, 800, "13:00"), (WARNING, 900, "14:00")]
    shown = process.metrics.render().decode()
    assert 'xerus_atlassian_points_total{product="jira"} 1702.0' in shown
    assert 'xerus_atlassian_points_share{product="jira"} 0.9' in shown


async def test_a_new_hour_shows_nothing_of_the_old_one(start: Start, clock: HandClock) -> None:
    process = start()
    process.ledger.spend(JIRA, 900, {})
    await process.shared.usage()
    clock.time += timedelta(hours=1)
    assert await process.points() == 0
    shown = process.metrics.render().decode()
    assert 'xerus_atlassian_points_share{product="jira"} 0.0' in shown


async def test_points_spent_while_the_database_is_away_still_count_and_are_kept_for_later(
    closed: Database, clock: HandClock
) -> None:
    process = Process(closed, clock)
    process.ledger.spend(JIRA, 600, {})
    with capture_logs() as logs:
        await process.shared.stop()
    assert not process.ledger.has_room(Product.JIRA)
    assert [line["event"] for line in logs] == ["atlassian_points_not_shared"]
    assert process.ledger.has_new


async def test_stopping_shares_the_rest(start: Start) -> None:
    process = start()
    process.shared.start()
    process.ledger.spend(JIRA, 3, {})
    await process.shared.stop()
    assert not process.ledger.has_new
    assert await start().points() == 3


async def test_points_of_yesterday_are_forgotten(start: Start, clock: HandClock) -> None:
    process = start()
    process.ledger.spend(JIRA, 3, {})
    await process.shared.usage()
    clock.time += timedelta(hours=26)
    process.ledger.spend(JIRA, 1, {})
    await process.shared.usage()
    clock.time -= timedelta(hours=26)
    assert await start().points() == 0
