"""Disconnecting in one process ends it in every process; the stage `disconnect-elsewhere` in short.

Two processes of Xerus on one database. Calls are held by the delay of the simulated Atlassian, which
logs a request when it answers: what is not in its log was not answered.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from bench.driver import CallFailed
from bench.soak.disconnect import ended_elsewhere
from bench.world import Person, World, world
from tests.stores.connecting import until
from tests.support.browser import Browser
from tests.support.database import embedded, rows
from tests.support.journeys import GRACE, connect_atlassian, sign_in

_HELD_MS = 15_000
_READ, _WRITE = "jira_get_issue", "jira_add_comment"
_COMMENT = {"issue_key": "ENG-2", "body": "held"}
_ENDS = "SELECT facts FROM audit_events WHERE event = 'tool:call:finished' ORDER BY at, n"


@dataclass
class Fleet:
    """Two processes, and somebody who works at the second."""

    here: World
    grace: Person
    endpoint: str

    def rows(self, query: str) -> list[Any]:
        return rows(embedded(self.here.data).administrator, query)

    async def until(self, query: str, number: int) -> None:
        async def there() -> bool:
            return len(await asyncio.to_thread(self.rows, query)) >= number

        await until(there)


@pytest.fixture(scope="module")
async def fleet() -> AsyncIterator[Fleet]:
    async with world() as here:
        other = await here.another()
        grace = await here.person(GRACE)
        yield Fleet(here, grace, f"http://127.0.0.1:{other.port}/mcp")


async def test_calls_in_another_process_end_at_once_and_say_what_may_have_happened(
    fleet: Fleet, browser: Browser
) -> None:
    atlassian, url = fleet.here.sandbox.atlassian, fleet.here.url
    await sign_in(browser, url, GRACE)
    await connect_atlassian(browser, url, GRACE)
    async with fleet.grace.driver(endpoint=fleet.endpoint) as client:
        await client.call(_READ, {"issue_key": "ENG-1"})
        await browser.open(f"{url}/connections/atlassian/disconnect")
        known = len(fleet.rows("SELECT 1 FROM audit_events WHERE event = 'tool:call:started'"))
        await atlassian.configure(latency_ms=_HELD_MS)
        mark = await atlassian.mark()
        reading = asyncio.create_task(client.call(_READ, {"issue_key": "ENG-2"}))
        writing = asyncio.create_task(client.call(_WRITE, _COMMENT))
        await fleet.until("SELECT 1 FROM audit_events WHERE event = 'tool:call:started'", known + 2)

        page = await browser.click("Disconnect")

        read, wrote = await asyncio.gather(reading, writing, return_exceptions=True)
        answered = [entry["path"] for entry in await atlassian.log(mark)]
        await atlassian.configure(latency_ms=0)
        assert not [path for path in answered if "ENG-2" in path]
        assert isinstance(read, CallFailed)
        assert read.text == (
            "Atlassian was disconnected while this was running. Nothing was changed."
            f" Connect it again here: {url}/tools"
        )
        assert isinstance(wrote, CallFailed)
        assert "already on its way to Jira and may have happened" in wrote.text
        assert f"Connect it again here: {url}/tools" in wrote.text
        with pytest.raises(CallFailed, match="is not connected"):
            await client.call(_READ, {"issue_key": "ENG-3"})
    assert not [e for e in await atlassian.log(mark) if "ENG-3" in e["path"]]
    await fleet.until(_ENDS, 3)
    ends = {row["facts"]["tool"]: row["facts"]["outcome"] for row in fleet.rows(_ENDS)[-2:]}
    assert ends == {_READ: "disconnected", _WRITE: "disconnected_outcome_unknown"}
    assert fleet.rows("SELECT 1 FROM credentials") == []
    assert page.url == f"{url}/tools"
    assert "Xerus erased its tokens and ended what was running." in page.text
    assert "Atlassian was not told, because it has no way to be told." in page.text
    assert "would have worked there for another" in page.text
    (apps,) = [link for link in page.links if link.is_called("connected apps at Atlassian")]
    assert apps.href == "https://id.atlassian.com/manage-profile/apps"


async def test_what_waits_for_approval_in_the_chat_is_not_made_by_a_later_account(
    fleet: Fleet, browser: Browser
) -> None:
    url = fleet.here.url
    await sign_in(browser, url, GRACE)
    await connect_atlassian(browser, url, GRACE)
    await browser.open(f"{url}/")
    await browser.click("Send", text="create a task in ENG: asked before the disconnect")
    waiting = browser.page
    assert browser.can("Approve")

    await browser.open(f"{url}/connections/atlassian/disconnect")
    await browser.click("Disconnect")

    await connect_atlassian(browser, url, GRACE)
    mark = await fleet.here.sandbox.atlassian.mark()
    browser.page = waiting
    page = await browser.click("Approve")
    assert "Atlassian was disconnected after this was asked, so it was not run." in page.text
    page = await browser.click("Go to the chat")
    page = await browser.click("create a task in ENG: asked before the disconnect")
    assert not browser.can("Approve")
    assert not [e for e in await fleet.here.sandbox.atlassian.log(mark) if e["method"] == "POST"]


async def test_the_window_that_was_open_at_atlassian_comes_back_to_a_cancelled_attempt(
    fleet: Fleet, browser: Browser
) -> None:
    url = fleet.here.url
    await sign_in(browser, url, GRACE)
    await connect_atlassian(browser, url, GRACE)
    async with Browser() as window:
        window.http.cookies = browser.http.cookies
        await window.open(f"{url}/connections/atlassian/start")
        if not window.can("Accept"):  # Atlassian does not know this browser
            await window.click(GRACE)
        if window.can(GRACE):  # the first test to connect her logs in there, too
            await window.click(GRACE)
        await browser.open(f"{url}/connections/atlassian/disconnect")
        page = await browser.click("Disconnect")
        assert "Atlassian was not told" in page.text

        page = await window.click("Accept")

        assert "This attempt to connect was cancelled." in page.text
    assert fleet.rows("SELECT 1 FROM credentials") == []


async def test_calls_end_at_the_disconnect_each_time(fleet: Fleet) -> None:
    outcome = await ended_elsewhere(fleet.here, fleet.grace, endpoint=fleet.endpoint, tries=2)

    assert "2 disconnects under 5 held calls" in outcome
