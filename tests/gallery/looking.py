"""What is wrong with a page as a browser shows it."""

from typing import Literal

from playwright.async_api import BrowserContext, Page, Route

from tests.support.accessibility import violations

_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


_SETTLE = """for (const one of document.getAnimations()) {
    if (one instanceof CSSTransition) one.finish();
}"""

Scheme = Literal["light", "dark"]


async def show_in(page: Page, scheme: Scheme) -> None:
    """Let a page that is there already have other colours, at once."""
    await page.emulate_media(color_scheme=scheme)
    await page.evaluate(_SETTLE)


async def faults(page: Page) -> list[str]:
    """Return what axe-core finds, and whether the page scrolls sideways."""
    sideways = ["scrolls sideways"] if await page.evaluate(_TOO_WIDE) else []
    return [*await violations(page), *sideways]


async def stay(context: BrowserContext) -> None:
    """Keep a page that goes away by itself, or shows that a wait is over, while it is looked at."""

    async def nothing(route: Route) -> None:
        await route.fulfill(body="", content_type="text/javascript")

    for script in ("connected", "approvals"):
        await context.route(f"**/js/{script}.js*", nothing)
