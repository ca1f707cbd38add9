"""The quick start of the guide that Xerus was asked for by, step by step, as somebody new takes it."""

from playwright.async_api import Browser, Locator, expect

from tests.support.chromium import profile, sign_in
from tests.support.journeys import ADA
from tests.support.stack import Stack

_ORANGE = "rgb(249, 115, 22)"


async def colour_of(button: Locator) -> str:
    return str(await button.evaluate("button => getComputedStyle(button).backgroundColor"))


async def test_six_steps_from_tools_to_the_first_answer(stack: Stack, chrome: Browser) -> None:
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, stack.url, ADA)
        section = page.get_by_role("region", name="MCP Tools")
        card = section.get_by_role("article", name="Atlassian")
        button = card.get_by_role("button", name="Configure Atlassian")
        await expect(button).to_have_text("Configure")
        assert await colour_of(button) == _ORANGE
        assert await button.locator("use[href$='#settings']").count() == 1
        before = page.url
        async with page.expect_popup() as opening:
            await button.click()
        popup = await opening.value
        waiting = card.get_by_role("button", name="Waiting for Atlassian")
        await expect(waiting).to_be_visible()
        await popup.get_by_role("button", name=ADA).click()
        async with popup.expect_event("close"):
            await popup.get_by_role("button", name="Accept").click()
            await popup.get_by_role("button", name="acme").click()
        await expect(card.get_by_text("Authentication Successful")).to_be_visible()
        await expect(card.get_by_text("Connected", exact=True)).to_be_visible()
        assert page.url == before, "no address was copied, no page reloaded by hand"
        await page.get_by_role("link", name="Chat").click()
        await page.get_by_role("button", name="find open bugs in ENG").click()
        await expect(page.get_by_role("cell", name="Bug").first).to_be_visible()
        assert complaints.found == []
