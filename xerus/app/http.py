"""The ASGI application: the routes of the chosen roles behind the shared middleware."""

from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from xerus.ids import correlation_id
from xerus.pages.errors import ErrorEdge, pass_on
from xerus.pages.headers import SecurityHeaders
from xerus.pages.hosts import HostRule
from xerus.pages.rendering import Pages, Viewer
from xerus.telemetry.metrics import Metrics
from xerus.telemetry.trace import trace_of

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_PARTS = {
    "mcp": "mcp",
    **dict.fromkeys(("oauth", ".well-known", "authorize", "token", "register"), "oauth"),
    **dict.fromkeys(("healthz", "readyz", "metrics"), "probes"),
    "static": "static",
}


class RequestContext:
    """ASGI middleware: binds a correlation id and the caller's trace to a request, counts its answer."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on inside its own logging context."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        began = perf_counter()

        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._count(scope, message["status"], perf_counter() - began)
            await send(message)

        with trace_of(scope["headers"]) as trace_id:
            known = {"trace_id": trace_id} if trace_id else {}
            with structlog.contextvars.bound_contextvars(correlation_id=correlation_id(), **known):
                await self._app(scope, receive, count)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        # Any word can be sent as a method, any text as a path: neither becomes a series.
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, f"{status // 100}xx").inc()
        self._metrics.request_seconds.labels(_part(scope["path"])).observe(seconds)


def _part(path: str) -> str:
    """Return the part of Xerus that answers at a path."""
    return _PARTS.get(path.split("/", 2)[1], "pages")


def build_http(
    *,
    routes: Sequence[BaseRoute],
    public_url: str,
    pages: Pages,
    viewer_of: Callable[[Request], Awaitable[Viewer | None]],
    metrics: Metrics,
    lifespan: Lifespan[Starlette],
) -> Starlette:
    """Return the application: context outside, then headers, the Host rule, the error edge."""
    return Starlette(
        routes=list(routes),
        lifespan=lifespan,
        # The error edge answers for everything that is raised, unknown addresses included.
        exception_handlers={HTTPException: pass_on},
        middleware=[
            Middleware(RequestContext, metrics=metrics),
            Middleware(SecurityHeaders, https=public_url.startswith("https:")),
            Middleware(HostRule, public_url=public_url),
            Middleware(ErrorEdge, pages=pages, viewer_of=viewer_of),
        ],
    )
