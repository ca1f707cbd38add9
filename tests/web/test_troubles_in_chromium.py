"""The troubles of connecting that only a real browser has: each leaves words and a next step."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.support.chromium import profile, sign_in
from tests.support.journeys import ALAN
from tests.support.stack import Stack
from tests.support.window import agree, window


@asynccontextmanager
async def on_tools(stack: Stack, chrome: Browser) -> AsyncIterator[tuple[Page, Locator]]:
    """Alan on the Tools page, not connected; nothing may break the policy or a script."""
    await stack.sandbox.atlassian.reset()
    await stack.sandbox.atlassian.configure(sites_granted=["acme"])
    async with profile(chrome) as (context, page, complaints):
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        await sign_in(page, stack.url, ALAN)
        card = page.get_by_role("article", name="Atlassian")
        if await card.get_by_role("button", name="Cancel").count():
            await card.get_by_role("button", name="Cancel").click()
        if await card.get_by_role("button", name="Disconnect Atlassian").count():
            await card.get_by_role("button", name="Disconnect Atlassian").click()
            await page.get_by_role("button", name="Disconnect").last.click()
        await expect(card.get_by_role("button", name="Configure Atlassian")).to_be_visible()
        yield page, card
        assert complaints.found == []
    await stack.sandbox.atlassian.reset()


async def leads(place: Page | Locator, answer: str) -> None:
    link = place.get_by_role("link", name="What to do about this")
    await expect(link).to_have_attribute("href", re.compile(f"^/help/{answer}"))


async def expect_success(card: Locator) -> None:
    await expect(card.get_by_text("Authentication Successful")).to_be_visible()


async def test_a_window_that_is_blocked(stack: Stack, chrome: Browser) -> None:
    async with on_tools(stack, chrome) as (page, card):
        await page.evaluate("window.open = () => null")
        await card.get_by_role("button", name="Configure Atlassian").click()
        await expect(card.get_by_text("Your browser blocked the window.")).to_be_visible()
        await expect(
            card.get_by_text("allow pop-ups for this site in the address bar")
        ).to_be_visible()
        await leads(card, "window")
        await card.get_by_role("link", name="use this tab instead").click()
        await agree(page, ALAN)
        await expect_success(page.get_by_role("article", name="Atlassian"))


async def test_a_window_that_was_closed(stack: Stack, chrome: Browser) -> None:
    async with on_tools(stack, chrome) as (page, card):
        async with window(page) as popup:
            await popup.close()
        await expect(
            card.get_by_text("Waiting for you to finish in the other window.")
        ).to_be_visible()
        await leads(card, "stuck")
        async with page.expect_popup() as opening:
            await card.get_by_role("link", name="Open the window again").click()
        await agree(await opening.value, ALAN)
        await expect_success(card)


async def test_a_page_of_atlassians_that_hangs(stack: Stack, chrome: Browser) -> None:
    async with on_tools(stack, chrome) as (page, card):
        await stack.sandbox.atlassian.faults(
            [{"method": "GET", "path_regex": "^/authorize", "fault": "trickle"}]
        )
        async with window(page):
            await expect(
                card.get_by_text("Waiting for you to finish in the other window.")
            ).to_be_visible()
            await leads(card, "stuck")
            await card.get_by_role("link", name="Use this tab instead").click()
        await agree(page, ALAN)
        await expect_success(page.get_by_role("article", name="Atlassian"))


async def test_a_page_that_was_offline_when_atlassian_answered(
    stack: Stack, chrome: Browser
) -> None:
    async def lost(route: Route) -> None:
        await route.abort("internetdisconnected")

    async with on_tools(stack, chrome) as (page, card):
        await page.route("**/connections/atlassian/**", lost)
        async with window(page) as popup, popup.expect_event("close"):
            await agree(popup, ALAN)
        await expect(page.get_by_role("button", name="Waiting for Atlassian")).to_be_visible()
        await page.unroute("**/connections/atlassian/**")
        await expect_success(card)


async def test_a_failure_in_the_window_can_be_copied_for_support(
    stack: Stack, chrome: Browser
) -> None:
    async with on_tools(stack, chrome) as (page, card):
        await stack.sandbox.atlassian.faults(
            [{"method": "POST", "path_regex": "^/oauth/token", "fault": "status", "status": 503}]
        )
        heard: list[str] = []
        async with window(page) as popup:
            popup.on("console", lambda one: heard.append(one.text))
            await agree(popup, ALAN)
            await expect(popup.get_by_role("heading", name="Authentication Failed")).to_be_visible()
            reference = await popup.locator("[data-reference]").inner_text()
            await popup.get_by_role("button", name="Copy the reference").click()
            await expect(popup.get_by_role("status")).to_have_text("Copied the reference.")
            assert await popup.evaluate("navigator.clipboard.readText()") == reference
            await leads(popup, "trouble")
            await popup.get_by_role("link", name="Try again").click()
            async with popup.expect_event("close"):
                await popup.get_by_role("button", name="Accept").click()
        await expect_success(card)
        assert heard == [f"Xerus: Authentication Failed. Reference {reference}."]


async def test_the_console_says_nothing_of_a_connection_that_goes_well(
    stack: Stack, chrome: Browser
) -> None:
    async with on_tools(stack, chrome) as (page, card):
        heard: list[str] = []
        page.on("console", lambda one: heard.append(one.text))
        async with window(page) as popup, popup.expect_event("close"):
            popup.on("console", lambda one: heard.append(one.text))
            await agree(popup, ALAN)
        await expect_success(card)
        assert heard == []


@pytest.mark.parametrize("width", [1280, 390])
async def test_a_notice_is_told_once_hidden_by_its_button_and_gone_after_reconnecting(
    stack: Stack, chrome: Browser, width: int
) -> None:
    async with on_tools(stack, chrome) as (page, card):
        await page.set_viewport_size({"width": width, "height": 800})
        async with window(page) as popup, popup.expect_event("close"):
            await agree(popup, ALAN)
        await expect_success(card)
        await stack.sandbox.atlassian.revoke(ALAN)
        await page.goto(f"{stack.url}/connections/atlassian")
        await page.get_by_role("button", name="Test now").click()
        words = "Atlassian has to be connected again."
        await page.goto(f"{stack.url}/activity")
        await expect(page.get_by_role("status")).to_contain_text(words)
        await page.goto(f"{stack.url}/access")
        notices = page.get_by_role("complementary", name="Notices")
        await expect(notices.get_by_text(words).first).to_be_visible()
        await expect(page.get_by_role("status")).to_have_text("")
        await notices.get_by_role("button", name=f"Hide for a week: {words}").click()
        await expect(page.get_by_role("heading", name="Access", level=1)).to_be_visible()
        await expect(notices).to_have_count(0)


async def test_an_address_that_names_an_answer_shows_it_open(stack: Stack, chrome: Browser) -> None:
    async with profile(chrome) as (_, page, complaints):
        await page.goto(f"{stack.url}/help#stuck")
        await expect(page.get_by_text("An attempt ends by itself after 10 minutes")).to_be_visible()
        await expect(page.get_by_text("A pop-up blocker of the browser")).to_be_hidden()
        assert complaints.found == []
