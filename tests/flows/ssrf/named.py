"""Row 14 of the list of threats: strangers and people name addresses wherever they can name one.

The whole product runs on the sandbox, in a process that writes down where it connects to.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from tests.flows.ssrf.addresses import addresses
from tests.support.journeys import ADA
from tests.support.stack import Sandbox, user_mode
from tests.support.standing import UNLIMITED, Held, http_of, running, sandbox_alone, signed_in

Told = Callable[[str], None]
_SERVER_ERROR = 500
_AT_ONCE = 4
_ISSUE = "ENG-1"
_SETTINGS = {
    "XERUS_OAUTH_CLIENT_DOCUMENTS": "true",
    "XERUS_TOOLSETS": "all",
    "XERUS_REGISTRATIONS_PER_MINUTE": "100000",
}
_HEADERS = (
    *("X-Atlassian-Jira-Url", "X-Atlassian-Confluence-Url", "X-Atlassian-Cloud-Url", "Forwarded"),
    *("X-Forwarded-Host", "X-Forwarded-For", "X-Original-Url", "X-Rewrite-Url", "Referer", "Via"),
    *("X-Forwarded-Proto", "True-Client-IP", "Traceparent", "Mcp-Session-Id", "Last-Event-ID"),
)
_OF_CLIENTS = (
    *("jwks_uri", "logo_uri", "client_uri", "policy_uri", "tos_uri", "sector_identifier_uri"),
    *("initiate_login_uri", "backchannel_logout_uri", "software_statement", "client_name"),
)
_TOOLS = (
    *(("fetch", "id"), ("jira_get_issue", "issue_key"), ("confluence_get_page", "page")),
    *(("jira_search", "site"), ("confluence_search", "site"), ("connection_status", "site")),
)


@dataclass
class Place:
    """The product, somebody's token for it, and the file of where it connected to."""

    sandbox: Sandbox
    http: httpx2.AsyncClient
    tape: Path
    held: Held
    attachment: str = ""

    def went(self) -> list[str]:
        """Return where it connected to but for the sandbox."""
        return self.tape.read_text().splitlines()

    async def call(self, tool: str, arguments: dict[str, Any], **headers: str) -> httpx2.Response:
        return await self.mcp(tool, arguments, {**headers, **self.held.bearer})

    async def mcp(
        self, tool: str, arguments: dict[str, Any], headers: dict[str, str]
    ) -> httpx2.Response:
        params = {"name": tool, "arguments": arguments}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        return await self.http.post("/mcp", json=body, headers=headers)


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    async with sandbox_alone() as sandbox:
        tape = sandbox.folder / "connects"
        tape.touch()
        ports = ",".join(str(urlsplit(one.base).port) for one in (sandbox.atlassian, sandbox.entra))
        program = ("-m", "tests.support.connects", str(tape), ports)
        env = {**await user_mode(sandbox), **UNLIMITED, **_SETTINGS}
        async with running(env, program=program) as xerus, http_of(xerus) as http:
            held = await signed_in(xerus.url, ADA, connects=True)
            here = Place(sandbox, http, tape, held)
            here.attachment = await _attachment(here)
            await _as_client_id(here, "https://client.example/x")
            assert here.went() == ["lookup client.example"], "it is not watched"
            yield here


async def _attachment(here: Place) -> str:
    file = {"issue_key": _ISSUE, "filename": "notes.txt", "content": "VGV4dA=="}
    answer = await here.call("jira_add_attachment", file)
    assert "notes.txt" in answer.text, answer.text
    return "notes.txt"


Way = Callable[[Place, str], Awaitable[list[httpx2.Response]]]


async def _as_client_id(here: Place, url: str) -> list[httpx2.Response]:
    query = {"response_type": "code", "client_id": url, "redirect_uri": "https://client.example/cb"}
    return [await here.http.get("/oauth/authorize", params=_fit(query))]


async def _as_parameters(here: Place, url: str) -> list[httpx2.Response]:
    names = ("client_id", "redirect_uri", "request_uri", "resource", "iss", "id_token_hint")
    query = _fit(dict.fromkeys(names, url))
    form = {"grant_type": "authorization_code", "client_assertion": _token_naming(url), **query}
    return [
        await here.http.get("/oauth/authorize", params={**query, "client_id": "unknown"}),
        await here.http.get("/oauth/callback", params={**query, "state": "x", "code": "x"}),
        await here.http.get("/connections/atlassian/callback", params={**query, "state": "x"}),
        await here.http.get("/signin", params=_fit({"return_to": url})),
        await here.http.post("/oauth/token", data=form),
    ]


