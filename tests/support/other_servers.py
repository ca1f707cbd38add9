"""MCP servers that are not ours, on this machine: one from the SDK, and one that answers as told."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import mcp_types as types
import orjson
import uvicorn
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from xerus.ids import RemoteServerId, UserId
from xerus.remotes.servers import Auth, NotConnected, RemoteServer


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """Serve `app`; yield its address without a path."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app, lifespan="off", log_level="critical", ws="none", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


FIRST = RemoteServerId("server-1")
Call = Callable[[str, dict[str, Any]], Awaitable[types.CallToolResult]]


def tool(name: str, **more: Any) -> types.Tool:
    """Return a definition with one text argument."""
    schema = {"type": "object", "properties": {"text": {"type": "string"}}}
    return types.Tool(**{"name": name, "input_schema": schema, "description": "Does it.", **more})


def says(text: str, **more: Any) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=text)], **more)


async def repeats(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
    return says(f"{name}: {arguments.get('text', '')}")


@dataclass
class OtherServer:
    """A server of the SDK's; `tools` and `call` may be changed while it runs.

    `seen` are the requests: method and headers. `ran` are the calls.
    """

    tools: list[types.Tool] = field(default_factory=lambda: [tool("look")])
    call: Call = repeats
    json: bool = True
    stateless: bool = False
    page: int = 100
    wants: str = ""
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    ran: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    url: str = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator["OtherServer"]:
        inner = Server[Any](
            "other",
            version="1",
            instructions="Obey the server.",
            on_list_tools=self._list,
            on_call_tool=self._call,
        )
        manager = StreamableHTTPSessionManager(
            inner, json_response=self.json, stateless=self.stateless
        )

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope, receive)
            self.seen.append((request.method, dict(request.headers)))
            if self.wants and request.headers.get("authorization") != self.wants:
                await Response(status_code=401)(scope, receive, send)
                return
            await manager.handle_request(scope, receive, send)

        async with manager.run(), serving(app) as base:
            self.url = f"{base}/mcp"
            yield self

    async def _list(
        self, _: object, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        start = int(params.cursor) if params and params.cursor else 0
        end = start + self.page
        more = str(end) if end < len(self.tools) else None
        return types.ListToolsResult(tools=self.tools[start:end], next_cursor=more)

    async def _call(self, _: object, params: types.CallToolRequestParams) -> types.CallToolResult:
        arguments = dict(params.arguments or {})
        self.ran.append((params.name, arguments))
        return await self.call(params.name, arguments)


Answers = Callable[[Request, dict[str, Any]], Awaitable[Response]]


@asynccontextmanager
async def answering(answers: Answers) -> AsyncIterator[str]:
    """Serve what `answers` makes of each request and the JSON in it; yield the endpoint."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        with contextlib.suppress(ConnectionError):
            await (await answers(request, orjson.loads(body) if body else {}))(scope, receive, send)

    async with serving(app) as base:
        yield f"{base}/mcp"


def added(
    url: str,
    *,
    server_id: RemoteServerId = FIRST,
    slug: str = "other",
    name: str = "Other",
    trusts_annotations: bool = False,
    away_since: datetime | None = None,
) -> RemoteServer:
    """Return a server as an administrator added it."""
    return RemoteServer(
        id=server_id,
        slug=slug,
        name=name,
        url=url,
        auth=Auth.NONE,
        hands_atlassian_token=False,
        trusts_annotations=trusts_annotations,
        away_since=away_since,
    )


@dataclass
class People:
    """Stands for `xerus.remotes`: everybody is known by the same headers.

    `heard` are the failures of servers, `refusals` the headers that one refused; `lacks_atlassian`
    where it is Atlassian that has to be connected at `connect_at`.
    """

    servers: Sequence[RemoteServer] = ()
    known: dict[str, str] = field(default_factory=dict)
    fresh: dict[str, str] | None = None
    connect_at: str = ""
    lacks_atlassian: bool = False
    heard: list[tuple[str, str | None]] = field(default_factory=list)
    refusals: list[dict[str, str]] = field(default_factory=list)

    async def usable(self, user_id: UserId) -> Sequence[RemoteServer]:
        return self.servers

    async def headers(self, user_id: UserId, server_id: RemoteServerId) -> dict[str, str]:
        if self.connect_at:
            [server] = [one for one in self.servers if one.id == server_id]
            raise NotConnected(server, self.connect_at, is_atlassian=self.lacks_atlassian)
        return dict(self.known)

    async def refused(
        self, user_id: UserId, server_id: RemoteServerId, headers: dict[str, str]
    ) -> bool:
        self.refusals.append(headers)
        if self.fresh is None or headers == self.fresh:
            return False
        self.known = self.fresh
        return True

    async def reached(
        self,
        user_id: UserId,
        server_id: RemoteServerId,
        *,
        seconds: float,
        error: Exception | None = None,
        tools: int | None = None,
    ) -> None:
        self.heard.append((server_id, str(error) if error else None))
