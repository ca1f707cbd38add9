"""The metadata of clients (RFC 7591 2), as clients send it and as they are told it."""

from typing import Any

from xerus.grants.clients import AUTH_METHODS, AuthMethod, Client, Metadata
from xerus.oauth import client_name, scopes
from xerus.oauth.errors import OAuthError

_MOST_REDIRECTS = 10
_GRANT_TYPES = ["authorization_code", "refresh_token"]


def shown(client: Client) -> dict[str, Any]:
    """Return what is registered, without secrets."""
    reply: dict[str, Any] = {
        "client_id": client.id,
        "client_id_issued_at": int(client.created_at.timestamp()),
        "client_name": client.name,
        "redirect_uris": list(client.redirect_uris),
        "grant_types": _GRANT_TYPES,
        "response_types": ["code"],
        "token_endpoint_auth_method": client.auth_method,
        "scope": scopes.text(client.scopes),
    }
    if client.application_type:
        reply["application_type"] = client.application_type
    return reply


def read(document: dict[str, Any]) -> Metadata:
    """Read what a client says of itself.

    Raises:
        OAuthError: `invalid_client_metadata` or `invalid_redirect_uri`.
    """
    # RFC 7591 2: what the server does not offer is left out of its reply, except where nothing
    # usable would remain.
    _require_member(document, "grant_types", "authorization_code")
    _require_member(document, "response_types", "code")
    return Metadata(
        name=client_name.clean(document.get("client_name")),
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
