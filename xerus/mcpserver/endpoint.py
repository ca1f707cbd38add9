"""`/mcp`: streamable HTTP without sessions, behind the bearer guard."""

from collections.abc import Iterable
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from xerus.grants.bearer import Bearer
from xerus.grants.tokens import AccessTokens
from xerus.mcpserver.bearer import BEARER_KEY, BearerGuard
from xerus.mcpserver.metadata import MCP_PATH, metadata_routes
from xerus.mcpserver.rate import RateGuard
from xerus.mcpserver.transport import McpTransport
from xerus.settings.groups import McpSettings
from xerus.telemetry.trace import current_correlation_id, current_trace_id
from xerus.tools.caller import Caller


def caller_from_bearer(ctx: ServerRequestContext[Any, Any]) -> Caller:
    """Return who runs the tool: the person of the bearer token and the client that holds it."""
    assert ctx.request is not None
    bearer: Bearer = ctx.request.scope[BEARER_KEY]
    return Caller(
        user_id=bearer.user.id,
        email=bearer.user.email,
        name=bearer.user.name,
        client_id=bearer.client_id,
        client_name=bearer.client_name,
        mcp_scopes=bearer.scopes,
        correlation_id=current_correlation_id(),
        trace_id=current_trace_id(),
    )


class McpEndpoint:
    """The routes of the MCP role and the task group that serves their requests."""

    def __init__(
        self,
        *,
        server: Server[Any],
        tokens: AccessTokens,
        public_url: str,
        scopes: Iterable[str],
        limits: McpSettings,
    ) -> None:
        self._public_url = public_url
        self._scopes = tuple(scopes)
        transport = McpTransport(
            server=server,
            public_url=public_url,
            most_bytes=limits.most_bytes,
            deepest=limits.deepest,
        )
        self.run = transport.run
        rated = RateGuard(
            transport,
            caller_per_minute=limits.caller_requests_per_minute,
            client_per_minute=limits.client_requests_per_minute,
        )
        self.app: ASGIApp = BearerGuard(
            rated, tokens=tokens, public_url=public_url, scopes=self._scopes
        )

    def routes(self) -> list[Route]:
        """Return `/mcp` and the protected resource metadata."""
        return [
            Route(MCP_PATH, endpoint=_Mounted(self.app), name="mcp"),
            *metadata_routes(public_url=self._public_url, scopes=self._scopes),
        ]


class _Mounted:
    """An ASGI app as the endpoint of a Route: an instance, so Starlette does not wrap it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
