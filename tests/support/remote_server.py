"""An MCP server of somebody else, in this process: open, behind a key, or behind OAuth."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.types import ToolAnnotations
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.support.authorization_server import AuthorizationServer


@dataclass
class FakeRemote:
    """The server, and what a test may change or ask of it.

    Attributes:
        key: the header and the value that let a call in, None where nothing is asked.
        signs_in: whether people sign in at its authorization server.
        seen: the headers of each call of the MCP endpoint.
        answer: what every call of the endpoint gets instead, for as long as it is set.
    """

    port: int
    name: str = "Docs"
    key: tuple[str, str] | None = None
    signs_in: bool = False
    seen: list[dict[str, str]] = field(default_factory=list)
    answer: Response | None = None
    authorization: AuthorizationServer = field(init=False)

    def __post_init__(self) -> None:
        self.authorization = AuthorizationServer(base=self.base, resource=self.url)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.base}/mcp"

    def refusal(self, headers: dict[str, str]) -> Response | None:
        """Return why a call is not let in, None if it is."""
        if self.answer is not None:
            return self.answer
        if self.key is not None and headers.get(self.key[0].lower()) != self.key[1]:
            return JSONResponse({"error": "no key"}, 401)
        if self.signs_in and not self.authorization.accepts(headers.get("authorization", "")):
            challenge = (
                f'Bearer resource_metadata="{self.base}/.well-known/oauth-protected-resource/mcp"'
            )
            return JSONResponse({"error": "invalid_token"}, 401, {"WWW-Authenticate": challenge})
        return None


class _Guarded:
    """Lets calls in, or not, before the MCP server sees them."""

    def __init__(self, inner: ASGIApp, remote: FakeRemote) -> None:
        self._inner = inner
        self._remote = remote

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "oauth" in scope["path"] and not self._remote.signs_in:
            await Response(status_code=404)(scope, receive, send)
            return
        if scope["type"] == "http" and scope["path"] == "/mcp":
            headers = dict(Request(scope).headers)
            self._remote.seen.append(headers)
            refusal = self._remote.refusal(headers)
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._inner(scope, receive, send)


def _server(name: str) -> MCPServer[Any]:
    server: MCPServer[Any] = MCPServer(name, title=name)

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def find(words: str) -> str:
        """Find a page of the documentation by words."""
        return f"1 page has {words!r}"

    @server.tool(annotations=ToolAnnotations(read_only_hint=False, destructive_hint=False))
    def note(text: str) -> str:
        """Add a note."""
        return f"noted {text!r}"

    return server


@asynccontextmanager
async def remote_server(**values: Any) -> AsyncIterator[FakeRemote]:
    """Serve one on a free port of the loopback."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        remote = FakeRemote(port=listening.getsockname()[1], **values)
        inner = _server(remote.name).streamable_http_app(stateless_http=True, json_response=True)
        inner.router.routes.extend(remote.authorization.routes())
        app = _Guarded(inner, remote)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            assert not serving.done()
            await asyncio.sleep(0.01)
        try:
            yield remote
        finally:
            server.should_exit = True
            await serving
