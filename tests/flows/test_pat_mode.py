"""The operator's token serves signed-in callers, and nobody else."""

from collections.abc import AsyncIterator
from time import time
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.support.browser import Browser
from tests.support.folders import reachable
from tests.support.journeys import GRACE, sign_in
from tests.support.mcp_client import Storage, connected, text_of
from tests.support.stack import Sandbox, Stack, Xerus, identity_env

ADA = "ada@example.com"


_TOKENS = {"cloud": "api_tokens", "cloud, scoped token": "scoped_api_tokens"}


READS: list[tuple[str, dict[str, Any]]] = [
    ("tools/call", {"name": "jira_search", "arguments": {"jql": "project = ENG"}}),
    ("resources/read", {"uri": "jira://issue/ENG-1"}),
    (
        "completion/complete",
        {
            "ref": {"type": "ref/prompt", "name": "triage_issue"},
            "argument": {"name": "issue_key", "value": "ENG"},
        },
    ),
]


def foreign_tokens(url: str) -> list[str]:
    """Return what a stranger may come with: nonsense, and tokens that say what ours say."""
    key, now = ECKey.generate_key("P-256"), int(time())
    claims = {"iss": url, "aud": f"{url}/mcp", "sub": "x", "client_id": "x", "jti": "x"}
    claims |= {"scope": "jira:read jira:write"}
    signed = [
        jwt.encode({"alg": "ES256", "typ": "at+jwt"}, {**claims, "iat": now - 60, "exp": exp}, key)
        for exp in (now + 600, now - 30)
    ]
    return ["Bearer nonsense", "Basic eDp5", "Bearer", *(f"Bearer {token}" for token in signed)]


async def shared_env(sandbox: Sandbox, deployment: str) -> dict[str, str]:
    known = (await sandbox.atlassian.config())["credentials"]
    if deployment != "data_center":
        site = known["sites"]["acme"]["url"]
        urls, token = (site, f"{site}/wiki"), known[_TOKENS[deployment]][ADA]
    else:
        bases = known["data_center"]
        urls, token = (bases["jira"], bases["confluence"]), known["pats"][ADA]
    return {
        "JIRA_URL": urls[0],
        "JIRA_USERNAME": ADA,
        "JIRA_PERSONAL_TOKEN": token,
        "CONFLUENCE_URL": urls[1],
        "CONFLUENCE_USERNAME": ADA,
        "CONFLUENCE_PERSONAL_TOKEN": token,
        "ATLASSIAN_API_URL": known["atlassian"]["api_url"],
    }


@pytest.fixture(scope="module", params=[*_TOKENS, "data_center"])
async def shared_stack(
    request: pytest.FixtureRequest, sandbox: Sandbox
) -> AsyncIterator[tuple[Stack, str]]:
    env = {**await identity_env(sandbox), **await shared_env(sandbox, request.param)}
    folder = reachable()
    stack = Stack(sandbox, Xerus(folder, env).start())
    yield stack, "pat" if request.param == "data_center" else "basic"
    stack.xerus.stop()


async def test_a_signed_in_caller_is_served_with_the_operators_token(
    shared_stack: tuple[Stack, str], browser: Browser
) -> None:
    stack, credential = shared_stack
    mark = await stack.sandbox.atlassian.mark()
    async with connected(stack.url, Storage(), browser, GRACE) as client:
        found = await client.call_tool("jira_search", {"jql": "project = ENG", "limit": 3})
        assert "ENG-" in text_of(found), text_of(found)
        pages = await client.call_tool("confluence_search", {"query": "release", "limit": 3})
        assert not pages.is_error, text_of(pages)
        made = await client.call_tool(
            "jira_add_comment", {"issue_key": "ENG-1", "body": "From everybody"}
        )
        assert not made.is_error, text_of(made)
        status = await client.call_tool("connection_status", {})
        assert "shared" in text_of(status).lower()
    calls = [c for c in await stack.sandbox.atlassian.log(mark) if "/search" in c["path"]]
    assert {(c["account"], c["credential"]) for c in calls} == {(ADA, credential)}


@pytest.mark.parametrize("shared_stack", ["cloud, scoped token"], indirect=True)
async def test_a_token_with_scopes_goes_by_the_gateway_and_a_missing_scope_is_named(
    shared_stack: tuple[Stack, str], browser: Browser
) -> None:
    stack, _ = shared_stack
    async with connected(stack.url, Storage(), browser, GRACE) as client:
        await client.call_tool("connection_status", {})
        mark = await stack.sandbox.atlassian.mark()
        read = await client.call_tool("jira_get_issue", {"issue_key": "ENG-1"})
        assert not read.is_error, text_of(read)
        page = await client.call_tool(
            "confluence_create_page", {"space_key": "DOCS", "title": "None", "content": "None"}
        )
        assert page.is_error
        assert "operator's Atlassian token lacks the scope" in text_of(page)
        assert "Reconnect" not in text_of(page)
    calls = await stack.sandbox.atlassian.log(mark)
    assert {call["path"].split("/")[1] for call in calls} == {"ex"}


async def test_the_tools_page_says_that_the_token_is_shared(
    shared_stack: tuple[Stack, str], browser: Browser
) -> None:
    stack, _ = shared_stack
    await sign_in(browser, stack.url, GRACE)
    page = await browser.open(f"{stack.url}/tools")
    assert "Shared" in page.text
    assert not browser.can("Configure Atlassian")


async def test_shared_pat_used_by_strangers_is_refused_before_anything_goes_upstream(
    shared_stack: tuple[Stack, str],
) -> None:
    stack, _ = shared_stack
    mark = await stack.sandbox.atlassian.mark()
    async with httpx2.AsyncClient(trust_env=False) as http:
        for headers in ({}, *({"Authorization": one} for one in foreign_tokens(stack.url))):
            for method, params in READS:
                call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
                answer = await http.post(f"{stack.url}/mcp", json=call, headers=headers)
                assert answer.status_code == 401
                assert "resource_metadata=" in answer.headers["www-authenticate"]
    assert await stack.sandbox.atlassian.log(mark) == []
