"""Cards of Cloud and of two Data Centers on one page, each with a window and a state of its own."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.flows.test_data_center_links import links
from tests.support.accessibility import violations
from tests.support.chromium import profile, sign_in
from tests.support.folders import reachable
from tests.support.journeys import GRACE
from tests.support.stack import Sandbox, Stack, Xerus, user_mode


@pytest.fixture(scope="module")
async def both(sandbox: Sandbox) -> AsyncIterator[Stack]:
    env = {**await user_mode(sandbox), **await links(sandbox)}
    stack = Stack(sandbox, Xerus(reachable(), env).start())
    yield stack
    stack.xerus.stop()


async def opened(page: Page, button: str) -> Page:
    async with page.expect_popup() as opening:
        await page.get_by_role("button", name=button).click()
    return await opening.value


async def test_two_windows_at_once_end_each_at_its_own_card(both: Stack, chrome: Browser) -> None:
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, both.url, GRACE)
        jira = await opened(page, "Configure Jira Data Center")
        confluence = await opened(page, "Configure Confluence Data Center")
        waiting = page.get_by_role("button", name="Waiting for")
        await expect(waiting).to_have_count(2)
        await expect(page.get_by_role("button", name="Configure Atlassian")).to_be_enabled()
        await confluence.get_by_role("button", name=GRACE).click()
        async with confluence.expect_event("close"):
            await confluence.get_by_role("button", name="Accept").click()
        card = page.get_by_role("article", name="Confluence Data Center")
        await expect(card.get_by_text("Authentication Successful")).to_be_visible()
        await expect(waiting).to_have_count(1)
        await jira.get_by_role("button", name=GRACE).click()
        async with jira.expect_event("close"):
            await jira.get_by_role("button", name="Accept").click()
        card = page.get_by_role("article", name="Jira Data Center")
        await expect(card.get_by_text("Authentication Successful")).to_be_visible()
        await expect(waiting).to_have_count(0)
        assert await violations(page) == []
        for path in ("/access", "/connections/jira", "/connections/confluence"):
            await page.goto(both.url + path)
            assert await violations(page) == [], path
        assert complaints.found == []
