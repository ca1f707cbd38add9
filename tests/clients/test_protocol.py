"""`/mcp` on the wire: both revisions, and everything that is refused at the door."""

import json
import re
from typing import Any

import httpx2
import pytest
from mcp_types import ElicitRequestParams, ElicitResult

from tests.support.browser import Browser
from tests.support.database import embedded, rows
from tests.support.journeys import ALAN
from tests.support.mcp_client import Storage, connected, text_of
from tests.support.plain import NO_TLS
from tests.support.stack import Stack

JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}


@pytest.fixture(scope="module")
async def token(stack: Stack) -> str:
    """An access token of alan, who has not connected Atlassian."""
    storage = Storage()
    async with Browser() as browser, connected(stack.url, storage, browser, ALAN):
        assert storage.tokens is not None
        return storage.tokens.access_token


async def post(stack: Stack, token: str, body: Any, **headers: str) -> httpx2.Response:
    sent = {**JSON, "Authorization": f"Bearer {token}", **headers}
    async with httpx2.AsyncClient(verify=NO_TLS, trust_env=False, timeout=30) as http:
        if isinstance(body, bytes):
            return await http.post(f"{stack.url}/mcp", content=body, headers=sent)
        return await http.post(f"{stack.url}/mcp", json=body, headers=sent)


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
async def test_handshake_revisions_are_negotiated_without_a_session(
    stack: Stack, token: str, version: str
) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": version,
            "capabilities": {},
            "clientInfo": {"name": "raw", "version": "1"},
        },
    }
    answer = await post(stack, token, hello)
    assert answer.headers["content-type"].startswith("application/json")
    assert "mcp-session-id" not in answer.headers
    assert answer.json()["result"]["protocolVersion"] == version
    listed = await post(stack, token, LIST, **{"MCP-Protocol-Version": version})
    assert {"jira_search", "connection_status"} <= {
        tool["name"] for tool in listed.json()["result"]["tools"]
    }


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "ping"},
        {"method": "tools/list"},
        {"method": "tools/call", "params": {"name": "connection_status", "arguments": {}}},
        {"method": "tools/call", "params": {"name": "jira_search", "arguments": {"limit": "x"}}},
        {"method": "tools/call", "params": {"name": "jira_serch"}},
        {"method": "tools/call", "params": {"name": 5}},
        {"method": "tools/call", "params": {"name": "jira_search", "_meta": {"progressToken": 1}}},
        {"method": "resources/read", "params": {"uri": "jira://nothing"}},
        {"method": "prompts/get", "params": {"name": "plan_my_day"}},
        {"method": "no/such/method"},
        {"method": "ping", "params": None},
        {"method": "ping", "id": "text"},
        {"method": "ping", "id": True},
        {"method": "ping", "id": None},
        {"method": "ping", "extra": 1},
        {"method": "notifications/initialized", "id": ...},
        {"jsonrpc": "1.0", "method": "ping"},
    ],
    ids=str,
)
async def test_a_request_is_answered_alike_in_one_exchange_and_over_the_sdks_streams(
    stack: Stack, token: str, request_: dict[str, Any]
) -> None:
    body = {"jsonrpc": "2.0", "id": 7, **request_}
    body = {name: value for name, value in body.items() if value is not ...}
    version = {"MCP-Protocol-Version": "2025-11-25"}
    short = await post(stack, token, body, **version)
    long = await post(stack, token, body, **version, Origin=stack.url)
    assert (short.status_code, short.headers["content-type"]) == (
        long.status_code,
        long.headers["content-type"],
    )
    assert _without_references(short.text) == _without_references(long.text)


def _without_references(text: str) -> Any:
    return json.loads(re.sub(r"[0-9a-f]{12,32}", "reference", text) or "null")


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_the_sdk_client_calls_tools_in_both_eras(
    stack: Stack, browser: Browser, mode: str
) -> None:
    async with connected(stack.url, Storage(), browser, ALAN, mode=mode) as client:
        answer = await client.call_tool("connection_status", {})
        assert "not_connected" in text_of(answer)


