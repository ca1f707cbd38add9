"""The HTTP edge: every failure becomes one error page or one JSON shape, never a stack trace."""

from collections.abc import Awaitable, Callable

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xerus.errors import Forbidden, LimitReached, NotFound, XerusError
from xerus.pages.error_shape import error_body
from xerus.pages.rendering import Pages, Viewer
from xerus.telemetry.trace import current_correlation_id

_log = structlog.get_logger(__name__)
_NOT_PAGES = ("/mcp", "/oauth/token", "/oauth/register", "/oauth/revoke", "/.well-known/")
_SERVER_ERROR = 500
_TITLES = {
    400: "That did not work",
    403: "Not allowed",
    404: "Page not found",
    405: "That did not work",
    413: "That is too much at once",
    429: "Too many requests",
    502: "Atlassian did not answer",
    503: "Not available right now",
}


class ErrorEdge:
    """ASGI middleware around the routes; the one broad handler of the HTTP side.

    `viewer_of` finds who is signed in, so that the page keeps its navigation; it may be left out.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        pages: Pages,
        viewer_of: Callable[[Request], Awaitable[Viewer | None]] | None = None,
    ) -> None:
        self._app = app
        self._pages = pages
        self._viewer_of = viewer_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on and answer for what it raises."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientDisconnect:  # nobody is left to answer
            return
        except Exception as exc:
            if started:  # too late for an answer of ours; the server closes the connection
                raise
            response = await self._answer(Request(scope, receive), exc)
            await response(scope, receive, send)

    async def _answer(self, request: Request, exc: Exception) -> Response:
        error, status, headers = _explain(exc)
        reference = current_correlation_id()
        if status >= _SERVER_ERROR:
            unforeseen = not isinstance(exc, XerusError | HTTPException)
            _log.error(
                "request_failed",
                path=request.url.path,
                status=status,
                cause=error.code,
                debug=error.debug,
                correlation_id=reference,
                exc_info=exc if unforeseen else None,
            )
        if not _wants_page(request):
            body = error_body(error, correlation_id=reference)
            return JSONResponse(body, status, headers=headers)
        return self._pages.render(
            request,
            "error.html",
            viewer=await self._viewer(request),
            status=status,
            headers=headers,
            title=_TITLES.get(status, "Something went wrong"),
            error=error,
            correlation_id=reference,
        )

    async def _viewer(self, request: Request) -> Viewer | None:
        if self._viewer_of is None:
            return None
        try:
            return await self._viewer_of(request)
        except XerusError:  # the database may be what failed in the first place
            return None


async def pass_on(_request: Request, exc: Exception) -> Response:
    """Exception handler for `Starlette`: leave HTTPException to the `ErrorEdge` outside of it."""
    raise exc


def _explain(exc: Exception) -> tuple[XerusError, int, dict[str, str]]:
    match exc:
        case LimitReached():
            return exc, exc.status, {"Retry-After": str(exc.retry_after)}
        case XerusError():
            return exc, exc.status, {}
        case HTTPException(status_code=404):
            message = "There is nothing at this address."
            hint = "Check the address, or go back to the chat."
            return NotFound(message, hint=hint), 404, {}
        case HTTPException(status_code=403):
            return Forbidden("You are not allowed to see this."), 403, {}
        case HTTPException():
            error = XerusError(
                "This address does not take that kind of request.",
                code="bad_request",
                hint="Go back to the page before and try again.",
            )
            return error, exc.status_code, dict(exc.headers or {})
        case _:
            error = XerusError(
                "Xerus made a mistake. It is logged.",
                code="internal_error",
                hint="Try again. If it happens again, tell your administrator the reference.",
            )
            return error, _SERVER_ERROR, {}


def _wants_page(request: Request) -> bool:
    if request.url.path.startswith(_NOT_PAGES):
        return False
    return "text/html" in request.headers.get("accept", "")
