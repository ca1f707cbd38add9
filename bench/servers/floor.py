"""The least that can be done: a bare proxy, and JSON-RPC written by hand around the same request.

`GET /proxy/{tool}` passes the bytes through; `POST /mcp` answers initialize, tools/list and
tools/call and checks nothing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.questions import PATHS
from bench.servers.address import port_and_upstream

_TOOLS = [{"name": tool, "inputSchema": {"type": "object"}} for tool in PATHS]
_INITIALIZED = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "floor", "version": "0"},
}


class Floor:
    """Both endpoints over one pooled HTTP session."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._http: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as self._http:
            yield

    async def proxy(self, request: Request) -> Response:
        body = await self._fetch(request.path_params["tool"], request)
        return Response(body, media_type="application/json")

    async def rpc(self, request: Request) -> Response:
        message = orjson.loads(await request.body())
        if "id" not in message:
            return Response(status_code=202)
        result = await self._result(message, request)
        answer = {"jsonrpc": "2.0", "id": message["id"], "result": result}
        return Response(orjson.dumps(answer), media_type="application/json")

    async def _result(self, message: dict[str, Any], request: Request) -> dict[str, Any]:
        match message["method"]:
            case "initialize":
                return _INITIALIZED
            case "tools/list":
                return {"tools": _TOOLS}
        body = await self._fetch(message["params"]["name"], request)
        return {"content": [{"type": "text", "text": body.decode()}], "isError": False}

    async def _fetch(self, tool: str, request: Request) -> bytes:
        assert self._http
        headers = {"Authorization": request.headers.get("Authorization", "")}
        async with self._http.get(self._upstream + PATHS[tool], headers=headers) as reply:
            return await reply.read()


def main() -> None:
    port, upstream = port_and_upstream()
    floor = Floor(upstream)
    app = Starlette(
        routes=[Route("/proxy/{tool}", floor.proxy), Route("/mcp", floor.rpc, methods=["POST"])],
        lifespan=floor.lifespan,
    )
    uvicorn.run(
        app, port=port, loop="uvloop", http="httptools", log_level="warning", access_log=False
    )


if __name__ == "__main__":
    main()
