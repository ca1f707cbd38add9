"""The window at Atlassian where things go wrong: twice, elsewhere, by somebody else."""

from playwright.async_api import Browser, Page, Request, expect

from tests.support.chromium import profile, sign_in
from tests.support.journeys import ALAN, GRACE
from tests.support.stack import Stack
from tests.support.window import agree, expect_success, window


async def disconnected(page: Page, stack: Stack) -> None:
    await page.goto(f"{stack.url}/tools")
    for attempt in await page.get_by_role("button", name="Cancel").all():
        await attempt.click()
        await expect(attempt).to_have_count(0)
    leave = page.get_by_role("button", name="Disconnect Atlassian")
    if await leave.count():
        await leave.click()
        await page.get_by_role("button", name="Disconnect").last.click()
        await page.goto(f"{stack.url}/tools")


async def accepted(popup: Page) -> str:
    """Press Accept, and return the way back without going it."""
    form = popup.locator("form", has=popup.get_by_role("button", name="Accept"))
    fields: dict[str, str | float | bool] = await form.evaluate(
        "(form) => Object.fromEntries(new FormData(form, form.querySelector('button')))"
    )
    action = str(await form.evaluate("(form) => form.action"))
    answer = await popup.context.request.post(action, form=fields, max_redirects=0)
    return answer.headers["location"]


async def test_a_double_click_opens_one_window_and_makes_one_attempt(
    stack: Stack, chrome: Browser
) -> None:
    async with profile(chrome) as (context, page, complaints):
        await sign_in(page, stack.url, GRACE)
        await disconnected(page, stack)
        started: list[str] = []

        def hear(request: Request) -> None:
            if request.url.endswith("/atlassian/start"):
                started.append(request.url)

        context.on("request", hear)
        async with page.expect_popup() as opening:
            await page.get_by_role("button", name="Configure Atlassian").dblclick()
        popup = await opening.value
        await agree(popup, GRACE)
        await expect_success(page, GRACE)
        assert len(started) == 1
        assert complaints.found == []


async def test_the_second_of_two_windows_is_the_one_that_counts(
    stack: Stack, chrome: Browser
) -> None:
    async with profile(chrome) as (context, page, complaints):
        await sign_in(page, stack.url, ALAN)
        await disconnected(page, stack)
        other = await context.new_page()
        await other.goto(f"{stack.url}/tools")
        async with window(page) as first:
            await first.get_by_role("button", name=ALAN).click()
        async with other.expect_popup() as opening:
            await other.get_by_role("link", name="Open the window again").click()
        second = await opening.value
        await second.get_by_role("button", name="Accept").wait_for()
        await first.get_by_role("button", name="Accept").click()
        await expect(first.get_by_text("Authentication Successful")).to_have_count(0)
        await expect(first.get_by_role("link", name="Try again")).to_be_visible()
        await second.get_by_role("button", name="Accept").click()
        await second.get_by_role("button", name="acme").click()
        for shown in (page, other):
            await expect_success(shown, ALAN)
        assert complaints.found == []


async def test_another_person_gets_nothing_of_an_attempt(stack: Stack, chrome: Browser) -> None:
    async with profile(chrome) as (_, page, _), profile(chrome) as (_, stranger, _):
        await sign_in(page, stack.url, GRACE)
        await disconnected(page, stack)
        await sign_in(stranger, stack.url, ALAN)
        await disconnected(stranger, stack)
        async with window(page) as popup:
            await popup.get_by_role("button", name=GRACE).click()
            await popup.get_by_role("button", name="Accept").wait_for()
            await stranger.goto(await accepted(popup))
        await expect(stranger.get_by_text("does not belong to your session")).to_be_visible()
        for shown in (page, stranger):
            await shown.goto(f"{stack.url}/tools")
            await expect(shown.get_by_role("button", name="Disconnect Atlassian")).to_have_count(0)


async def test_another_name_of_this_computer_leads_back_to_the_one_address(
    stack: Stack, chrome: Browser
) -> None:
    elsewhere = stack.url.replace("localhost", "127.0.0.1")
    assert elsewhere != stack.url
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, elsewhere, GRACE)
        assert page.url == f"{stack.url}/tools"
        await disconnected(page, stack)
        await page.goto(f"{elsewhere}/tools")
        async with window(page) as popup:
            await agree(popup, GRACE)
        await expect_success(page, GRACE)
        assert complaints.found == []
