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
from xerus.authserver.front import Front
from xerus.authserver.manage_registration import ManageRegistration
from xerus.authserver.metadata import Metadata
from xerus.authserver.register import Register
from xerus.authserver.token import Revoke, Token

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(front: Front) -> list[Route]:
    """Return every route of the OAuth front."""
    metadata = Metadata(front)
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
        _open("/oauth/token", Token(front).post, "POST"),
        _open("/oauth/revoke", Revoke(front).post, "POST"),
        Route("/oauth/authorize", Authorize(front).get, methods=["GET"]),
        Route("/oauth/authorize", Consent(front).post, methods=["POST"]),
        Route("/oauth/callback", Callback(front).get, methods=["GET"]),
        *_without_metadata(front),
    ]


def _without_metadata(front: Front) -> list[Route]:
    """Return the routes where clients look that have no metadata (MCP 2025-03-26, 2.3.3).

    The official SDK is one of them: after a restart it renews without reading the metadata again.
    """
    return [
        _open("/register", Register(front).post, "POST"),
        _open("/token", Token(front).post, "POST"),
        Route("/authorize", Authorize(front).get, methods=["GET"]),
    ]


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
