"""`POST /oauth/token` and `POST /oauth/revoke`."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from xerus.audit.events import Event
from xerus.authserver.answers import NO_STORE, error_response
from xerus.authserver.body import Parameters, read_form
from xerus.authserver.client_auth import authenticated_client, tried_basic
from xerus.authserver.front import Front, address_of
from xerus.errors import Unavailable
from xerus.grants.clients import Client
from xerus.grants.codes import Redemption
from xerus.grants.refresh import Renewable
from xerus.grants.tokens import LIFE
from xerus.oauth import scopes
from xerus.oauth.errors import OAuthError


class Token:
    """Exchanges codes and refresh tokens."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def post(self, request: Request) -> Response:
        """Answer a token request (RFC 6749 4.1.3 and 6)."""
        client: Client | None = None
        try:
            form = await read_form(request)
            form.check_unique()
            client = await authenticated_client(request, form, self._front.clients)
            return await self._grant(client, form)
        except OAuthError as error:
            if client is not None:
                await self._front.audit.append(
                    Event.TOKEN_REFUSED,
                    client=client.id,
                    cause=error.code,
                    address=address_of(request),
                )
            return error_response(error, basic=tried_basic(request))
        except Unavailable as error:
            return error_response(OAuthError("temporarily_unavailable", error.message))

    async def _grant(self, client: Client, form: Parameters) -> Response:
        grant_type = form.get("grant_type")
        if grant_type is None:
            raise OAuthError("invalid_request", "grant_type is missing.")
        if not all(self._front.is_our_resource(value) for value in form.all("resource")):
            raise OAuthError("invalid_target", f"resource must be {self._front.resource}.")
        match grant_type:
            case "authorization_code":
                return await self._redeem(client, form)
            case "refresh_token":
                return await self._renew(client, form)
            case _:
                raise OAuthError(
                    "unsupported_grant_type",
                    "grant_type must be authorization_code or refresh_token.",
                )

    async def _redeem(self, client: Client, form: Parameters) -> Response:
        redemption = Redemption(
            code=_required(form, "code"),
            verifier=_required(form, "code_verifier"),
            redirect_uri=form.get("redirect_uri"),
        )
        granted = await self._front.codes.redeem(client, redemption)
        return await self._tokens(granted, granted.scopes)

    async def _renew(self, client: Client, form: Parameters) -> Response:
        token = _required(form, "refresh_token")
        asked = form.get("scope")
        wanted = scopes.parse(asked) if asked else None
        renewed = await self._front.refresh.renew(client, token, wanted)
        return await self._tokens(renewed, wanted or renewed.scopes)

    async def _tokens(self, granted: Renewable, given: frozenset[str]) -> Response:
        access = await self._front.tokens.mint(
            user_id=granted.user_id,
            client_id=granted.client_id,
            scopes=given,
            family_id=granted.family_id,
            resource=granted.resource,
        )
        body: dict[str, Any] = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": int(LIFE.total_seconds()),
            "refresh_token": granted.refresh_token.get_secret_value(),
            "scope": scopes.text(given),
        }
        return JSONResponse(body, headers=NO_STORE)


class Revoke:
    """Ends the family of a token (RFC 7009)."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def post(self, request: Request) -> Response:
        """Revoke; an unknown token is no error (RFC 7009 2.2)."""
        try:
            form = await read_form(request)
            form.check_unique()
            client = await authenticated_client(request, form, self._front.clients)
            token = _required(form, "token")
            await self._revoke(client, token)
        except OAuthError as error:
            return error_response(error, basic=tried_basic(request))
        except Unavailable as error:
            return error_response(OAuthError("temporarily_unavailable", error.message))
        return Response(status_code=200, headers=NO_STORE)

    async def _revoke(self, client: Client, token: str) -> None:
        found = await self._front.refresh.family_of(token)
        found = found or await self._front.tokens.family_of(token)
        # Only the client it was issued to may end it; to others it does not exist.
        if found is None or found[1] != client.id:
            return
        await self._front.families.end_by_client(found[0])


def _required(form: Parameters, name: str) -> str:
    value = form.get(name)
    if value is None:
        raise OAuthError("invalid_request", f"{name} is missing.")
    return value
