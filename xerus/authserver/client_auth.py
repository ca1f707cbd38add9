"""How a client says who it is at the token and revocation endpoints (RFC 6749 2.3)."""

import base64
import binascii
from urllib.parse import unquote_plus

from starlette.requests import Request

from xerus.authserver.body import Parameters
from xerus.grants.clients import Client, Clients
from xerus.oauth.errors import OAuthError


def tried_basic(request: Request) -> bool:
    """Tell whether the client used HTTP Basic."""
    return request.headers.get("authorization", "").lower().startswith("basic ")


async def authenticated_client(request: Request, form: Parameters, clients: Clients) -> Client:
    """Return the client behind a request.

    Raises:
        OAuthError: `invalid_client`, or `invalid_request` for two ways at once.
    """
    client_id, secret = form.get("client_id"), form.get("client_secret")
    if tried_basic(request):
        basic_id, basic_secret = _basic(request.headers["authorization"])
        if secret is not None or client_id not in {None, basic_id}:
            raise OAuthError(
                "invalid_request", "Authenticate in the header or in the body, not in both."
            )
        client_id, secret = basic_id, basic_secret or None
    if not client_id:
        raise OAuthError("invalid_client", "client_id is missing.")
    return await clients.authenticate(client_id, secret)


def _basic(header: str) -> tuple[str, str]:
    try:
        decoded = base64.b64decode(header[6:].strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise OAuthError("invalid_client", "The Authorization header cannot be read.") from error
    name, colon, secret = decoded.partition(":")
    if not colon:
        raise OAuthError("invalid_client", "The Authorization header cannot be read.")
    return unquote_plus(name), unquote_plus(secret)
