"""The token endpoint of the simulated Entra ID."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xerus_sandbox.accounts import ENTRA_CLIENT_ID, MACHINE_CLIENT_ID
from xerus_sandbox.clock import VirtualClock
from xerus_sandbox.config import Config
from xerus_sandbox.entra.client_auth import check_client
from xerus_sandbox.entra.directory import Code, Directory, RefreshToken
from xerus_sandbox.entra.discovery import is_tenant, unknown_tenant
from xerus_sandbox.entra.errors import EntraError, resource_refused
from xerus_sandbox.entra.scopes import ScopeSet, read_scopes
from xerus_sandbox.entra.tokens import TokenMaker
from xerus_sandbox.opaque import challenge_of
from xerus_sandbox.port import note_of


class TokenEndpoint:
    """Codes and refresh tokens for tokens, with the client secret by post or basic."""

    def __init__(
        self, directory: Directory, clock: VirtualClock, config: Config, maker: TokenMaker
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._config = config
        self._maker = maker
        self.routes = [
            Route("/{tenant}/oauth2/v2.0/token", self._token, methods=["POST"]),
        ]

    async def _token(self, request: Request) -> Response:
        tenant = request.path_params["tenant"]
        if not is_tenant(tenant):
            return unknown_tenant(tenant)
        form = await request.form()
        sent = {name: value for name, value in form.items() if isinstance(value, str)}
        secret = sent.get("code") or sent.get("refresh_token") or ""
        note_of(request).account = self._directory.email_of(secret)
        try:
            client = check_client(
                sent,
                request.headers.get("authorization", ""),
                certificates=self._config["client_certificates"],
                endpoint=str(request.url.replace(query="")),
                now=self._clock.now(),
            )
            answer = self._exchange(client, sent)
        except EntraError as error:
            return JSONResponse(error.body(self._clock.now()), status_code=error.status)
        return JSONResponse(answer, headers={"cache-control": "no-store"})

    def _exchange(self, client: str, sent: Mapping[str, str]) -> dict[str, Any]:
        if "resource" in sent:
            raise resource_refused()
        if client == MACHINE_CLIENT_ID and sent.get("grant_type") != "client_credentials":
            text = "The code or refresh token was issued to another application."
            raise EntraError("invalid_grant", 700005, text)
        match sent.get("grant_type"):
            case "client_credentials":
                return self._for_application(sent)
            case "authorization_code":
                return self._from_code(sent)
            case "refresh_token":
                return self._from_refresh_token(sent)
            case other:
                text = f"The app requested an unsupported grant type '{other}'."
                raise EntraError("unsupported_grant_type", 70003, text)

    def _from_code(self, sent: Mapping[str, str]) -> dict[str, Any]:
        verifier = sent.get("code_verifier")
        code = self._directory.redeem(
            _required(sent, "code"),
            sent.get("redirect_uri", ""),
            challenge_of(verifier) if verifier else None,
        )
        return self._issue(code, sent.get("scope"), code.nonce)

    def _from_refresh_token(self, sent: Mapping[str, str]) -> dict[str, Any]:
        token = self._directory.use_refresh_token(_required(sent, "refresh_token"))
        return self._issue(token, sent.get("scope"), None)

    def _for_application(self, sent: Mapping[str, str]) -> dict[str, Any]:
        if _required(sent, "scope") != f"api://{ENTRA_CLIENT_ID}/.default":
            text = "The provided value for scope is not valid. It must end in /.default."
            raise EntraError("invalid_scope", 1002012, text)
        return {
            "token_type": "Bearer",
            "expires_in": int(self._config["access_token_seconds"]),
            "ext_expires_in": int(self._config["access_token_seconds"]),
            "access_token": self._maker.app_token(self._directory.signing_key()),
        }

    def _issue(
        self, grant: Code | RefreshToken, asked: str | None, nonce: str | None
    ) -> dict[str, Any]:
        email, consented = grant.email, grant.scope
        scopes = read_scopes(asked or consented, self._config["granted_scopes"])
        key = self._directory.signing_key()
        answer = {
            "token_type": "Bearer",
            "scope": scopes.granted,
            "expires_in": int(self._config["access_token_seconds"]),
            "ext_expires_in": int(self._config["access_token_seconds"]),
            "access_token": self._maker.access_token(key, email, scopes),
        }
        if _may_refresh(scopes, consented):
            answer["refresh_token"] = self._directory.issue_refresh_token(
                email, consented, claims=grant.claims
            )
        if scopes.wants_id_token:
            answer["id_token"] = self._maker.id_token(key, email, nonce)
        return answer


def _may_refresh(scopes: ScopeSet, consented: str) -> bool:
    # A refresh that names other scopes keeps the consent to stay signed in.
    return scopes.wants_refresh_token or "offline_access" in consented.split()


def _required(sent: Mapping[str, str], name: str) -> str:
    value = sent.get(name)
    if not value:
        text = f"The request body must contain the following parameter: '{name}'."
        raise EntraError("invalid_request", 900144, text)
    return value
