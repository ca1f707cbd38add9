"""Streamable HTTP for one MCP server: who may speak to it is decided before, in `endpoint.py`."""

from typing import Any
from urllib.parse import urlsplit

from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp, Receive, Scope, Send

from xerus.mcpserver.body import BodyGuard
from xerus.mcpserver.exchange import SingleExchange
from xerus.mcpserver.refusals import refusal

_WHITE = {b" ", b"\t"}


class McpTransport:
    """ASGI app that speaks both eras of the protocol, with the Host and Origin guard on.

    Every answer is one JSON document and there are no sessions, unless `streams` asks for both: for
    a server whose tools report progress or ask the client something while they run. Those of Xerus
    never do.
    """

    def __init__(
        self,
        *,
        server: Server[Any],
        public_url: str,
        most_bytes: int,
        deepest: int,
        streams: bool = False,
    ) -> None:
        public = urlsplit(public_url)
        self._manager = StreamableHTTPSessionManager(
            server,
            json_response=not streams,
            stateless=not streams,
            max_request_body_size=most_bytes,
            security_settings=TransportSecuritySettings(
                allowed_hosts=[public.netloc],
                allowed_origins=[f"{public.scheme}://{public.netloc}"],
            ),
        )
        self.run = self._manager.run
        serve: ASGIApp = self._manager.handle_request
        if not streams:
            serve = _PostOnly(SingleExchange(serve, server=server, host=public.netloc))
        self._serve = BodyGuard(serve, most_bytes=most_bytes, deepest=deepest)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        await self._serve(_trimmed(scope), receive, send)


def _trimmed(scope: Scope) -> Scope:
    """Return the scope without white space behind header values (RFC 9112 5.1).

    httptools leaves it there, and the SDK compares Mcp-Name and others with the body.
    """
    if not any(value[-1:] in _WHITE for _, value in scope["headers"]):
        return scope
    return {**scope, "headers": [(name, value.strip(b" \t")) for name, value in scope["headers"]]}


class _PostOnly:
    """ASGI middleware: without sessions GET has nothing to stream and DELETE nothing to end."""

    def __init__(self, onward: ASGIApp) -> None:
        self._onward = onward

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            await self._onward(scope, receive, send)
            return
        message = "There are no sessions: use POST."
        answer = refusal(405, "method_not_allowed", message, headers={"Allow": "POST"})
        await answer(scope, receive, send)
