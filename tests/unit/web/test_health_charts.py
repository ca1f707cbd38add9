"""The health of connections over time: what is drawn is what was counted, and a gap is a gap."""

import re
from collections.abc import Mapping
from datetime import timedelta

import pytest

from tests.gallery.states import STATES
from tests.unit.web.fakes import NOW, World
from xerus.connections.history import HourRow
from xerus.web.health_charts import HEIGHT, RANGES, WIDTH, Chart, charts

FIGURE = re.compile(r'<figure class="card chart-card">.*?</figure>', re.DOTALL)


def hours(told: Mapping[int, HourRow | None], *, count: int) -> list[HourRow]:
    """Return hours, the oldest first; those that are not told were quiet, None is a gap."""
    rows = []
    for ago in range(count - 1, -1, -1):
        hour = NOW - timedelta(hours=ago)
        row = told.get(ago, HourRow(hour=hour, was_seen=True, states={"connected": 10}))
        rows.append(HourRow(hour=hour) if row is None else row)
    return rows


def at(ago: int, **told: Mapping[str, int]) -> HourRow:
    return HourRow(hour=NOW - timedelta(hours=ago), was_seen=True, **told)


def by_slug(rows: list[HourRow], each: int) -> dict[str, Chart]:
    return {chart.slug: chart for chart in charts(rows, each=each)}


def test_a_bar_of_several_hours_shows_the_worst_of_states_and_all_renewals() -> None:
    bad = at(
        2,
        states={"connected": 6, "degraded": 3, "needs_reconnect": 1, "replaced": 5},
        renewals={"ok": 4, "atlassian_unavailable": 3, "seal_broken": 1},
        left={"over": 2, "more": 8},
    )
    told = by_slug(hours({2: bad, 1: at(1, renewals={"ok": 6})}, count=4), 4)
    (bar,) = told["states"].bars
    assert bar.counts == [6, 0, 3, 1]
    (bar,) = told["renewals"].bars
    assert (bar.counts, bar.more) == ([10, 4], "atlassian unavailable 3, seal broken 1")
    assert told["left"].bars[0].counts == [8, 0, 0, 2]


def test_hours_that_nobody_counted_are_a_gap_and_zero_is_not() -> None:
    told = by_slug(hours({0: at(0), 1: None}, count=3), 1)
    assert [bar.counts for bar in told["states"].bars] == [[10, 0, 0, 0], None, [0, 0, 0, 0]]
    assert (told["states"].gaps, told["states"].is_empty) == (1, False)
    assert by_slug(hours({0: None}, count=1), 1)["states"].is_empty


def test_renewals_that_the_log_knows_of_are_told_where_no_worker_ran() -> None:
    row = HourRow(hour=NOW, renewals={"ok": 3})
    told = by_slug([row], 1)
    assert told["states"].bars[0].counts is None
    assert told["renewals"].bars[0].counts == [3, 0]


@pytest.mark.parametrize("each", [1, 4, 24])
@pytest.mark.parametrize("count", [1, 5, 24, 50])
def test_bars_fill_the_chart_and_nothing_leaves_it(each: int, count: int) -> None:
    rare = at(0, states={"connected": 100_000, "degraded": 1, "needs_reconnect": 1})
    chart = by_slug(hours({0: rare}, count=count), each)["states"]
    assert chart.bars[-1].until == NOW + timedelta(hours=1)
    assert chart.bars[0].since == NOW - timedelta(hours=count - 1)
    assert len(chart.bars) == -(-count // each)
    for bar in chart.bars:
        assert 0 <= bar.x < bar.x + bar.width <= WIDTH
        for part in bar.parts:
            assert part.height >= 3
            assert 0 <= part.y <= part.y + part.height <= HEIGHT + 0.02
    worst = chart.bars[-1]
    assert [part.look for part in worst.parts] == ["ok", "warn", "bad"]
    assert len({part.y for part in worst.parts}) == 3


async def page_of(world: World, query: str = "") -> str:
    async with world.client() as http:
        page = await http.get(f"/admin/connections{query}")
    assert page.status_code == 200
    return page.text


async def test_the_numbers_of_a_chart_stand_in_its_table_and_its_bars() -> None:
    world = World()
    STATES["health-24h"].arrange(world)
    page = await page_of(world)
    states, renewals, _ = FIGURE.findall(page)
    assert "style=" not in states + renewals
    # The hour of the outage, in the title of its bar and in its row.
    assert renewals.count("atlassian unavailable 380") == 2
    assert "In trouble 380" in states
    assert states.count("No figures: no worker ran</td>") == 4
    assert "4 bars have no figures" in states
    assert 'aria-current="true">24 hours' in page


@pytest.mark.parametrize(("name", "bars"), [("24h", 24), ("7d", 42), ("30d", 30), ("90d", 90)])
async def test_how_far_back_stands_in_the_address(name: str, bars: int) -> None:
    world = World()
    STATES["health-24h"].arrange(world)
    page = await page_of(world, f"?range={name}")
    assert f"{bars} bars, at most" in page
    assert world.oversight.history.since == [NOW - RANGES[name][1] + timedelta(hours=1)]


async def test_before_anything_was_counted_the_page_says_who_counts() -> None:
    page = await page_of(World())
    assert page.count("No figures in this time.") == 3
    assert '<svg class="chart"' not in page


async def test_another_time_is_refused_in_words() -> None:
    async with World().client() as http:
        page = await http.get("/admin/connections?range=1y")
    assert page.status_code == 400
    assert "Open Admin" in page.text
