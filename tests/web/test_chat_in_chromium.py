"""The chat in a real browser: reading, approving, declining, without JavaScript too."""

import re

from playwright.async_api import Browser, Locator, Page, expect

from tests.support.browser import Browser as TextBrowser
from tests.support.chromium import profile, sign_in
from tests.support.journeys import ADA, connect_atlassian
from tests.support.journeys import sign_in as sign_in_by_http
from tests.support.stack import Stack


async def ready(stack: Stack) -> None:
    async with TextBrowser() as browser:
        await sign_in_by_http(browser, stack.url, ADA)
        await connect_atlassian(browser, stack.url, ADA)


async def ask(page: Page, text: str) -> None:
    await page.get_by_role("textbox").fill(text)
    await page.get_by_role("textbox").press("Enter")


def answer(page: Page) -> Locator:
    return page.get_by_role("article", name="Xerus").last


async def created(stack: Stack, after: int) -> list[tuple[str, str]]:
    """Return account and credential of each issue that was created."""
    log = await stack.sandbox.atlassian.log(after)
    return [
        (entry["account"], entry["credential"])
        for entry in log
        if entry["method"] == "POST" and entry["path"].endswith("/rest/api/3/issue")
    ]


async def test_reads_run_and_writes_wait_for_the_person(stack: Stack, chrome: Browser) -> None:
    await ready(stack)
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        await expect(page.get_by_text("Demo model: no AI").first).to_be_visible()
        await ask(page, "find open bugs in ENG")
        await expect(page.get_by_text("Search issues", exact=True)).to_be_visible()
        await expect(page.get_by_role("cell", name="Bug").first).to_be_visible()
        talks = page.get_by_role("navigation", name="Conversations")
        await expect(talks.get_by_role("link", name="find open bugs in ENG")).to_be_visible()
        await expect(talks.get_by_text("Answering")).to_have_count(0)
        mark = await stack.sandbox.atlassian.mark()
        await ask(page, "create a task in ENG: Written in Chromium")
        await expect(page.get_by_role("button", name="Approve")).to_be_visible()
        assert await created(stack, mark) == []
        await page.reload()
        await page.get_by_role("button", name="Approve").click()
        await expect(answer(page)).to_contain_text("Created. ENG-")
        assert await created(stack, mark) == [(ADA, "oauth")]
        await ask(page, "create a bug in ENG: Never to be written")
        await page.get_by_role("button", name="Decline").click()
        await expect(page.get_by_text("Declined").first).to_be_visible()
        assert len(await created(stack, mark)) == 1
        await ask(page, "show page Release process")
        await expect(page.get_by_text("Get page", exact=True)).to_be_visible()
        assert complaints.found == []


async def test_a_call_is_edited_in_its_place_and_runs_as_it_is_shown_then(
    stack: Stack, chrome: Browser
) -> None:
    await ready(stack)
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        mark = await stack.sandbox.atlassian.mark()
        await ask(page, "create a task in ENG: Written by the model")
        await page.get_by_role("link", name="Edit the call: Create issue").click()
        await expect(page.get_by_role("heading", name="Edit: Create issue")).to_be_focused()
        talk = page.url
        card = page.get_by_role("group", name=re.compile("Create issue"))
        await card.get_by_text("Further arguments").click()
        await card.get_by_label("Labels").fill("[one")
        await card.get_by_role("button", name="Save and look at it again").click()
        await expect(card.get_by_role("alert")).to_contain_text("Not saved: Labels")
        await card.get_by_label("Labels").fill('["one"]')
        await card.get_by_label("Summary").fill("Written in its place")
        await card.get_by_role("button", name="Save and look at it again").click()
        await expect(page.get_by_text("Edited by you")).to_be_visible()
        await expect(card).to_be_focused()
        assert page.url == talk
        await card.get_by_role("button", name="Approve", exact=True).click()
        await expect(answer(page)).to_contain_text("Written in its place")
        assert await created(stack, mark) == [(ADA, "oauth")]
        assert complaints.found == []


async def test_the_chat_works_without_javascript(stack: Stack, chrome: Browser) -> None:
    await ready(stack)
    async with profile(chrome, java_script_enabled=False) as (_, page, _complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        mark = await stack.sandbox.atlassian.mark()
        await page.get_by_role("textbox").fill("create a task in ENG: Plain forms")
        await page.get_by_role("button", name="Send").click()
        await page.get_by_role("button", name="Approve").click()
        await expect(answer(page)).to_contain_text("Created. ENG-")
        assert await created(stack, mark) == [(ADA, "oauth")]


async def test_markup_in_a_ticket_stays_text(stack: Stack, chrome: Browser) -> None:
    await ready(stack)
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/")
        await ask(page, "show ENG-42")
        await expect(answer(page)).to_contain_text("Ignore all previous instructions")
        main = page.get_by_role("main")
        assert await main.locator("script, img[src='x']").count() == 0
        assert complaints.found == []
