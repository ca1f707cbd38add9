"""The MCP project's own test server: added by its address, used in the chat, and removed."""

from playwright.async_api import Browser, Page, expect

from tests.support.asked import answer, ask, is_over
from tests.support.browser import Browser as TextBrowser
from tests.support.chromium import profile, sign_in
from tests.support.everything import everything
from tests.support.journeys import ADA, connect_atlassian
from tests.support.journeys import sign_in as sign_in_by_http
from tests.support.stack import Stack


async def add(page: Page, stack: Stack, url: str, *, slug: str) -> None:
    await page.goto(f"{stack.url}/admin/servers/add")
    await page.get_by_label("Address of its MCP endpoint").fill(url)
    await page.get_by_role("button", name="Look at it").click()
    await page.get_by_label("Name", exact=True).fill("Everything")
    await page.get_by_label("Short name").fill(slug)
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_text("The server is added.")).to_be_visible()


async def approve(page: Page) -> None:
    await page.get_by_role("button", name="Approve", exact=True).click()
    await is_over(page)


async def test_a_server_is_added_used_with_an_approval_and_removed(
    stack: Stack, chrome: Browser
) -> None:
    async with everything() as url, profile(chrome) as (_, page, complaints):
        host = url.split("/")[2]
        await sign_in(page, stack.url, ADA)
        await add(page, stack, url, slug="everything")
        one = page.url

        await page.goto(f"{stack.url}/")
        await ask(page, "what can you do?")
        await expect(answer(page)).to_contain_text("everything_echo")

        await ask(page, 'use everything_echo with message "hello from Xerus"')
        card = page.get_by_role("group", name="Approve: Echo Tool?")
        await expect(card).to_contain_text(f"Everything ({host})")
        await expect(card).to_contain_text("hello from Xerus")
        await approve(page)
        await expect(answer(page)).to_contain_text("Echo: hello from Xerus")
        row = page.locator("details.tool").last
        await expect(row).to_contain_text(f"Everything ({host})")

        await page.goto(f"{stack.url}/activity")
        call = page.get_by_role("row").filter(has_text=f"Everything · {host} · echo")
        await expect(call.filter(has_text="Tool of another MCP server finished")).to_have_count(1)
        await page.goto(one)
        await expect(page.get_by_text("Answers").first).to_be_visible()

        await page.get_by_role("link", name="Remove").click()
        await page.get_by_role("button", name="Remove").click()
        await page.goto(f"{stack.url}/")
        await ask(page, 'use everything_echo with message "again"')
        await expect(answer(page)).to_contain_text("There is no tool everything_echo")
        assert complaints.found == []


async def test_what_it_answers_is_shown_as_far_as_it_can_be_and_stopped_when_it_takes_long(
    stack: Stack, chrome: Browser
) -> None:
    async with everything() as url, profile(chrome) as (_, page, complaints):
        await sign_in(page, stack.url, ADA)
        await add(page, stack, url, slug="lasting")
        await page.get_by_role("button", name="Believe the server which tools only read").click()
        await expect(page.get_by_text("run without being asked about").first).to_be_visible()
        await page.goto(f"{stack.url}/")
        for request, shown in (
            ("use lasting_get-tiny-image", "[not shown: image (image/png, 4 kB)]"),
            ("use lasting_get-sum with a 2, b 40", "The sum of 2 and 40 is 42."),
            ("use lasting_get-resource-links with count 2", "demo://resource/dynamic/text/2"),
            (
                'use lasting_get-structured-content with location "Chicago"',
                "Light rain / drizzle",
            ),
            (
                'use lasting_get-annotated-message with messageType "error"',
                "Error: Operation failed",
            ),
        ):
            await ask(page, request)
            await expect(answer(page)).to_contain_text(shown)
            await is_over(page)
        assert await page.get_by_role("button", name="Approve", exact=True).count() == 0

        await ask(page, "use lasting_trigger-long-running-operation with duration 50, steps 50")
        await expect(page.locator("details.tool").last).to_contain_text("Running")
        await page.get_by_role("button", name="Stop").click()
        await is_over(page)
        await expect(page.locator("details.tool").last).to_contain_text("Cancelled")

        await ask(page, "use lasting_trigger-elicitation-request")
        await approve(page)
        await expect(answer(page)).to_contain_text("does not pass such questions on and declined")
        assert complaints.found == []


async def test_a_server_that_is_gone_takes_nothing_from_the_answer_but_its_tools(
    stack: Stack, chrome: Browser
) -> None:
    async with TextBrowser() as browser:
        await sign_in_by_http(browser, stack.url, ADA)
        await connect_atlassian(browser, stack.url, ADA)
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, stack.url, ADA)
        async with everything() as url:
            await page.goto(f"{stack.url}/admin/servers/add")
            await page.get_by_label("Address of its MCP endpoint").fill(url)
            await page.get_by_role("button", name="Look at it").click()
            await page.get_by_label("Name", exact=True).fill("Gone")
            await page.get_by_label("Short name").fill("gone")
            await page.get_by_role("button", name="Add").click()
        await page.goto(f"{stack.url}/")
        await ask(page, "find open bugs in ENG")
        await expect(answer(page)).to_contain_text("ENG-")
        await expect(page.get_by_text("Gone (127.0.0.1:")).to_contain_text("its tools are missing")
        await ask(page, "show ENG-12")
        await expect(answer(page)).to_contain_text("ENG-12")
        await expect(page.get_by_text("its tools are missing")).to_have_count(1)
        assert complaints.found == []
