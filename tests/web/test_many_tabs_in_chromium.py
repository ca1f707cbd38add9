"""Many tabs of one browser: it opens six connections to a server, and no tab may use them up."""

from playwright.async_api import Browser, expect

from tests.support.chromium import profile, sign_in
from tests.support.journeys import ALAN
from tests.support.stack import Stack

_TABS = 8


async def test_eight_tabs_that_wait_leave_the_ninth_its_page_and_all_see_the_end(
    stack: Stack, chrome: Browser
) -> None:
    async with profile(chrome) as (context, page, complaints):
        await sign_in(page, stack.url, ALAN)
        async with page.expect_popup() as opening:
            await page.get_by_role("button", name="Configure Atlassian").click()
        popup = await opening.value
        await popup.get_by_role("button", name=ALAN).click()
        tabs = [page]
        for _ in range(_TABS):
            tab = await context.new_page()
            await tab.goto(f"{stack.url}/tools")
            await expect(tab.get_by_text("Waiting for Atlassian")).to_be_visible()
            tabs.append(tab)
        await popup.get_by_role("button", name="Accept").click()
        await popup.get_by_role("button", name="acme").click()
        for tab in tabs:
            card = tab.get_by_role("article", name="Atlassian")
            await expect(card.get_by_text("Authentication Successful")).to_be_visible()
        assert complaints.found == []
