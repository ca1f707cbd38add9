"""The official SDK at its fastest: the low-level server, no sessions, JSON answers, aiohttp."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import mcp_types as types
import uvicorn
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server

from bench.questions import PATHS
from bench.servers.address import port_and_upstream

_TOOLS = [
    types.Tool(name=tool, description="Read.", input_schema={"type": "object"}) for tool in PATHS
]

Context = ServerRequestContext[aiohttp.ClientSession, Any]


def _server(upstream: str) -> "Server[aiohttp.ClientSession]":
    @asynccontextmanager
    async def lifespan(_: "Server[aiohttp.ClientSession]") -> AsyncIterator[aiohttp.ClientSession]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(upstream, connector=connector) as http:
            yield http

    async def list_tools(
        context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        del context, params
        return types.ListToolsResult(tools=_TOOLS)

    async def call_tool(
        context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        assert context.request
        headers = {"Authorization": context.request.headers.get("Authorization", "")}
        async with context.lifespan_context.get(PATHS[params.name], headers=headers) as reply:
            text = await reply.text()
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)])

    return Server("plain", lifespan=lifespan, on_list_tools=list_tools, on_call_tool=call_tool)


def main() -> None:
    port, upstream = port_and_upstream()
    app = _server(upstream).streamable_http_app(stateless_http=True, json_response=True)
    uvicorn.run(
        app, port=port, loop="uvloop", http="httptools", log_level="warning", access_log=False
    )


if __name__ == "__main__":
    main()
