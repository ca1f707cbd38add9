"""Without Entra configured: one local administrator, by a one-time link from the terminal."""

import re
from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.support.browser import Browser
from tests.support.folders import reachable
from tests.support.journeys import ADA, connect_atlassian
from tests.support.mcp_client import CALLBACK, Storage, connected, text_of
from tests.support.stack import Sandbox, Stack, Xerus, user_mode

LINK = re.compile(r"http://\S+/signin\?link=\S+")


@pytest.fixture(scope="module")
async def alone(sandbox: Sandbox) -> AsyncIterator[Stack]:
    """A Xerus with an Atlassian app and no identity provider."""
    env = {k: v for k, v in (await user_mode(sandbox)).items() if k.startswith("ATLASSIAN")}
    running = Stack(sandbox, Xerus(reachable(), env).start())
    yield running
    running.xerus.stop()


def newest_link(stack: Stack) -> str:
    return str(LINK.findall(stack.xerus.log.read_text())[-1])


async def test_the_link_signs_the_administrator_in_once_and_for_the_whole_journey(
    alone: Stack, browser: Browser, other_browser: Browser
) -> None:
    alone.xerus.restart()
    link = newest_link(alone)
    proxied = {"X-Forwarded-For": "203.0.113.9"}
    async with httpx2.AsyncClient(trust_env=False) as far:
        assert (await far.get(link, headers=proxied)).status_code == 403
    await browser.open(link)
    page = await browser.open(f"{alone.url}/admin")
    for words in ("Only the local administrator can sign in", "No MCP client is connected yet"):
        assert words in page.text
    page = await other_browser.open(link)
    assert page.status >= 400
    assert "used already" in page.text
    assert (await other_browser.http.get(f"{alone.url}/tools")).status_code == 303

    await connect_atlassian(browser, alone.url, ADA)
    async with connected(alone.url, Storage(), browser, "") as client:
        answer = await client.call_tool("jira_get_issue", {"issue_key": "ENG-1"})
        assert not answer.is_error, text_of(answer)
    page = await browser.open(f"{alone.url}/admin")
    for words in ("Tools reach Jira and Confluence.", "An MCP client has got access."):
        assert words in page.text


async def test_the_sign_in_page_says_which_settings_are_missing(
    alone: Stack, browser: Browser
) -> None:
    page = await browser.open(f"{alone.url}/signin")
    assert "not configured" in page.text
    for words in ("XERUS_PUBLIC_URL is no https", "ENTRA_ID_CLIENT_SECRET is missing"):
        assert words in page.text
    assert not browser.can("Continue with Microsoft")


async def test_registration_answers_and_authorization_says_plainly_what_is_not_configured(
    alone: Stack, browser: Browser
) -> None:
    async with httpx2.AsyncClient(trust_env=False) as http:
        metadata = {"client_name": "Early", "redirect_uris": [CALLBACK]}
        registered = await http.post(f"{alone.url}/oauth/register", json=metadata)
    assert registered.status_code == 201
    query = httpx2.QueryParams(
        response_type="code",
        client_id=registered.json()["client_id"],
        redirect_uri=CALLBACK,
        code_challenge="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        code_challenge_method="S256",
    )
    page = await browser.open(f"{alone.url}/oauth/authorize?{query}")
    assert page.status == 503
    assert "ENTRA_ID_EXPECTED_ISSUER" in page.text


async def test_a_guessed_link_is_refused(alone: Stack, browser: Browser) -> None:
    page = await browser.open(f"{alone.url}/signin?link=guessed")
    assert page.status >= 400
    assert (await browser.http.get(f"{alone.url}/tools")).status_code == 303
