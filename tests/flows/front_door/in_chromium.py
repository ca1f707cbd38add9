"""Row 8 of the list of threats in a real browser, which decides itself which cookies go along."""

from html import escape
from itertools import product

from playwright.async_api import Browser, Page, Request, Response

from tests.flows.front_door.attacks import Told, callback_of_ada, issued_codes
from tests.flows.front_door.door import CALLBACK, Attempt, Door
from tests.support.chromium import chromium, profile
from tests.support.journeys import ADA

_FORBIDDEN = 403


async def cross_browser(door: Door, tries: int, told: Told) -> str:
    """Bring somebody's callback into other people's Chromium; return what was counted."""
    made = await issued_codes(door)
    async with chromium() as browser:
        for number in range(tries):
            await _try(door, browser, number)
            told(f"{number + 1} of {tries} tries in Chromium")
    issued = await issued_codes(door) - made
    assert issued == 0, f"{issued} codes were issued"
    return f"{tries} in Chromium, 0 codes issued"


async def _try(door: Door, browser: Browser, number: int) -> None:
    url = await callback_of_ada(door)
    victim, lure = _WAYS[number % len(_WAYS)]
    async with profile(browser) as (_, page, _):
        await victim(door, page)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await lure(page, url)
        assert [one for one in asked if "/oauth/callback" in one]
        assert not [one for one in asked if one.startswith(CALLBACK)], (victim.__name__, lure)


async def _in_the_address_bar(page: Page, url: str) -> None:
    answer = await page.goto(url)
    assert answer is not None
    assert answer.status == _FORBIDDEN


async def _by_a_link(page: Page, url: str) -> None:
    await _on_another_site(page, f'<a href="{escape(url)}">Click</a>')
    async with page.expect_response(_is_callback) as answer:
        await page.get_by_text("Click").click()
    assert (await answer.value).status == _FORBIDDEN


async def _in_a_frame(page: Page, url: str) -> None:
    # Chromium does not even show the page: it may not be framed.
    async with page.expect_event("requestfailed", _is_callback):
        await _on_another_site(page, f'<iframe src="{escape(url)}"></iframe>')


async def _on_another_site(page: Page, html: str) -> None:
    await page.goto("about:blank")
    await page.set_content(html)


def _is_callback(message: Request | Response) -> bool:
    return "/oauth/callback" in message.url


async def _nobody(door: Door, page: Page) -> None:
    del door, page


async def _on_the_way(door: Door, page: Page) -> None:
    await page.goto(Attempt(door, (await door.register())["client_id"]).url())
    await page.get_by_role("button", name="Allow").click()
    await page.get_by_role("button", name=ADA).wait_for()


async def _signed_in(door: Door, page: Page) -> None:
    await page.goto(f"{door.url}/start")
    await page.get_by_role("button", name=ADA).click()
    await page.wait_for_url(f"{door.url}/**")


_WAYS = list(
    product((_nobody, _on_the_way, _signed_in), (_in_the_address_bar, _by_a_link, _in_a_frame))
)