async def _in_a_registration(here: Place, url: str) -> list[httpx2.Response]:
    sound = {"redirect_uris": ["http://127.0.0.1/cb"], "token_endpoint_auth_method": "none"}
    return [
        await _register(here, {**sound, **dict.fromkeys(_OF_CLIENTS, url), "request_uris": [url]}),
        await _register(here, {"redirect_uris": [url]}),
    ]


async def _register(here: Place, metadata: dict[str, Any]) -> httpx2.Response:
    # As text with escapes: some addresses hold what is no character.
    body = json.dumps(metadata).encode()
    return await here.http.post("/oauth/register", content=body)


async def _in_a_token(here: Place, url: str) -> list[httpx2.Response]:
    headers = {"Authorization": f"Bearer {_token_naming(url)}"}
    return [await here.mcp("connection_status", {}, headers)]


async def _in_headers(here: Place, url: str) -> list[httpx2.Response]:
    value = "".join(one for one in url if one.isascii() and one.isprintable()).strip()
    headers = dict.fromkeys(_HEADERS, value)
    return [
        await here.call("jira_get_issue", {"issue_key": _ISSUE}, **headers),
        await here.http.get("/tools", headers=headers),
    ]


async def _in_arguments(here: Place, url: str) -> list[httpx2.Response]:
    text = _fit({"url": url})["url"]
    return [await here.call(tool, {argument: text, **_rest(tool)}) for tool, argument in _TOOLS]


async def _as_place_of_a_file(here: Place, url: str) -> list[httpx2.Response]:
    located = "".join(one for one in url if one.isascii() and one not in "\r\n\x00")
    fault = {
        "method": "GET",
        "path_regex": "/attachment/content/",
        "fault": "status",
        "status": 303,
        "headers": {"Location": located},
    }
    await here.sandbox.atlassian.faults([fault])
    asked = {"issue_key": _ISSUE, "attachment": here.attachment}
    return [await here.call("jira_attachments", asked)]


WAYS: tuple[Way, ...] = (
    *(_as_client_id, _as_parameters, _in_a_registration, _in_a_token, _in_headers, _in_arguments),
    _as_place_of_a_file,
)


async def named_to_the_product(here: Place, count: int, told: Told) -> str:
    """Name every address in every way; return what was counted."""
    tried = addresses("https", "client.example")
    tried = tried[:: max(1, len(tried) // count)]
    mark = await here.sandbox.entra.mark()
    requests = 0
    for number, way in enumerate(WAYS, start=1):
        before = len(here.went())
        at_once = 1 if way is _as_place_of_a_file else _AT_ONCE  # the next request is sent on
        for start in range(0, len(tried), at_once):
            requests += await _all_named(here, way, tried[start : start + at_once])
        went = [one for one in here.went()[before:] if not _is_looked_up(way, one)]
        assert not went, f"{way.__name__}: {went[:5]}"
        told(f"{number} of {len(WAYS)} ways, {requests} requests")
    asked = {entry["path"] for entry in await here.sandbox.entra.log(mark)}
    assert all("keys" in one for one in asked), asked
    return f"{len(tried)} addresses named in {len(WAYS)} ways, {requests} requests, 0 called"


async def _all_named(here: Place, way: Way, urls: list[str]) -> int:
    requests = 0
    for url, answers in zip(
        urls, await asyncio.gather(*(way(here, url) for url in urls)), strict=True
    ):
        for answer in answers:
            assert answer.status_code < _SERVER_ERROR, f"{way.__name__}: {url!a}: {answer}"
        requests += len(answers)
    return requests


def _is_looked_up(way: Way, what: str) -> bool:
    # A described client may be at any public name; the test is where its addresses lead.
    return way is _as_client_id and what.startswith("lookup ")


def _rest(tool: str) -> dict[str, Any]:
    return {
        "jira_search": {"jql": "project = ENG"},
        "confluence_search": {"cql": "type = page"},
    }.get(tool, {})


def _fit(values: dict[str, str]) -> dict[str, str]:
    """Return values that can be sent as UTF-8."""
    return {name: value.encode(errors="replace").decode() for name, value in values.items()}


def _token_naming(url: str) -> str:
    header = {"alg": "ES256", "typ": "at+jwt", "kid": url, "jku": url, "x5u": url}
    claims = {"iss": url, "aud": url, "sub": "x", "exp": 4102444800, "_claim_sources": {"a": url}}
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()) for one in (header, claims)]
    return ".".join(part.rstrip(b"=").decode() for part in (*parts, b"AAAA"))
