"""Application links where the operator's PAT comes first or stands behind: what people see and end."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from tests.flows.test_data_center_links import JIRA, connect
from tests.flows.test_data_center_modes import with_pat
from tests.support.accessibility import violations
from tests.support.browser import Browser as TextBrowser
from tests.support.chromium import profile, sign_in
from tests.support.folders import reachable
from tests.support.journeys import ADA
from tests.support.journeys import sign_in as sign_in_by_http
from tests.support.stack import Sandbox, Stack, Xerus


@pytest.fixture
async def behind(sandbox: Sandbox) -> AsyncIterator[Stack]:
    env = await with_pat(sandbox, "user-then-shared")
    stack = Stack(sandbox, Xerus(reachable(), env).start())
    yield stack
    stack.xerus.stop()


async def test_what_was_connected_before_all_share_a_token_is_ended_from_access(
    behind: Stack, chrome: Browser
) -> None:
    async with TextBrowser() as browser:
        await sign_in_by_http(browser, behind.url, ADA)
        await browser.open(f"{behind.url}/tools")
        assert "The shared service token is used until you connect" in browser.page.text
        await connect(browser, behind, JIRA, ADA)
    behind.xerus.env["XERUS_ATLASSIAN_CREDENTIALS"] = "shared"
    behind.xerus.restart()
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, behind.url, ADA)
        card = page.get_by_role("article", name=JIRA)
        await expect(card.get_by_text(f"Your own connection as {ADA} is not used")).to_be_visible()
        await expect(page.get_by_role("button", name="Configure")).to_have_count(0)
        await expect(page.get_by_role("button", name="Reconnect")).to_have_count(0)
        assert await violations(page) == []
        await page.goto(f"{behind.url}/access")
        assert await violations(page) == []
        await page.get_by_role("button", name=f"Disconnect {JIRA}").click()
        await page.get_by_role("button", name="Disconnect").last.click()
        await expect(page.get_by_role("heading", name="Tools", level=1)).to_be_visible()
        await expect(page.get_by_role("button", name="Disconnect")).to_have_count(0)
        assert complaints.found == []
