"""Dynamic client registration (RFC 7591): open to everybody, bounded, and never contradictory."""

from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from xerus.audit.events import Event
from xerus.authserver.answers import NO_STORE, error_response
from xerus.authserver.body import read_json_object
from xerus.authserver.front import Front, address_of, quota_key
from xerus.errors import LimitReached
from xerus.grants.clients import AUTH_METHODS, AuthMethod, Client
from xerus.oauth import scopes
from xerus.oauth.errors import OAuthError

_MOST_REDIRECTS = 10
_LONGEST_NAME = 100
_GRANT_TYPES = ["authorization_code", "refresh_token"]


@dataclass(frozen=True, kw_only=True)
class _Asked:
    name: str
    auth_method: AuthMethod
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str]
    application_type: str


class Register:
    """`POST /oauth/register`."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def post(self, request: Request) -> Response:
        """Register a client."""
        address = address_of(request)
        try:
            await self._front.registrations.spend(quota_key(request))
        except LimitReached as error:
            return _too_many(error)
        try:
            asked = _read(await read_json_object(request))
            client, secret = await self._front.clients.register(
                name=asked.name,
                auth_method=asked.auth_method,
                redirect_uris=asked.redirect_uris,
                granted=asked.scopes,
                address=address,
            )
        except OAuthError as error:
            await self._front.audit.append(
                Event.REGISTRATION_REFUSED, address=address, cause=error.code
            )
            return error_response(error)
        body = self._reply(client, secret, asked)
        return JSONResponse(body, 201, headers=NO_STORE)

    def _reply(self, client: Client, secret: SecretStr | None, asked: _Asked) -> dict[str, Any]:
        reply: dict[str, Any] = {
            "client_id": client.id,
            "client_id_issued_at": int(self._front.clock.now().timestamp()),
            "client_name": client.name,
            "redirect_uris": list(client.redirect_uris),
            "grant_types": _GRANT_TYPES,
            "response_types": ["code"],
            "token_endpoint_auth_method": client.auth_method,
            "scope": scopes.text(client.scopes),
        }
        if asked.application_type:
            reply["application_type"] = asked.application_type
        if secret is not None:
            reply["client_secret"] = secret.get_secret_value()
            reply["client_secret_expires_at"] = 0
        return reply


def _read(document: dict[str, Any]) -> _Asked:
    # RFC 7591 2: what the server does not offer is left out of its reply, except where nothing
    # usable would remain.
    _require_member(document, "grant_types", "authorization_code")
    _require_member(document, "response_types", "code")
    return _Asked(
        name=_name(document.get("client_name")),
        auth_method=_auth_method(document.get("token_endpoint_auth_method")),
        redirect_uris=_redirect_uris(document.get("redirect_uris")),
        scopes=_scopes(document.get("scope")),
        application_type=_application_type(document.get("application_type")),
    )


def _require_member(document: dict[str, Any], name: str, needed: str) -> None:
    value = document.get(name)
    if value is None or (isinstance(value, list) and needed in value):
        return
    raise OAuthError("invalid_client_metadata", f"{name} must be a list that contains {needed}.")


def _name(value: object) -> str:
    """Return a name fit for the consent page: one line, nothing that turns text around."""
    if value is not None and not isinstance(value, str):
        raise OAuthError("invalid_client_metadata", "client_name must be text.")
    kept = "".join(char if char.isprintable() else " " for char in value or "")
    return " ".join(kept.split())[:_LONGEST_NAME] or "Unnamed client"


def _auth_method(value: object) -> AuthMethod:
    if value is None:
        return "client_secret_basic"  # RFC 7591 2
    method = next((known for known in AUTH_METHODS if known == value), None)
    if method is None:
        known = ", ".join(AUTH_METHODS)
        raise OAuthError(
            "invalid_client_metadata", f"token_endpoint_auth_method must be one of {known}."
        )
    return method


def _redirect_uris(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(uri, str) for uri in value):
        raise OAuthError("invalid_redirect_uri", "redirect_uris must be a list of URLs.")
    if len(value) > _MOST_REDIRECTS:
        raise OAuthError(
            "invalid_redirect_uri", f"At most {_MOST_REDIRECTS} redirect_uris are accepted."
        )
    return tuple(dict.fromkeys(value))


def _scopes(value: object) -> frozenset[str]:
    if value is not None and not isinstance(value, str):
        raise OAuthError("invalid_client_metadata", "scope must be text.")
    return scopes.ALL & frozenset((value or "").split()) or scopes.ALL


def _application_type(value: object) -> str:
    if value is None:
        return ""
    if value not in ("native", "web"):
        raise OAuthError("invalid_client_metadata", "application_type must be native or web.")
    return str(value)


def _too_many(error: LimitReached) -> Response:
    refusal = OAuthError("temporarily_unavailable", f"{error.message} {error.hint}")
    response = error_response(refusal, status=429)
    response.headers["Retry-After"] = str(error.retry_after)
    return response
