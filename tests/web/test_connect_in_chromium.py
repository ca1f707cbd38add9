"""Connecting Atlassian in a real browser: every way that the window can go."""

import pytest
from playwright.async_api import Browser, expect

from tests.support.chromium import profile, sign_in
from tests.support.journeys import ADA, ALAN, GRACE
from tests.support.stack import Stack
from tests.support.window import agree, expect_success, window


@pytest.mark.parametrize("coop", [None, "same-origin", "same-origin-allow-popups"])
async def test_the_window_connects_and_closes_itself_whatever_coop_the_provider_sends(
    stack: Stack, chrome: Browser, coop: str | None
) -> None:
    await stack.sandbox.atlassian.reset()
    await stack.sandbox.atlassian.configure(coop_header=coop)
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, stack.url, ADA)
        if await page.get_by_role("button", name="Disconnect Atlassian").count():
            await page.get_by_role("button", name="Disconnect Atlassian").click()
            await page.get_by_role("button", name="Disconnect").last.click()
            await page.goto(f"{stack.url}/tools")
        async with window(page) as popup:
            await expect(page.get_by_role("button", name="Waiting for Atlassian")).to_be_visible()
            await agree(popup, ADA)
            async with popup.expect_event("close"):
                await popup.get_by_role("button", name="acme").click()
        await expect_success(page, ADA)
        await page.reload()
        await expect(
            page.get_by_role("article", name="Atlassian").get_by_text(ADA).first
        ).to_be_visible()
        assert complaints.found == []


async def test_the_page_may_be_reloaded_while_the_window_is_open(
    stack: Stack, chrome: Browser
) -> None:
    await stack.sandbox.atlassian.configure(coop_header=None)
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, stack.url, GRACE)
        async with window(page) as popup:
            await popup.get_by_role("button", name=GRACE).click()
            await page.reload()
            await expect(page.get_by_text("Waiting for Atlassian")).to_be_visible()
            async with popup.expect_event("close"):
                await popup.get_by_role("button", name="Accept").click()
        await expect_success(page, GRACE)
        assert complaints.found == []


async def test_declining_closing_and_a_blocked_window_each_leave_a_next_step(
    stack: Stack, chrome: Browser
) -> None:
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, stack.url, ALAN)
        card = page.get_by_role("article", name="Atlassian")
        async with window(page) as popup:
            await popup.close()
        await expect(card.get_by_text("Open the window again")).to_be_visible()
        await card.get_by_role("button", name="Cancel").click()
        await expect(card.get_by_role("button", name="Configure Atlassian")).to_be_visible()
        async with window(page) as popup:
            await popup.get_by_role("button", name=ALAN).click()
            await popup.get_by_role("button", name="Decline").click()
            await expect(popup.get_by_text("declined").first).to_be_visible()
            await expect(popup.get_by_text("Try again")).to_be_visible()
        await expect(card.get_by_text("declined").first).to_be_visible()
        await page.evaluate("window.open = () => null")
        await card.get_by_role("button", name="Configure Atlassian").click()
        await expect(card.get_by_text("Your browser blocked the window.")).to_be_visible()
        await expect(card.get_by_role("link", name="Open the sign-in page")).to_be_visible()
        assert complaints.found == []


async def test_everything_works_without_javascript(stack: Stack, chrome: Browser) -> None:
    async with profile(chrome, java_script_enabled=False) as (context, page, _):
        await sign_in(page, stack.url, ALAN)
        async with context.expect_page() as opening:
            await page.get_by_role("button", name="Configure Atlassian").click()
        tab = await opening.value
        await agree(tab, ALAN)
        await tab.get_by_role("button", name="acme").click()
        await expect(tab.get_by_text("Authentication Successful").first).to_be_visible()
        await page.reload()
        await expect_success(page, ALAN)
        await page.get_by_role("button", name="Disconnect Atlassian").click()
        await page.get_by_role("button", name="Disconnect").last.click()
        await page.goto(f"{stack.url}/tools")
        await expect(page.get_by_role("button", name="Configure Atlassian")).to_be_visible()
