"""The client of fastmcp: the whole way, past a restart of Xerus, and a day later."""

from typing import TYPE_CHECKING

import pytest

from tests.support.browser import Browser
from tests.support.journeys import ADA, connect_atlassian, sign_in
from tests.support.stack import Stack

if TYPE_CHECKING:
    from tests.clients.fastmcp_person import Person

# The tokens are to be forgotten with the test.
pytestmark = pytest.mark.filterwarnings("ignore:Using in-memory token storage")


def a_person(stack: Stack, browser: Browser) -> "Person":
    # Two seconds of imports, which only the worker that runs these tests shall pay.
    from tests.clients.fastmcp_person import Person  # noqa: PLC0415 - the worker that needs it alone loads it

    return Person(stack.url, browser)


async def test_fastmcp_works_past_a_restart_and_a_day_later_without_asking_again(
    stack: Stack, browser: Browser
) -> None:
    await sign_in(browser, stack.url, ADA)
    await connect_atlassian(browser, stack.url, ADA)
    person = a_person(stack, browser)
    assert "ENG-1" in await person.read("ENG-1")
    first = person.context.current_tokens
    stack.xerus.restart()
    assert "ENG-2" in await person.read("ENG-2")
    assert person.context.current_tokens == first
    await stack.a_day_passes()
    person.context.token_expiry_time = 1.0  # the client's clock has moved along
    assert "ENG-3" in await person.read("ENG-3")
    renewed = person.context.current_tokens
    assert first
    assert renewed
    assert renewed.refresh_token != first.refresh_token
    assert person.asked == 1


async def test_the_token_of_yesterday_is_refused(stack: Stack, browser: Browser) -> None:
    await sign_in(browser, stack.url, ADA)
    await connect_atlassian(browser, stack.url, ADA)
    person = a_person(stack, browser)
    await person.read("ENG-1")
    await stack.a_day_passes()
    await person.read("ENG-1")  # the client believes its token to be good, and is told
    assert person.asked == 2
