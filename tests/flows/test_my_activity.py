"""A person's own calls, as a client of theirs reads them."""

import re
from typing import Any

from mcp import Client

from tests.support.browser import Browser
from tests.support.journeys import ADA, GRACE, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected, text_of
from tests.support.stack import Stack


async def test_a_person_reads_their_own_calls_and_nobody_elses(
    stack: Stack, browser: Browser, other_browser: Browser
) -> None:
    await sign_in(browser, stack.url, ADA)
    await connect_atlassian(browser, stack.url, ADA)
    async with connected(stack.url, Storage(), browser, ADA) as client:
        await client.call_tool("jira_get_issue", {"issue_key": "ENG-1"})
        await client.call_tool("jira_get_issue", {"issue_key": "NONE-1"})
        calls = await _calls(client, limit=2)
        assert [(c["tool"], c["item"]) for c in calls] == [
            ("jira_get_issue", "NONE-1"),
            ("jira_get_issue", "ENG-1"),
        ]
        assert calls[1]["outcome"] == "ok"
        assert calls[0]["outcome"] != "ok"
        assert (calls[1]["site"], calls[1]["account"]) == ("acme", ADA)
        assert [c["item"] for c in await _calls(client, item="ENG-1")] == ["ENG-1"]
        assert len(await _calls(client, tool="jira_get_issue", since="-1h")) == 2
        assert await _calls(client, since="2999-01-01") == []
        first = await client.call_tool("my_activity", {"tool": "jira_get_issue", "limit": 1})
        (cursor,) = re.findall(r'cursor="([^"]+)"', text_of(first))
        second = await client.call_tool(
            "my_activity", {"tool": "jira_get_issue", "limit": 1, "cursor": cursor}
        )
        assert "NONE-1" in text_of(first)
        assert "ENG-1" in text_of(second)
        assert "NONE-1" not in text_of(second)
    await sign_in(other_browser, stack.url, GRACE)
    async with connected(stack.url, Storage(), other_browser, GRACE) as client:
        assert await _calls(client) == []


async def _calls(client: Client, **arguments: Any) -> list[dict[str, str]]:
    answer = await client.call_tool("my_activity", {"format": "json", **arguments})
    assert answer.structured_content is not None
    return list(answer.structured_content["calls"])
