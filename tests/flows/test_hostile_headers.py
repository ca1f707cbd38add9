"""Headers with which callers of other servers chose where these sent their requests."""

from typing import Any

import httpx2
import pytest

from tests.support.browser import Browser
from tests.support.journeys import GRACE, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected
from tests.support.plain import NO_TLS
from tests.support.stack import Stack

CALL: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "jira_get_issue", "arguments": {"issue_key": "ENG-1"}},
}


@pytest.mark.parametrize("name", ["Jira", "Confluence"])
async def test_headers_that_name_another_atlassian_change_nothing(
    stack: Stack, browser: Browser, name: str
) -> None:
    storage = Storage()
    await sign_in(browser, stack.url, GRACE)
    await connect_atlassian(browser, stack.url, GRACE)
    async with connected(stack.url, storage, browser, GRACE):
        assert storage.tokens
    mark = await stack.sandbox.atlassian.mark()
    hostile = {
        f"X-Atlassian-{name}-Url": stack.sandbox.entra.base,
        f"X-Atlassian-{name}-Personal-Token": "stolen",
        "X-Atlassian-Cloud-Id": "another",
        "X-Forwarded-Host": "evil.example",
    }
    elsewhere = await stack.sandbox.entra.mark()
    async with httpx2.AsyncClient(verify=NO_TLS, trust_env=False, timeout=30) as http:
        answer = await http.post(
            f"{stack.url}/mcp",
            json=CALL,
            headers={
                "Authorization": f"Bearer {storage.tokens.access_token}",
                "Accept": "application/json, text/event-stream",
                **hostile,
            },
        )
    assert "ENG-1" in answer.text
    seen = await stack.sandbox.atlassian.log(mark)
    assert {(one["account"], one["credential"]) for one in seen} == {(GRACE, "oauth")}
    assert await stack.sandbox.entra.log(elsewhere) == []
