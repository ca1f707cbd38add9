"""What operators see of a running Xerus: `/metrics`, as listed, and the pages of administrators."""

import re
from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.stores.connecting import until
from tests.support.browser import Browser
from tests.support.database import embedded, rows
from tests.support.journeys import ADA, connect_atlassian, sign_in
from tests.support.stack import Stack
from xerus.telemetry import metric_list


async def figures_are_read(http: httpx2.AsyncClient) -> bool:
    return "xerus_figures_timestamp_seconds" in (await http.get("/metrics")).text


async def test_what_is_told_is_listed_and_what_is_listed_is_told(stack: Stack) -> None:
    async with httpx2.AsyncClient(base_url=stack.url, trust_env=False) as http:
        await until(lambda: figures_are_read(http))
        text = (await http.get("/metrics")).text
    told = dict(re.findall(r"^# TYPE (xerus_\S+) (\S+)$", text, re.MULTILINE))
    listed = {one.name: one.kind.value for one in metric_list.ALL}
    assert told.items() <= listed.items()
    # Nobody has verified this log yet.
    assert {name for name in listed if "audit_verified" not in name} <= set(told)
    series = re.findall(r"^(xerus_\w+)(?:\{(.*)\})? ", text, re.MULTILINE)
    labels = {
        name: set(metric.labels) | ({"le"} if name.endswith("_bucket") else set())
        for metric in metric_list.ALL
        for name in metric.series
    }
    for name, told_of in series:
        assert set(re.findall(r'(\w+)="', told_of)) == labels[name]


@pytest.fixture(scope="module")
async def ada(stack: Stack) -> AsyncIterator[Browser]:
    async with Browser() as browser:
        await sign_in(browser, stack.url, ADA)
        await connect_atlassian(browser, stack.url, ADA)
        yield browser


async def test_the_worker_checks_a_connection_when_its_day_is_over(
    stack: Stack, ada: Browser
) -> None:
    reach = embedded(stack.xerus.folder / "data")
    (before,) = rows(
        reach.administrator,
        "UPDATE credentials SET check_after = now() RETURNING checked_at, check_after",
    )

    async def is_checked() -> bool:
        (row,) = rows(reach.administrator, "SELECT checked_at, check_after FROM credentials")
        return bool(row["checked_at"] > before["checked_at"])

    await until(is_checked)
    async with httpx2.AsyncClient(base_url=stack.url, trust_env=False) as http:
        told = (await http.get("/metrics")).text
    assert 'xerus_connection_checks_total{link="cloud",outcome="ok"}' in told


async def test_administrators_see_connections_keys_processes_and_use(
    stack: Stack, ada: Browser
) -> None:
    page = await ada.open(f"{stack.url}/admin/connections")
    for words in ("Connected 1", "No renewal and no check is failing", "Data key", "In use"):
        assert words in page.text

    async def is_heard_of() -> bool:
        return "cloud: 0 under way" in (await ada.open(f"{stack.url}/admin/connections")).text

    await until(is_heard_of)
    page = await ada.open(f"{stack.url}/admin/use?by=client&days=7")
    assert "No calls in this time" in page.text
    looks = rows(
        embedded(stack.xerus.folder / "data").administrator,
        "SELECT DISTINCT facts ->> 'page' AS page FROM audit_events"
        " WHERE event = 'admin:page:viewed'",
    )
    assert {"/admin/connections", "/admin/use"} <= {row["page"] for row in looks}
