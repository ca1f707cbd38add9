"""The authorization server's metadata and keys."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from xerus.authserver.front import Front
from xerus.grants.clients import AUTH_METHODS
from xerus.keys.signing import PUBLISHED_FOR
from xerus.oauth import pkce, scopes

_CACHED = {"Cache-Control": f"public, max-age={int(PUBLISHED_FOR.total_seconds())}"}


class Metadata:
    """Answers the two discovery documents and the key set."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def oauth(self, _: Request) -> Response:
        """`/.well-known/oauth-authorization-server` (RFC 8414 3)."""
        return JSONResponse(self._document(), headers=_CACHED)

    async def openid(self, _: Request) -> Response:
        """`/.well-known/openid-configuration`: the same, for clients that look only there."""
        # Required by OpenID Connect Discovery 3, and by clients that validate the document.
        required = {
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        }
        return JSONResponse(self._document() | required, headers=_CACHED)

    async def jwks(self, _: Request) -> Response:
        """`/oauth/jwks`: the public keys of our access tokens."""
        return JSONResponse(await self._front.signing_keys.jwks(), headers=_CACHED)

    def _document(self) -> dict[str, Any]:
        base = f"{self._front.issuer}/oauth"
        return {
            "issuer": self._front.issuer,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "registration_endpoint": f"{base}/register",
            "revocation_endpoint": f"{base}/revoke",
            "jwks_uri": f"{base}/jwks",
            "scopes_supported": list(scopes.ALL_IN_ORDER),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported": list(AUTH_METHODS),
            "revocation_endpoint_auth_methods_supported": list(AUTH_METHODS),
            "code_challenge_methods_supported": [pkce.METHOD],
            "authorization_response_iss_parameter_supported": True,
            "client_id_metadata_document_supported": self._front.documents is not None,
        }
