"""The window in which a person agrees at Atlassian, in a real browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, expect


@asynccontextmanager
async def window(page: Page, button: str = "Configure Atlassian") -> AsyncIterator[Page]:
    """Yield the window that the card's button opens."""
    async with page.expect_popup() as opening:
        await page.get_by_role("button", name=button).click()
    yield await opening.value


async def agree(popup: Page, account: str) -> None:
    await popup.get_by_role("button", name=account).click()
    await popup.get_by_role("button", name="Accept").click()


async def expect_success(page: Page, account: str) -> None:
    card = page.get_by_role("article", name="Atlassian")
    await expect(card.get_by_text("Authentication Successful")).to_be_visible()
    await expect(card.get_by_text(account).first).to_be_visible()
    await expect(card.get_by_text("acme").first).to_be_visible()
