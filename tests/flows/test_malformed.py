"""Row 23 of the list of threats: everything but the time that a refusal takes, as `make soak` does."""

from collections.abc import AsyncIterator

import pytest

from tests.flows import crawled, malformed
from tests.support.browser import Browser
from tests.support.journeys import ADA, connect_atlassian, sign_in
from tests.support.quiet import quiet


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[malformed.Place]:
    async with malformed.place() as here:
        yield here


async def test_row_23_1000_broken_requests_get_no_server_error_and_no_stack_trace(
    place: malformed.Place,
) -> None:
    assert await malformed.messages(place, 1_000, quiet)


async def test_row_23_bodies_of_100_mb_and_10_000_levels_are_refused_everywhere(
    place: malformed.Place,
) -> None:
    assert await malformed.bodies(place, quiet)


async def test_row_23_heads_that_are_too_long_or_broken_are_refused_everywhere(
    place: malformed.Place,
) -> None:
    assert await malformed.headers(place, quiet)


async def test_row_23_requests_that_do_not_end_keep_nobody_out(place: malformed.Place) -> None:
    assert await malformed.slow(place, quiet, connections=40)


async def test_row_23_no_address_and_no_form_of_any_page_brings_a_server_error(
    place: malformed.Place, browser: Browser
) -> None:
    await sign_in(browser, place.xerus.url, ADA)
    await connect_atlassian(browser, place.xerus.url, ADA)
    await browser.open(f"{place.xerus.url}/")
    await browser.click("Send", text="create a task in ENG: Never")
    found = await crawled.crawl(place.xerus, browser, place.operations)
    assert {"/admin/audit", "/conversations", "/theme"} <= {ask.path for ask in found}
    tried = [*crawled.in_paths(place.operations), *crawled.spoilt(found)]
    assert await crawled.try_all(place.xerus, browser, tried) == []
    still_there = await browser.open(f"{place.xerus.url}/admin")
    assert ADA in still_there.text  # or all this would have been tried signed out
    place.check_log()
