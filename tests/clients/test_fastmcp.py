"""The client of fastmcp: the whole way, past a restart of Xerus, and a day later."""

from typing import Any

import pytest
from fastmcp import Client
from fastmcp.client.auth import OAuth
from mcp.shared.auth import AuthorizationCodeResult

from tests.flows.front_door.door import query_of
from tests.support.browser import Browser
from tests.support.journeys import ADA, connect_atlassian, sign_in
from tests.support.mcp_client import consent, text_of
from tests.support.stack import Stack

# The tokens are to be forgotten with the test.
pytestmark = pytest.mark.filterwarnings("ignore:Using in-memory token storage")


class Person(OAuth):
    """fastmcp's OAuth, its person at a `Browser` instead of a window of the desktop."""

    def __init__(self, url: str, browser: Browser) -> None:
        super().__init__(f"{url}/mcp")
        self.browser = browser
        self.asked = 0
        self.arrived = ""

    async def redirect_handler(self, authorization_url: str) -> None:
        self.asked += 1
        self.browser.stops_at = (f"http://localhost:{self.redirect_port}/callback",)
        self.arrived = await consent(self.browser, authorization_url, ADA)

    async def callback_handler(self) -> AuthorizationCodeResult:
        query = query_of(self.arrived)
        return AuthorizationCodeResult(
            code=query["code"], state=query["state"], iss=query.get("iss")
        )


async def read(stack: Stack, person: Person, key: str) -> str:
    client: Client[Any] = Client(f"{stack.url}/mcp", auth=person)
    async with client:
        assert "jira_get_issue" in {tool.name for tool in await client.list_tools()}
        return text_of(await client.call_tool("jira_get_issue", {"issue_key": key}))


async def test_fastmcp_works_past_a_restart_and_a_day_later_without_asking_again(
    stack: Stack, browser: Browser
) -> None:
    await sign_in(browser, stack.url, ADA)
    await connect_atlassian(browser, stack.url, ADA)
    person = Person(stack.url, browser)
    assert "ENG-1" in await read(stack, person, "ENG-1")
    first = person.context.current_tokens
    stack.xerus.restart()
    assert "ENG-2" in await read(stack, person, "ENG-2")
    assert person.context.current_tokens == first
    await stack.a_day_passes()
    person.context.token_expiry_time = 1.0  # the client's clock has moved along
    assert "ENG-3" in await read(stack, person, "ENG-3")
    renewed = person.context.current_tokens
    assert first
    assert renewed
    assert renewed.refresh_token != first.refresh_token
    assert person.asked == 1


async def test_the_token_of_yesterday_is_refused(stack: Stack, browser: Browser) -> None:
    await sign_in(browser, stack.url, ADA)
    await connect_atlassian(browser, stack.url, ADA)
    person = Person(stack.url, browser)
    await read(stack, person, "ENG-1")
    await stack.a_day_passes()
    await read(stack, person, "ENG-1")  # the client believes its token to be good, and is told
    assert person.asked == 2
