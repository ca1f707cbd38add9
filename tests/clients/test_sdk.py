"""The SDK's client past a crash and a day later: it renews, and nobody is asked again."""

import signal

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.support.browser import Browser
from tests.support.journeys import ADA, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, provider, text_of
from tests.support.plain import NO_TLS
from tests.support.stack import Stack


async def test_the_sdk_works_past_a_crash_and_renews_a_day_later(
    stack: Stack, browser: Browser
) -> None:
    await sign_in(browser, stack.url, ADA)
    await connect_atlassian(browser, stack.url, ADA)
    storage = Storage()
    auth = provider(stack.url, storage, browser, ADA)

    async def read(key: str) -> str:
        async with (
            httpx2.AsyncClient(auth=auth, timeout=60, verify=NO_TLS, trust_env=False) as http,
            Client(streamable_http_client(f"{stack.url}/mcp", http_client=http)) as client,
        ):
            return text_of(await client.call_tool("jira_get_issue", {"issue_key": key}))

    assert "ENG-1" in await read("ENG-1")
    first = storage.tokens
    await browser.http.aclose()  # a person who is asked again would fail the test
    stack.xerus.restart(with_signal=signal.SIGKILL)
    assert "ENG-3" in await read("ENG-3")
    assert storage.tokens == first
    await stack.a_day_passes()
    auth.context.token_expiry_time = 1.0  # the client's clock has moved along
    assert "ENG-2" in await read("ENG-2")
    assert first
    assert storage.tokens
    assert storage.tokens.refresh_token != first.refresh_token
