"""tools/list and its kept forms, over HTTP as clients ask for it."""

from contextlib import AsyncExitStack
from typing import Any, Self

import httpx2
import pytest
from mcp.server.context import ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from tests.unit.tools.fakes import (
    FakeAudit,
    FakeCredentials,
    FixedClock,
    FixedStatus,
    ScriptedEgress,
    caller,
)
from xerus.atlassian.limits import AtlassianLimits
from xerus.mcpserver.server import build_server
from xerus.tools.caller import Caller
from xerus.tools.catalogue import Catalogue
from xerus.tools.runner import Runner

HANDSHAKE, MODERN = "2025-11-25", "2026-07-28"
READS = "jira:read confluence:read"
ALL = f"{READS} jira:write confluence:write"
in_both_revisions = pytest.mark.parametrize("revision", [HANDSHAKE, MODERN])


class Client:
    """Says which scopes it has in a header, and counts how often somebody's grant was asked for."""

    def __init__(self) -> None:
        clock = FixedClock()
        self.grants_asked = 0
        self.granted: frozenset[str] | None = None
        self.runner = Runner(
            catalogue=Catalogue(),
            credentials_for=lambda _: FakeCredentials(),
            status_for=lambda _: FixedStatus(),
            egress=ScriptedEgress(),
            limits=AtlassianLimits(clock=clock),
            audit=FakeAudit(),
            tools_url="http://localhost:8000/tools",
            clock=clock,
        )
        server = build_server(runner=self.runner, caller_of=_caller_of, granted=self._granted)
        self._manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True)
        self._open = AsyncExitStack()
        self._http = httpx2.AsyncClient(transport=httpx2.ASGITransport(self._manager.asgi_app))

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self._manager.run())
        await self._open.enter_async_context(self._http)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def ask(self, revision: str, scopes: str, method: str, **params: Any) -> dict[str, Any]:
        meta = {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        }
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        headers = {
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": revision,
            "Scopes": scopes,
        }
        if revision == MODERN:
            message["params"] = {**params, "_meta": meta}
            headers |= {"Mcp-Method": method}
            headers |= {"Mcp-Name": params["name"]} if "name" in params else {}
        answer = await self._http.post("http://localhost:8000/mcp", json=message, headers=headers)
        body: dict[str, Any] = answer.json()
        return body

    async def _granted(self, _: Caller) -> frozenset[str] | None:
        self.grants_asked += 1
        return self.granted


def _caller_of(ctx: ServerRequestContext[Any, Any]) -> Caller:
    assert ctx.request is not None
    return caller(ctx.request.headers["scopes"].split())


def _names(answer: dict[str, Any]) -> list[str]:
    return [tool["name"] for tool in answer["result"]["tools"]]


@in_both_revisions
async def test_a_list_asked_for_again_is_the_same(revision: str) -> None:
    async with Client() as client:
        first = await client.ask(revision, ALL, "tools/list")

        assert len(_names(first)) > 30
        assert await client.ask(revision, ALL, "tools/list") == first


async def test_each_revision_writes_the_list_in_its_own_way() -> None:
    async with Client() as client:
        for _ in range(2):
            modern = await client.ask(MODERN, ALL, "tools/list")
            handshake = await client.ask(HANDSHAKE, ALL, "tools/list")

            assert modern["result"].keys() - handshake["result"].keys() >= {"ttlMs", "resultType"}
            assert _names(modern) == _names(handshake)


@in_both_revisions
async def test_nobody_gets_the_list_that_was_made_for_another(revision: str) -> None:
    async with Client() as client:
        everything = _names(await client.ask(revision, ALL, "tools/list"))
        reading = _names(await client.ask(revision, READS, "tools/list"))

        assert "jira_add_comment" in everything
        assert "jira_add_comment" not in reading
        assert "jira_search" in reading
        assert _names(await client.ask(revision, ALL, "tools/list")) == everything


@in_both_revisions
async def test_a_scope_that_was_taken_away_shortens_the_next_list(revision: str) -> None:
    async with Client() as client:
        before = _names(await client.ask(revision, ALL, "tools/list"))
        client.granted = frozenset({"read:jira-work"})
        after = _names(await client.ask(revision, ALL, "tools/list"))

        assert "jira_add_comment" in set(before) - set(after)


@in_both_revisions
async def test_a_malformed_request_is_refused_though_the_list_is_kept(revision: str) -> None:
    async with Client() as client:
        await client.ask(revision, ALL, "tools/list")
        answer = await client.ask(revision, ALL, "tools/list", cursor=5)

        assert answer["error"]["code"] == -32602


@in_both_revisions
async def test_a_call_does_not_make_a_list(revision: str) -> None:
    async with Client() as client:
        answer = await client.ask(
            revision, ALL, "tools/call", name="connection_status", arguments={"format": "json"}
        )

        assert answer["result"]["structuredContent"]["state"] == "connected"
        assert client.grants_asked == 0
