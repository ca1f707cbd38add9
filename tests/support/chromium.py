"""A real browser: Debian's Chromium driven by Playwright, its popup blocker left on."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    async_playwright,
    expect,
)

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# As long as a slow machine may need; a page that is as expected is never waited for.
_PATIENCE_MS = 20_000
expect.set_options(timeout=_PATIENCE_MS)


def executable() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise AssertionError("no Chromium: run make test, which installs it where it may")


@dataclass
class Complaints:
    """What the pages of one profile complained of: policy violations and script errors."""

    found: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Trusted" in message.text:
            self.found.append(message.text)

    def watch(self, page: Page) -> None:
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.found.append(str(error)))


@asynccontextmanager
async def chromium(*, popups_blocked: bool = True) -> AsyncIterator[Browser]:
    ignored = ["--disable-popup-blocking"] if popups_blocked else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable(), args=FLAGS, ignore_default_args=ignored
        )
        yield browser
        await browser.close()


@asynccontextmanager
async def profile(
    browser: Browser, **options: Any
) -> AsyncIterator[tuple[BrowserContext, Page, Complaints]]:
    """Yield a fresh profile with one page; every page of it is watched for complaints."""
    context = await browser.new_context(**options)
    complaints = Complaints()
    context.on("page", complaints.watch)
    page = await context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    yield context, page, complaints
    await context.close()


async def sign_in(page: Page, url: str, account: str) -> None:
    """Sign in as `account` and stand on the Tools page."""
    await page.goto(f"{url}/tools")
    await page.get_by_text("Continue with Microsoft").click()
    await page.get_by_role("button", name=account).click()
    await expect(page.get_by_role("heading", name="Tools", level=1)).to_be_visible()
