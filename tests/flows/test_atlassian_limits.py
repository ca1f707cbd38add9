"""Atlassian's limits through two processes of Xerus on one database: heeded, counted, survived."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from tests.support.browser import Browser
from tests.support.journeys import ADA, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected
from tests.support.plain import NO_TLS
from tests.support.processes import free_port
from tests.support.stack import Port, Sandbox, Xerus, user_mode

LIES = (
    '"global-app-quota";r=-1;t=-1',
    '"global-app-quota";r=NaN;t=inf',
    '"global-app-quota";r=' + "9" * 300,
    "garbage",
    '"global-app-quota";r=0;t=99999',
)


@dataclass
class Pair:
    """Two processes that are one installation, and Ada at both."""

    atlassian: Port
    processes: tuple[Xerus, Xerus]
    token: str
    browser: Browser

    async def _ask(self, n: int, method: str, path: str, **given: Any) -> httpx2.Response:
        headers = {
            "Host": f"localhost:{self.processes[0].port}",
            "Accept": "application/json, text/event-stream",
            "Authorization": f"Bearer {self.token}",
        }
        async with httpx2.AsyncClient(verify=NO_TLS, trust_env=False, timeout=60) as http:
            url = f"http://127.0.0.1:{self.processes[n].port}{path}"
            return await http.request(method, url, headers=headers, **given)

    async def call(self, n: int, tool: str, **arguments: Any) -> tuple[bool, str]:
        """Call a tool at process `n`; return whether it failed, and its text."""
        params = {"name": tool, "arguments": arguments}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        result = (await self._ask(n, "POST", "/mcp", json=body)).json()["result"]
        return result.get("isError", False), result["content"][0]["text"]

    async def metrics(self, n: int) -> str:
        return (await self._ask(n, "GET", "/metrics")).text

    async def requests(self, after: int, path: str) -> list[tuple[str, int]]:
        """Return path and status of the requests that Atlassian saw since."""
        seen = await self.atlassian.log(after)
        return [(e["path"], e["status"]) for e in seen if re.search(path, e["path"])]

    async def refuses(self, path: str, reason: str, **headers: str) -> None:
        """Let Atlassian answer the next request of `path` with 429."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if reason:
            named["RateLimit-Reason"] = reason
        await self.atlassian.faults(
            [{"path_regex": path, "fault": "status", "status": 429, "headers": named}]
        )

    async def quotas(self) -> str:
        """Return the administrators' table of quotas, as the first process shows it."""
        page = await self.browser.open(f"{self.processes[0].url}/admin")
        return page.text.split("Atlassian's hourly quota")[1].split("MCP clients")[0]


async def token_of(url: str, browser: Browser) -> str:
    storage = Storage()
    async with connected(url, storage, browser, ADA):
        assert storage.tokens
        return storage.tokens.access_token


@pytest.fixture(scope="module")
async def pair(sandbox: Sandbox) -> AsyncIterator[Pair]:
    """The whole world at twenty past, so that no full hour comes while the tests run."""
    now = datetime.now(UTC)
    ahead = (20 * 60 - now.minute * 60 - now.second) % 3600
    for port in (sandbox.entra, sandbox.atlassian):
        await port.advance(ahead)
    first = free_port()
    env = {**await user_mode(sandbox), "XERUS_PUBLIC_URL": f"http://localhost:{first}"}
    one = Xerus(sandbox.folder, env, port=first, seconds_ahead=ahead).start()
    other = Xerus(sandbox.folder, env, seconds_ahead=ahead).start()
    async with Browser() as browser:
        await sign_in(browser, one.url, ADA)
        await connect_atlassian(browser, one.url, ADA)
        token = await token_of(one.url, browser)
        browser.stops_at = ()
        yield Pair(sandbox.atlassian, (one, other), token, browser)
    for running in (other, one):
        running.stop()


