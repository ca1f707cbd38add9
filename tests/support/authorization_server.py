"""A small authorization server of somebody else: DCR, PKCE, rotation, revocation, `iss`."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from xerus.ids import new_id, new_secret

FIXED = ("fixed-client", "fixed-secret")


@dataclass
class AuthorizationServer:
    """What a test may change: documents, lifetimes, answers; and what it may look at."""

    base: str
    resource: str
    lifetime: int | None = 3600
    rotates: bool = True
    gives_refresh_tokens: bool = True
    says_iss: bool = True
    revoke_fails: bool = False
    iss: str = ""
    faults: list[Response] = field(default_factory=list)
    documents: dict[str, Any] = field(default_factory=dict)
    clients: dict[str, dict[str, Any]] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    access: set[str] = field(default_factory=set)
    refresh: set[str] = field(default_factory=set)
    spent: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    """The parameters of each request to authorize, then of each to the token endpoint."""

    def __post_init__(self) -> None:
        self.clients[FIXED[0]] = {"secret": FIXED[1], "redirect_uris": None, "token": ""}

    def accepts(self, header: str) -> bool:
        return header.removeprefix("Bearer ") in self.access

    def forget_access(self) -> None:
        """Let every access token be refused, as if they had been revoked there."""
        self.access.clear()

    def forget(self) -> None:
        """End every grant."""
        self.access.clear()
        self.refresh.clear()

    def routes(self) -> list[Route]:
        return [
            Route("/.well-known/oauth-protected-resource/mcp", self._resource),
            Route("/.well-known/oauth-authorization-server", self._metadata),
            Route("/register", self._register, methods=["POST"]),
            Route("/register/{id}", self._unregister, methods=["DELETE"]),
            Route("/authorize", self._authorize),
            Route("/decide", self._decide, methods=["POST"]),
            Route("/token", self._token, methods=["POST"]),
            Route("/revoke", self._revoke, methods=["POST"]),
        ]

    async def _resource(self, _: Request) -> Response:
        return JSONResponse(
            self.documents.get("resource")
            or {
                "resource": self.resource,
                "authorization_servers": [self.base],
                "scopes_supported": ["docs:read"],
            }
        )

    async def _metadata(self, _: Request) -> Response:
        endpoints = ("authorize", "token", "register", "revoke")
        names = ("authorization", "token", "registration", "revocation")
        document = {
            "issuer": self.base,
            **{
                f"{name}_endpoint": f"{self.base}/{path}"
                for name, path in zip(names, endpoints, strict=True)
            },
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "authorization_response_iss_parameter_supported": self.says_iss,
        }
        return JSONResponse({**document, **self.documents.get("server", {})})

    async def _register(self, request: Request) -> Response:
        asked = await request.json()
        client_id, secret, token = new_id(), new_secret(), new_secret()
        self.clients[client_id] = {**asked, "secret": secret, "token": token}
        return JSONResponse(
            {
                **asked,
                "client_id": client_id,
                "client_secret": secret,
                "client_secret_expires_at": 0,
                "registration_client_uri": f"{self.base}/register/{client_id}",
                "registration_access_token": token,
            },
            201,
        )

    async def _unregister(self, request: Request) -> Response:
        client = self.clients.get(request.path_params["id"])
        if client is None or request.headers.get("authorization") != f"Bearer {client['token']}":
            return JSONResponse({"error": "invalid_token"}, 401)
        del self.clients[request.path_params["id"]]
        return Response(status_code=204)

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.asked.append(asked)
        client = self.clients.get(asked.get("client_id", ""))
        allowed = client and (client["redirect_uris"] or [asked.get("redirect_uri")])
        if not allowed or asked.get("redirect_uri") not in allowed:
            return HTMLResponse("<h1>Unknown client or redirect</h1>", 400)
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{value}">' for name, value in asked.items()
        )
        return HTMLResponse(
            f'<title>Docs</title><h1>Allow Xerus?</h1><form method="post" action="/decide">{fields}'
            '<button name="decision" value="allow">Allow</button>'
            '<button name="decision" value="deny">Deny</button></form>'
        )

    async def _decide(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        answer = {"state": form["state"]}
        if self.says_iss:
            answer["iss"] = self.iss or self.base
        if form["decision"] == "allow":
            answer["code"] = new_secret()
            self.codes[answer["code"]] = form
        else:
            answer["error"] = "access_denied"
        return RedirectResponse(f"{form['redirect_uri']}?{urlencode(answer)}", 302)

    async def _token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        self.asked.append(form)
        if self.faults:
            return self.faults.pop(0)
        client_id = self._client_of(request, form)
        if client_id is None:
            return JSONResponse({"error": "invalid_client"}, 401)
        if form.get("resource") != self.resource:
            return JSONResponse({"error": "invalid_target"}, 400)
        if form["grant_type"] == "authorization_code":
            good = self._code_is_good(form, client_id)
        else:
            good = self._spend(form["refresh_token"])
        return self._issue(form) if good else JSONResponse({"error": "invalid_grant"}, 400)

    def _spend(self, refresh_token: str) -> bool:
        known = refresh_token in self.refresh
        if known:
            self.spent.append(refresh_token)
            if self.rotates:
                self.refresh.discard(refresh_token)
        return known

    def _issue(self, form: Mapping[str, str]) -> Response:
        access, refresh = new_secret(), new_secret()
        self.access.add(access)
        answer: dict[str, Any] = {"access_token": access, "token_type": "Bearer"}
        if self.lifetime is not None:
            answer["expires_in"] = self.lifetime
        if self.gives_refresh_tokens and (self.rotates or "code" in form):
            self.refresh.add(refresh)
            answer["refresh_token"] = refresh
        return JSONResponse(answer)

    def _code_is_good(self, form: Mapping[str, str], client_id: str) -> bool:
        begun = self.codes.pop(form.get("code", ""), None)
        if begun is None or begun["client_id"] != client_id:
            return False
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return (
            challenge == begun["code_challenge"] and form["redirect_uri"] == begun["redirect_uri"]
        )

    def _client_of(self, request: Request, form: Mapping[str, str]) -> str | None:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        header = request.headers.get("authorization", "")
        if header.startswith("Basic "):
            pair = base64.b64decode(header.removeprefix("Basic ")).decode()
            client_id, secret = map(unquote, pair.split(":", 1))
        client = self.clients.get(client_id)
        return client_id if client and client["secret"] == secret else None

    async def _revoke(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        if self.revoke_fails:
            return Response(status_code=503)
        self.revoked.append(form.get("token", ""))
        self.refresh.discard(form.get("token", ""))
        self.access.discard(form.get("token", ""))
        return Response()
