"""How long a person waits after Accept: from the callback to "Authentication Successful"."""

from time import perf_counter

from bench.world import World
from tests.support.browser import Browser, LeftTheWorld
from tests.support.journeys import GRACE, sign_in


async def callback_seconds(world: World, runs: int) -> list[float]:
    """Connect `runs` times as somebody with one site; return what each callback took.

    The time holds the exchange of the code, the question for account and sites, sealing, storing
    and the page: three requests to Atlassian.
    """
    async with Browser() as browser:
        await sign_in(browser, world.url, GRACE)
        return [await _once(world, browser) for _ in range(runs)]


async def _once(world: World, browser: Browser) -> float:
    browser.stops_at = (f"{world.url}/connections/atlassian/callback",)
    try:
        await browser.open(f"{world.url}/connections/atlassian/start")
        if browser.can(GRACE):
            await browser.click(GRACE)
        await browser.click("Accept")
    except LeftTheWorld as end:
        browser.stops_at = ()
        begun = perf_counter()
        page = await browser.open(end.url)
        taken = perf_counter() - begun
        assert "Authentication Successful" in page.text, page.text
        return taken
    raise AssertionError(f"no callback: {browser.page.url} {browser.page.text[:300]}")
