"""An MCP server in a real browser: added, connected by the window, disconnected, removed."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.asked import ask
from tests.support.chromium import profile, sign_in
from tests.support.journeys import ADA, GRACE
from tests.support.remote_server import FakeRemote, remote_server
from tests.support.stack import Stack


@pytest.fixture
async def docs() -> AsyncIterator[FakeRemote]:
    async with remote_server(signs_in=True) as running:
        yield running


async def add(page: Page, url: str, docs: FakeRemote) -> None:
    await page.goto(f"{url}/admin/servers")
    await page.get_by_role("link", name="Add a server").click()
    await page.get_by_label("Address of its MCP endpoint").fill(docs.url)
    await page.get_by_role("button", name="Look at it").click()
    await expect(page.get_by_text("It asks people to sign in")).to_be_visible()
    await page.get_by_label("Name", exact=True).fill("Docs")
    await page.get_by_label("Short name").fill("docs")
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_text("The server is added.")).to_be_visible()


async def remove(page: Page, url: str) -> None:
    await page.goto(f"{url}/admin/servers")
    await page.get_by_role("link", name="Manage Docs").click()
    await page.get_by_role("link", name="Remove").click()
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("The server is removed.")).to_be_visible()


async def test_a_server_is_added_connected_by_the_window_disconnected_and_removed(
    stack: Stack, chrome: Browser, docs: FakeRemote
) -> None:
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, stack.url, ADA)
        await add(page, stack.url, docs)
        await page.goto(f"{stack.url}/tools")
        card = page.get_by_role("article", name="Docs")
        async with page.expect_popup() as opening:
            await card.get_by_role("button", name="Configure Docs").click()
        popup = await opening.value
        await expect(card.get_by_role("button", name="Waiting for Docs")).to_be_visible()
        async with popup.expect_event("close"):
            await popup.get_by_role("button", name="Allow").click()
        await expect(card.get_by_text("Authentication Successful")).to_be_visible()
        await expect(card.get_by_role("link", name="Manage Docs")).to_be_visible()

        await card.get_by_role("link", name="Manage Docs").click()
        await page.get_by_role("button", name="Test now").click()
        await expect(page.get_by_text("It works.")).to_be_visible()
        await page.get_by_role("button", name="Disconnect").click()
        await page.get_by_role("button", name="Disconnect").click()
        card = page.get_by_role("article", name="Docs")
        await expect(card.get_by_text("was told to end the access").first).to_be_visible()
        assert not docs.authorization.refresh

        await remove(page, stack.url)
        await page.goto(f"{stack.url}/tools")
        await expect(page.get_by_role("article", name="Docs")).to_have_count(0)
        assert complaints.found == []


async def test_declining_and_a_closed_window_leave_a_next_step(
    stack: Stack, chrome: Browser, docs: FakeRemote
) -> None:
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, stack.url, ADA)
        await add(page, stack.url, docs)
        await page.goto(f"{stack.url}/tools")
        card = page.get_by_role("article", name="Docs")
        async with page.expect_popup() as opening:
            await card.get_by_role("button", name="Configure Docs").click()
        await (await opening.value).close()
        await expect(card.get_by_text("Open the window again")).to_be_visible()
        async with page.expect_popup() as opening:
            await card.get_by_text("Open the window again").click()
        popup = await opening.value
        await popup.get_by_role("button", name="Deny").click()
        await expect(popup.get_by_text("You declined access at Docs.").first).to_be_visible()
        await expect(card.get_by_role("button", name="Configure Docs")).to_be_visible()
        await expect(card.get_by_text("You declined access at Docs.").first).to_be_visible()

        await page.goto(f"{stack.url}/")
        await ask(page, "use docs_note with text again")
        async with page.expect_popup() as opening:
            await page.get_by_role("button", name="Configure Docs").click()
        popup = await opening.value
        async with popup.expect_event("close"):
            await popup.get_by_role("button", name="Allow").click()
        await expect(page.get_by_role("group", name="Approve: note?")).to_be_visible()
        await remove(page, stack.url)
        assert complaints.found == []


async def test_a_second_persons_browser_cannot_finish(
    stack: Stack, chrome: Browser, docs: FakeRemote
) -> None:
    async with (
        profile(chrome) as (_, page, _complaints),
        profile(chrome) as (_, other, _others),
    ):
        await sign_in(page, stack.url, ADA)
        await add(page, stack.url, docs)
        await page.goto(f"{stack.url}/tools")
        async with page.expect_popup() as opening:
            await page.get_by_role("button", name="Configure Docs").click()
        popup = await opening.value
        await expect(popup.get_by_role("button", name="Allow")).to_be_visible()
        await sign_in(other, stack.url, GRACE)
        await other.goto(popup.url)
        await other.get_by_role("button", name="Allow").click()
        await expect(other.get_by_text("does not belong to your session")).to_be_visible()
        assert not docs.authorization.access
        await remove(page, stack.url)
