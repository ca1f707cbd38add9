"""Calls that wait, in a real browser: going on by themselves, and found by a key."""

import re

from playwright.async_api import Browser, expect

from tests.support.browser import Browser as TextBrowser
from tests.support.chromium import profile, sign_in
from tests.support.journeys import ADA, GRACE, connect_atlassian
from tests.support.journeys import sign_in as sign_in_by_http
from tests.support.stack import Stack

_LIFE_MS = 31 * 60 * 1000


async def test_a_call_goes_on_by_itself_and_its_approval_is_found_by_a_key(
    stack: Stack, chrome: Browser
) -> None:
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, stack.url, GRACE)
        await page.goto(f"{stack.url}/")
        await page.get_by_role("textbox").fill("create a task in ENG: Gone on with")
        await page.get_by_role("textbox").press("Enter")
        await expect(page.get_by_text("Connect Atlassian to go on")).to_be_visible()

        async with TextBrowser() as other:
            await sign_in_by_http(other, stack.url, GRACE)
            await connect_atlassian(other, stack.url, GRACE)
        await page.reload()

        approve = page.get_by_role("button", name="Approve", exact=True)
        await expect(approve).to_be_visible()
        await page.get_by_role("textbox", name="Message to Xerus").focus()
        await page.keyboard.press("Alt+KeyA")
        await expect(page.get_by_role("group", name="Approve: Create issue?")).to_be_focused()
        await page.keyboard.press("Tab")
        assert complaints.found == []


async def test_a_wait_that_ends_after_the_session_leads_to_sign_in(
    stack: Stack, chrome: Browser
) -> None:
    async with TextBrowser() as other:
        await sign_in_by_http(other, stack.url, ADA)
        await connect_atlassian(other, stack.url, ADA)
    async with profile(chrome) as (context, page, complaints):
        await page.clock.install()
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        await page.get_by_role("textbox").fill("create a task in ENG: Too late")
        await page.get_by_role("textbox").press("Enter")
        await expect(page.get_by_role("button", name="Approve", exact=True)).to_be_visible()
        await context.clear_cookies()

        await page.clock.fast_forward(_LIFE_MS)

        await expect(page).to_have_url(re.compile(r"/signin\?return_to=/chat/"))
        assert complaints.found == []