async def test_a_used_up_quota_stops_the_product_in_both_processes_until_the_hour(
    pair: Pair,
) -> None:
    # No Retry-After, and a reset that is over: both were seen.
    await pair.refuses(
        "/wiki/", "confluence-quota-global-based", X_RateLimit_Reset="2026-01-01T00:00Z"
    )
    failed, text = await pair.call(0, "confluence_search", query="type = page")
    assert failed
    assert re.search(
        r"hourly limit .* used up until \d\d:00 UTC.*Repeat the call after", text, re.DOTALL
    )
    async with asyncio.timeout(20):
        while not (await pair.call(1, "confluence_search", query="type = page"))[0]:
            pass
    before = await pair.atlassian.mark()
    for n in (0, 1, 1):
        failed, text = await pair.call(n, "confluence_search", query="type = page")
        assert failed, text
        assert "used up until" in text
    assert await pair.requests(before, "/wiki/") == []
    assert "Used up until" in await pair.quotas()
    assert not (await pair.call(0, "jira_get_issue", issue_key="ENG-1"))[0], "another product"


async def test_a_burst_slows_its_endpoint_and_no_other(pair: Pair) -> None:
    before = await pair.atlassian.mark()
    await pair.refuses("/search/jql", "jira-burst-based", Retry_After="3")
    slowed, swift = await asyncio.gather(
        pair.call(0, "jira_search", jql="project = ENG", limit=1),
        pair.call(0, "jira_get_issue", issue_key="ENG-2"),
    )
    assert not slowed[0], slowed[1]
    assert not swift[0], swift[1]
    seen = await pair.requests(before, "/search/jql|/issue/ENG-2")
    statuses = [(path.rsplit("/", 1)[1], status) for path, status in seen]
    assert sorted(statuses[:2]) == [("ENG-2", 200), ("jql", 429)]
    assert statuses[2:] == [("jql", 200)]


async def test_an_issue_that_is_written_too_often_queues_and_no_other(pair: Pair) -> None:
    before = await pair.atlassian.mark()
    await pair.refuses("/issue/ENG-7/comment", "jira-per-issue-on-write", Retry_After="3")
    calls = [
        pair.call(0, "jira_add_comment", issue_key=key, comment="A word")
        for key in ("ENG-7", "ENG-8")
    ]
    for failed, text in await asyncio.gather(*calls):
        assert not failed, text
    seen = await pair.requests(before, "/issue/ENG-[78]/comment$")
    statuses = [(path.split("/")[-2], status) for path, status in seen]
    assert sorted(statuses[:2]) == [("ENG-7", 429), ("ENG-8", 201)]
    assert statuses[2:] == [("ENG-7", 201)]


async def test_a_refusal_that_says_nothing_is_tried_again(pair: Pair) -> None:
    await pair.refuses("/issue/ENG-3$", "")
    failed, text = await pair.call(0, "jira_get_issue", issue_key="ENG-3")
    assert not failed, text


async def test_points_of_both_processes_are_counted_and_shown_to_administrators(
    pair: Pair,
) -> None:
    def jira_points(text: str) -> int:
        found = re.search(r"Jira\s*([\d,]+) of", text)
        return int(found[1].replace(",", "")) if found else 0

    # No other test spends Jira's points at the second process, so none are still on their way.
    before, spent = await pair.atlassian.mark(), jira_points(await pair.quotas())
    for n in (0, 1, 1):
        await pair.call(n, "jira_get_issue", issue_key="ENG-4")
    sent = await pair.requests(before, "/issue/ENG-4")
    assert len(sent) == 3
    async with asyncio.timeout(30):
        while (now := jira_points(await pair.quotas())) < spent + 6:  # noqa: ASYNC110 - a page
            await asyncio.sleep(0.2)
    assert now == spent + 6
    assert 'xerus_atlassian_points_total{product="jira"}' in await pair.metrics(1)


async def test_headers_that_lie_on_good_answers_change_no_answer_and_stop_nothing(
    pair: Pair,
) -> None:
    for lie in LIES:
        answer = {"key": "ENG-9", "fields": {"summary": "An issue"}}
        headers = {"RateLimit": lie, "RateLimit-Policy": lie, "Content-Type": "application/json"}
        fault = {"fault": "status", "status": 200, "headers": headers, "body": answer}
        await pair.atlassian.faults([{"path_regex": "/issue/ENG-9", **fault}])
        failed, text = await pair.call(0, "jira_get_issue", issue_key="ENG-9")
        assert not failed, text
    # None left, said Atlassian with a good answer: administrators see it, nobody is refused.
    assert "0 left" in await pair.quotas()
    before = await pair.atlassian.mark()
    failed, text = await pair.call(0, "jira_get_issue", issue_key="ENG-10")
    assert not failed, text
    assert await pair.requests(before, "/issue/ENG-10")
