"""A person who uses Xerus by the client of fastmcp."""

from typing import Any

from fastmcp import Client
from fastmcp.client.auth import OAuth
from mcp.shared.auth import AuthorizationCodeResult

from tests.flows.front_door.door import query_of
from tests.support.browser import Browser
from tests.support.journeys import ADA
from tests.support.mcp_client import consent, text_of


class Person(OAuth):
    """fastmcp's OAuth, its person at a `Browser` instead of a window of the desktop."""

    def __init__(self, url: str, browser: Browser) -> None:
        super().__init__(f"{url}/mcp")
        self.server = url
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

    async def read(self, key: str) -> str:
        """Return what `jira_get_issue` says with a client made for this one call."""
        client: Client[Any] = Client(f"{self.server}/mcp", auth=self)
        async with client:
            assert "jira_get_issue" in {tool.name for tool in await client.list_tools()}
            return text_of(await client.call_tool("jira_get_issue", {"issue_key": key}))
