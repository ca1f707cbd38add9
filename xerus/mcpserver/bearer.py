"""Lets a request reach the MCP server only with a token that is good for it."""

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from xerus.errors import Unavailable, UpstreamUnavailable
from xerus.grants.bearer import Bearer, InvalidToken
from xerus.grants.tokens import AccessTokens
from xerus.mcpserver.metadata import metadata_url
from xerus.mcpserver.step_up import STEP_UP_KEY, StepUp

BEARER_KEY = "xerus.bearer"


class BearerGuard:
    """ASGI middleware: verifies the bearer token and leaves who it is in the scope."""

    def __init__(
        self, app: ASGIApp, *, tokens: AccessTokens, public_url: str, scopes: Iterable[str]
    ) -> None:
        self._app = app
        self._tokens = tokens
        self._metadata_url = metadata_url(public_url)
        self._challenge = (
            f'resource_metadata="{self._metadata_url}", scope="{" ".join(sorted(scopes))}"'
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its `Bearer`, or answer with a challenge: 401, or 403."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = _token(Headers(scope=scope))
        try:
            bearer = await self._verify(token)
        except InvalidToken as error:
            await self._refuse(error, token)(scope, receive, send)
            return
        except (Unavailable, UpstreamUnavailable):
            await _try_again()(scope, receive, send)
            return
        step_up = StepUp(held=bearer.scopes, metadata_url=self._metadata_url)
        known = {**scope, BEARER_KEY: bearer, STEP_UP_KEY: step_up}
        await self._app(known, receive, step_up.around(send))

    async def _verify(self, token: str) -> Bearer:
        if not token:
            raise InvalidToken("This endpoint needs an access token.")
        return await self._tokens.verify(token)

    def _refuse(self, error: InvalidToken, token: str) -> JSONResponse:
        # RFC 6750 3: no error code where no token was sent; RFC 9728 5.1: where to get one.
        problem = f'error="invalid_token", error_description="{error.message}", ' if token else ""
        return JSONResponse(
            {"error": "invalid_token", "error_description": error.message},
            status_code=401,
            headers={"WWW-Authenticate": f"Bearer {problem}{self._challenge}"},
        )


def _token(headers: Headers) -> str:
    # Of several, a proxy in front may have checked another one than we would take.
    given = headers.getlist("authorization")
    scheme, _, value = (given[0] if len(given) == 1 else "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def _try_again() -> JSONResponse:
    return JSONResponse(
        {
            "error": "temporarily_unavailable",
            "error_description": "Xerus cannot check tokens at the moment. Try again.",
        },
        status_code=503,
        headers={"Retry-After": "5"},
    )
