"""Dynamic client registration (RFC 7591): open to everybody, bounded, and never contradictory."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from xerus.audit.events import Event
from xerus.authserver import client_metadata
from xerus.authserver.answers import NO_STORE, error_response
from xerus.authserver.body import read_json_object
from xerus.authserver.front import Front, address_of, quota_key
from xerus.errors import LimitReached
from xerus.grants.clients import Issued
from xerus.oauth.errors import OAuthError


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
            return too_many(error)
        try:
            asked = client_metadata.read(await read_json_object(request))
            issued = await self._front.clients.register(asked, address=address)
        except OAuthError as error:
            await self._front.audit.append(
                Event.REGISTRATION_REFUSED, address=address, cause=error.code
            )
            return error_response(error)
        return registered(self._front, issued, status=201)


def registered(front: Front, issued: Issued, *, status: int = 200) -> Response:
    """Answer with a registration (RFC 7591 3.2.1, RFC 7592 3).

    A secret is in it only when it was made just now: afterwards there is only a hash.
    """
    client = issued.client
    body = client_metadata.shown(client)
    if issued.secret is not None:
        body["client_secret"] = issued.secret.get_secret_value()
        body["client_secret_expires_at"] = 0
    if issued.management_token is not None:
        body["registration_access_token"] = issued.management_token.get_secret_value()
        body["registration_client_uri"] = f"{front.issuer}/oauth/register/{client.id}"
    return JSONResponse(body, status, headers=NO_STORE)


def too_many(error: LimitReached) -> Response:
    """Answer that a quota of ours is used up."""
    refusal = OAuthError("temporarily_unavailable", f"{error.message} {error.hint}")
    response = error_response(refusal, status=429)
    response.headers["Retry-After"] = str(error.retry_after)
    return response
