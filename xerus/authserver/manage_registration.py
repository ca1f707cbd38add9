"""A client's own registration, read, replaced and deleted by its token (RFC 7592)."""

from typing import Any

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from xerus.audit.events import Event
from xerus.authserver import client_metadata
from xerus.authserver.answers import NO_STORE, error_response
from xerus.authserver.body import read_json_object
from xerus.authserver.front import Front, address_of, quota_key
from xerus.authserver.register import registered, too_many
from xerus.errors import LimitReached
from xerus.grants.clients import Issued
from xerus.oauth.errors import OAuthError

# RFC 7592 2.2: what the server decides, and no client may send.
_SERVER_DECIDES = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
)


class ManageRegistration:
    """`/oauth/register/{client_id}`."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def answer(self, request: Request) -> Response:
        """Answer a GET, PUT or DELETE."""
        client_id = request.path_params["client_id"]
        try:
            token = _token(request)
            match request.method:
                case "PUT":
                    return await self._put(request, client_id, token)
                case "DELETE":
                    await self._front.managed.end(client_id, token)
                    return Response(status_code=204, headers=NO_STORE)
                case _:
                    return await self._get(client_id, token)
        except LimitReached as error:
            return too_many(error)
        except OAuthError as error:
            await self._front.audit.append(
                Event.REGISTRATION_REFUSED, address=address_of(request), cause=error.code
            )
            return _refused(error, tried="authorization" in request.headers)

    async def _get(self, client_id: str, token: str) -> Response:
        client = await self._front.managed.read(client_id, token)
        issued = Issued(client=client, secret=None, management_token=SecretStr(token))
        return registered(self._front, issued)

    async def _put(self, request: Request, client_id: str, token: str) -> Response:
        await self._front.managed.read(client_id, token)
        await self._front.registrations.spend(quota_key(request))
        document = await read_json_object(request)
        _check_form(document, client_id)
        issued = await self._front.managed.replace(
            client_id,
            token,
            client_metadata.read(document),
            secret=document.get("client_secret"),
        )
        return registered(self._front, issued)


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise OAuthError(
            "invalid_token", "Send the registration access token as Authorization: Bearer."
        )
    return token.strip()


def _check_form(document: dict[str, Any], client_id: str) -> None:
    if document.get("client_id") != client_id:
        raise OAuthError(
            "invalid_client_metadata", "client_id must be there and be the one in the address."
        )
    for name in _SERVER_DECIDES:
        if name in document:
            raise OAuthError("invalid_client_metadata", f"{name} must not be sent. Leave it out.")
    secret = document.get("client_secret")
    if secret is not None and not isinstance(secret, str):
        raise OAuthError("invalid_client_metadata", "client_secret must be text.")


def _refused(error: OAuthError, *, tried: bool) -> Response:
    response = error_response(error)
    if error.code == "invalid_token":
        # RFC 6750 3.1: a request without any token is told the scheme and no error.
        what = 'Bearer realm="xerus"'
        response.headers["WWW-Authenticate"] = f'{what}, error="{error.code}"' if tried else what
    return response