async def test_a_client_that_can_show_urls_is_asked_to_show_the_tools_page(
    stack: Stack, browser: Browser
) -> None:
    shown: list[str] = []

    async def show(_: Any, params: ElicitRequestParams) -> ElicitResult:
        shown.append(getattr(params, "url", ""))
        return ElicitResult(action="accept")

    mark = await stack.sandbox.atlassian.mark()
    options = {"mode": "2026-07-28", "elicitation_callback": show}
    async with connected(stack.url, Storage(), browser, ALAN, **options) as client:
        answer = await client.call_tool("jira_search", {"jql": "project = ENG"})
    assert shown == [f"{stack.url}/tools"]
    assert answer.is_error
    assert f"{stack.url}/tools" in text_of(answer)
    assert await stack.sandbox.atlassian.log(mark) == []


async def test_an_unknown_tool_is_a_protocol_error(stack: Stack, token: str) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "jira_serch"}}
    answer = (await post(stack, token, call)).json()
    assert answer["error"]["code"] == -32602
    assert "jira_search" in answer["error"]["message"]


async def test_dns_rebinding_is_refused_by_host_and_by_origin(stack: Stack, token: str) -> None:
    assert (await post(stack, token, LIST, Host="evil.example")).status_code == 421
    assert (await post(stack, token, LIST, Origin="https://evil.example")).status_code == 403
    assert (await post(stack, token, LIST, Origin=stack.url)).status_code == 200


async def test_a_garbage_bearer_is_told_where_to_get_a_token_and_for_what(stack: Stack) -> None:
    answer = await post(stack, "garbage", LIST)
    assert answer.status_code == 401
    challenge = answer.headers["www-authenticate"]
    assert f'resource_metadata="{stack.url}/.well-known/oauth-protected-resource' in challenge
    assert 'scope="' in challenge


async def test_get_and_delete_have_nothing_to_do_without_sessions(stack: Stack, token: str) -> None:
    async with httpx2.AsyncClient(verify=NO_TLS, trust_env=False) as http:
        for method in ("GET", "DELETE"):
            headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
            answer = await http.request(method, f"{stack.url}/mcp", headers=headers)
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"[" * 10_000,
        b'{"a":' * 10_000,
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"jira_search","arguments":'
        + b'{"a":' * 5_000
        + b"1"
        + b"}" * 5_000
        + b"}}",
        b'{"jsonrpc":"1.0","id":1,"method":"tools/list"}',
        b'{"jsonrpc":"2.0","id":1,"method":"no/such/method"}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":5}}',
    ],
)
async def test_malformed_input_gets_a_client_error_and_no_stack_trace(
    stack: Stack, token: str, body: bytes
) -> None:
    answer = await post(stack, token, body)
    assert answer.status_code < 500
    assert "Traceback" not in answer.text
    if answer.status_code == 200:
        assert "error" in answer.json()


CALL = {"name": "connection_status", "arguments": {}}
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
MODERN = {
    "MCP-Protocol-Version": "2026-07-28",
    "Mcp-Method": "tools/call",
    "Mcp-Name": "connection_status",
}


async def traced(
    stack: Stack, token: str, headers: dict[str, str], meta: dict[str, Any]
) -> list[str | None]:
    """Call a tool and return the trace ids of the audit events that it has added."""
    query = "SELECT facts->>'trace_id' AS trace FROM audit_events WHERE event = 'tool:call:started'"
    administrator = embedded(stack.xerus.folder / "data").administrator
    before = len(rows(administrator, query))
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {**CALL, "_meta": meta}}
    answer = await post(stack, token, body, **headers)
    assert answer.status_code == 200, answer.text
    return [row["trace"] for row in rows(administrator, f"{query} ORDER BY at, shard, n")][before:]


@pytest.mark.parametrize(
    ("headers", "meta"), [({"MCP-Protocol-Version": "2025-11-25"}, {}), (MODERN, META)]
)
async def test_the_trace_of_the_caller_is_in_the_audit_log(
    stack: Stack, token: str, headers: dict[str, str], meta: dict[str, Any]
) -> None:
    outer, inner = "0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736"
    of_http = {**headers, "traceparent": f"00-{outer}-b7ad6b7169203331-01"}
    of_rpc = {**meta, "traceparent": f"00-{inner}-00f067aa0ba902b7-01"}
    assert await traced(stack, token, headers, meta) == [None]
    assert await traced(stack, token, of_http, meta) == [outer]
    assert await traced(stack, token, headers, of_rpc) == [inner]
    assert await traced(stack, token, of_http, of_rpc) == [inner]
    for wrong in ("", "00-x-y-01", f"00-{'0' * 32}-b7ad6b7169203331-01", "\x01" * 9):
        assert await traced(stack, token, headers, {**meta, "traceparent": wrong}) == [None]
