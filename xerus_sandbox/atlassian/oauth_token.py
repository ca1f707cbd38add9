"""The token endpoint of the simulated Atlassian: `POST /oauth/token`."""

import hmac
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xerus_sandbox.accounts import ATLASSIAN_CLIENT_ID, ATLASSIAN_CLIENT_SECRET
from xerus_sandbox.atlassian.oauth_grants import Grants, TokenError
from xerus_sandbox.log import Note
from xerus_sandbox.opaque import challenge_of
from xerus_sandbox.port import note_of


class TokenEndpoint:
    """Codes and refresh tokens for tokens; the client secret is always required."""

    def __init__(self, grants: Grants) -> None:
        self._grants = grants
        self.routes = [Route("/oauth/token", self._token, methods=["POST"])]

    async def _token(self, request: Request) -> Response:
        try:
            sent = await _parameters(request)
            self._note_account(sent, note_of(request))
            _check_client(sent)
            answer = self._exchange(sent)
        except TokenError as error:
            body = {"error": error.error, "error_description": error.description}
            return JSONResponse(body, status_code=error.status)
        return JSONResponse(answer, headers={"cache-control": "no-store"})

    def _note_account(self, sent: Mapping[str, str], note: Note) -> None:
        note.account = self._grants.email_of_refresh_token(
            sent.get("refresh_token", "")
        ) or self._grants.email_of_code(sent.get("code", ""))

    def _exchange(self, sent: Mapping[str, str]) -> dict[str, Any]:
        match sent.get("grant_type"):
            case "authorization_code":
                verifier = sent.get("code_verifier")
                return self._grants.redeem(
                    _required(sent, "code"),
                    _required(sent, "redirect_uri"),
                    challenge_of(verifier) if verifier else None,
                )
            case "refresh_token":
                return self._grants.refresh(_required(sent, "refresh_token"))
            case other:
                raise TokenError(400, "unsupported_grant_type", f"Unsupported: {other}")


async def _parameters(request: Request) -> dict[str, str]:
    # JSON in Atlassian's documentation; a form works as well (facts b3).
    if "json" not in request.headers.get("content-type", ""):
        form = await request.form()
        return {name: value for name, value in form.items() if isinstance(value, str)}
    try:
        data = orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise TokenError(400, "invalid_request", "The body is not valid JSON") from error
    if not isinstance(data, dict):
        raise TokenError(400, "invalid_request", "The body must be a JSON object")
    return {name: value for name, value in data.items() if isinstance(value, str)}


def _check_client(sent: Mapping[str, str]) -> None:
    secret = sent.get("client_secret", "").encode()
    good = hmac.compare_digest(secret, ATLASSIAN_CLIENT_SECRET.encode())
    if sent.get("client_id") != ATLASSIAN_CLIENT_ID or not good:
        raise TokenError(401, "access_denied", "Unauthorized")


def _required(sent: Mapping[str, str], name: str) -> str:
    value = sent.get(name)
    if not value:
        raise TokenError(400, "invalid_request", f"{name} is required")
    return value
