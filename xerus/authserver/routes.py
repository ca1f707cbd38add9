"""The routes of the OAuth front."""

from collections.abc import Awaitable, Callable

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xerus.authserver.authorize import Authorize
from xerus.authserver.callback import Callback
from xerus.authserver.consent import Consent
from xerus.authserver.front import Front, quota_key
from xerus.authserver.manage_registration import ManageRegistration
from xerus.authserver.metadata import Metadata
from xerus.authserver.register import Register, too_many
from xerus.authserver.token import Revoke, Token
from xerus.errors import LimitReached

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(front: Front) -> list[Route]:
    """Return every route of the OAuth front."""
    metadata = Metadata(front)
    token, revoke = _bounded(front, Token(front).post), _bounded(front, Revoke(front).post)
    return [
        _open("/.well-known/oauth-authorization-server", metadata.oauth, "GET"),
        _open("/.well-known/openid-configuration", metadata.openid, "GET"),
        _open("/oauth/jwks", metadata.jwks, "GET"),
        _open("/oauth/register", Register(front).post, "POST"),
        _open(
            "/oauth/register/{client_id}",
            ManageRegistration(front).answer,
            *("GET", "PUT", "DELETE"),
        ),
        _open("/oauth/token", token, "POST"),
        _open("/oauth/revoke", revoke, "POST"),
        _page(front, "/oauth/authorize", Authorize(front).get, "GET"),
        _page(front, "/oauth/authorize", Consent(front).post, "POST"),
        _page(front, "/oauth/callback", Callback(front).get, "GET"),
        *_without_metadata(front, token),
    ]


def _without_metadata(front: Front, token: Endpoint) -> list[Route]:
    """Return the routes where clients look that have no metadata (MCP 2025-03-26, 2.3.3).

    The official SDK is one of them: after a restart it renews without reading the metadata again.
    """
    return [
        _open("/register", Register(front).post, "POST"),
        _open("/token", token, "POST"),
        _page(front, "/authorize", Authorize(front).get, "GET"),
    ]


def _bounded(front: Front, endpoint: Endpoint) -> Endpoint:
    """Refuse what comes too often from one address, before anything is read or looked up."""

    async def bounded(request: Request) -> Response:
        try:
            front.addresses.spend(quota_key(request))
        except LimitReached as error:
            return too_many(error)
        return await endpoint(request)

    return bounded


def _page(front: Front, path: str, endpoint: Endpoint, method: str) -> Route:
    """Make a route for browsers; its refusals are pages."""

    async def bounded(request: Request) -> Response:
        front.addresses.spend(quota_key(request))
        return await endpoint(request)

    return Route(path, bounded, methods=[method])


def _open(path: str, endpoint: Endpoint, *methods: str) -> Route:
    """Make a route that clients in other web pages may call: it takes no cookie."""
    cors = Middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=methods,
        allow_headers=["Authorization", "Content-Type", "MCP-Protocol-Version"],
        expose_headers=["WWW-Authenticate", "Retry-After"],
        max_age=600,
    )
    return Route(path, endpoint, methods=[*methods, "OPTIONS"], middleware=[cors])
