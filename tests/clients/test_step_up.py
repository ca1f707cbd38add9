"""A client that holds read only and asks for more when a call takes it."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

from tests.support.browser import Browser
from tests.support.journeys import ADA, connect_atlassian, sign_in
from tests.support.mcp_client import CALLBACK, Storage, connected, consent, text_of
from tests.support.plain import NO_TLS
from tests.support.stack import Stack

JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
WRITE = {"issue_key": "ENG-3", "body": "Stepped up"}
MODERN = "2026-07-28"


@dataclass
class Reader:
    """A client with a token for reading Jira only."""

    url: str
    storage: Storage

    async def post(self, method: str, params: dict[str, Any], version: str) -> httpx2.Response:
        assert self.storage.tokens
        headers = {
            **JSON,
            "Authorization": f"Bearer {self.storage.tokens.access_token}",
            "MCP-Protocol-Version": version,
        }
        if version == MODERN:
            meta = {
                "io.modelcontextprotocol/protocolVersion": version,
                "io.modelcontextprotocol/clientCapabilities": {},
            }
            params = {**params, "_meta": meta}
            headers |= {"Mcp-Method": method}
            headers |= {"Mcp-Name": params["name"]} if "name" in params else {}
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        async with httpx2.AsyncClient(verify=NO_TLS, trust_env=False, timeout=30) as http:
            return await http.post(f"{self.url}/mcp", json=body, headers=headers)

    async def call(self, version: str, name: str, **arguments: Any) -> httpx2.Response:
        return await self.post("tools/call", {"name": name, "arguments": arguments}, version)


@pytest.fixture(scope="module")
async def connected_stack(stack: Stack) -> Stack:
    async with Browser() as browser:
        await sign_in(browser, stack.url, ADA)
        await connect_atlassian(browser, stack.url, ADA)
    return stack


@pytest.fixture
async def reader(connected_stack: Stack, browser: Browser) -> Reader:
    """The client was granted jira:read alone."""
    url = connected_stack.url
    metadata = {"redirect_uris": [CALLBACK], "client_name": "Reader"}
    metadata["token_endpoint_auth_method"] = "none"
    registered = (await browser.http.post(f"{url}/oauth/register", json=metadata)).json()
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": registered["client_id"],
        "redirect_uri": CALLBACK,
        "scope": "jira:read",
        "state": "s",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        "resource": f"{url}/mcp",
    }
    browser.stops_at = (CALLBACK,)
    came_back = await consent(browser, f"{url}/oauth/authorize?{urlencode(asked)}", ADA)
    form = {
        "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(came_back).query)["code"][0],
        "redirect_uri": CALLBACK,
        "client_id": registered["client_id"],
        "code_verifier": verifier,
    }
    answer = (await browser.http.post(f"{url}/oauth/token", data=form)).json()
    assert answer["scope"] == "jira:read"
    client = OAuthClientInformationFull.model_validate({**registered, "issuer": url})
    return Reader(url, Storage(tokens=OAuthToken.model_validate(answer), client=client))


@pytest.mark.parametrize(
    ("version", "scope"),
    [(MODERN, "jira:write"), ("2025-11-25", "jira:read jira:write")],
)
async def test_a_call_beyond_the_scope_is_challenged_and_sends_nothing_upstream(
    connected_stack: Stack, reader: Reader, version: str, scope: str
) -> None:
    mark = await connected_stack.sandbox.atlassian.mark()
    answer = await reader.call(version, "jira_add_comment", **WRITE)
    assert answer.status_code == 403
    metadata = f"{reader.url}/.well-known/oauth-protected-resource/mcp"
    assert answer.headers["www-authenticate"].startswith(
        f'Bearer error="insufficient_scope", scope="{scope}", resource_metadata="{metadata}"'
    )
    result = answer.json()["result"]
    assert result["isError"]
    assert "jira:write" in result["content"][0]["text"]
    assert await connected_stack.sandbox.atlassian.log(mark) == []


@pytest.mark.parametrize("version", [MODERN, "2025-11-25"])
async def test_what_the_scope_allows_is_listed_and_answered_without_a_challenge(
    reader: Reader, version: str
) -> None:
    listed = await reader.post("tools/list", {}, version)
    names = {tool["name"] for tool in listed.json()["result"]["tools"]}
    assert "jira_search" in names
    assert "jira_add_comment" not in names
    found = await reader.call(version, "jira_search", jql="project = ENG", limit=1)
    assert (found.status_code, found.headers.get("www-authenticate")) == (200, None)


async def test_resources_beyond_the_scope_are_challenged_too(reader: Reader) -> None:
    params = {"uri": "confluence://page/1"}
    answer = await reader.post("resources/read", params, "2025-11-25")
    assert answer.status_code == 403, answer.text
    assert 'scope="confluence:read jira:read"' in answer.headers["www-authenticate"]


async def test_the_sdk_client_steps_up_with_the_persons_consent_and_keeps_what_it_had(
    reader: Reader, browser: Browser
) -> None:
    storage = reader.storage
    async with connected(reader.url, storage, browser, ADA) as client:
        assert storage.tokens
        assert storage.tokens.scope == "jira:read"
        written = await client.call_tool("jira_add_comment", WRITE)
        assert not written.is_error, text_of(written)
        assert set((storage.tokens.scope or "").split()) == {"jira:read", "jira:write"}
        read = await client.call_tool("jira_search", {"jql": "project = ENG", "limit": 1})
        assert not read.is_error, text_of(read)
