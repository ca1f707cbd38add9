"""Application links of the simulated Data Center: `/dc/{product}/rest/oauth2/latest/...`.

One incoming link (external application) per product, with a client of its own. The consent page
posts to paths of the sandbox; the real product's pages have others.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from xerus_sandbox.accounts import ACCOUNTS, BY_EMAIL, DATA_CENTER_CLIENTS
from xerus_sandbox.atlassian.dc_grants import DataCenterGrants
from xerus_sandbox.atlassian.oauth_grants import TokenError
from xerus_sandbox.atlassian.oauth_request import CALLBACK_PATH
from xerus_sandbox.config import Config
from xerus_sandbox.opaque import challenge_of
from xerus_sandbox.operations import Product
from xerus_sandbox.pages import bullets, button, form, hidden, page
from xerus_sandbox.port import note_of
from xerus_sandbox.redirects import is_registered, with_query

SCOPES = ("READ", "WRITE", "ADMIN", "SYSTEM_ADMIN")
"""From the least to the most; each includes those before it."""

_BRAND = "#5b3fb5"


class _NoRedirect(Exception):
    """The request cannot be trusted to name its redirect; the person sees a page instead."""


class _Refused(Exception):
    """An `error` to report to the redirect URI."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error, description)
        self.error = error
        self.description = description


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    scopes: list[str]
    redirect_uri: str
    state: str | None
    code_challenge: str | None


class DataCenterOAuth:
    """Authorization and token endpoint of one product."""

    def __init__(self, product: Product, grants: DataCenterGrants, config: Config) -> None:
        self._product = product
        self._grants = grants
        self._config = config
        self._base = f"/dc/{product}"
        self._label = f"Simulated {product.capitalize()} Data Center"
        self._cookie = f"sandbox_dc_{product}"
        self.routes = [
            Route(f"{self._base}/rest/oauth2/latest/authorize", self._authorize),
            Route(f"{self._base}/rest/oauth2/latest/token", self._token, methods=["POST"]),
            Route(f"{self._base}/signin", self._sign_in, methods=["POST"]),
            Route(f"{self._base}/consent", self._consent, methods=["POST"]),
        ]

    async def _authorize(self, request: Request) -> Response:
        query = request.url.query
        wanted = self._read(query)
        if isinstance(wanted, Response):
            return wanted
        email = self._signed_in(request)
        note_of(request).account = email
        return self._sign_in_page(query) if email is None else self._consent_page(query, wanted)

    async def _sign_in(self, request: Request) -> Response:
        sent = await _form(request)
        email = sent.get("account", "")
        if email not in BY_EMAIL:
            return self._error_page("There is no such account here.")
        note_of(request).account = email
        url = f"{self._base}/rest/oauth2/latest/authorize?{sent.get('request', '')}"
        answer = RedirectResponse(url, status_code=303)
        cookie = self._grants.start_session(email)
        answer.set_cookie(self._cookie, cookie, path=self._base, httponly=True, samesite="lax")
        return answer

    async def _consent(self, request: Request) -> Response:
        sent = await _form(request)
        query = sent.get("request", "")
        wanted = self._read(query)
        if isinstance(wanted, Response):
            return wanted
        email = self._signed_in(request)
        note_of(request).account = email
        if email is None or sent.get("decision") == "switch":
            return self._sign_in_page(query)
        if sent.get("decision") != "accept":
            return _redirect(wanted.redirect_uri, error="access_denied", state=wanted.state)
        code = self._grants.issue_code(
            email=email,
            scopes=wanted.scopes,
            redirect_uri=wanted.redirect_uri,
            code_challenge=wanted.code_challenge,
        )
        return _redirect(wanted.redirect_uri, code=code, state=wanted.state)

    async def _token(self, request: Request) -> Response:
        sent = await _form(request)
        note_of(request).account = self._grants.email_of(
            sent.get("refresh_token") or sent.get("code", "")
        )
        try:
            answer = self._exchanged(sent)
        except TokenError as error:
            body = {"error": error.error, "error_description": error.description}
            return JSONResponse(body, status_code=error.status)
        return JSONResponse(answer, headers={"cache-control": "no-store"})

    def _exchanged(self, sent: Mapping[str, str]) -> dict[str, object]:
        client_id, secret = DATA_CENTER_CLIENTS[self._product]
        is_secret = hmac.compare_digest(sent.get("client_secret", "").encode(), secret.encode())
        if sent.get("client_id") != client_id or not is_secret:
            raise TokenError(401, "invalid_client", "Client authentication failed")
        redirect_uri = sent.get("redirect_uri", "")
        match sent.get("grant_type"):
            case "authorization_code":
                verifier = sent.get("code_verifier")
                challenge = challenge_of(verifier) if verifier else None
                return self._grants.redeem(sent.get("code", ""), redirect_uri, challenge)
            case "refresh_token":
                return self._grants.refresh(sent.get("refresh_token", ""), redirect_uri)
            case other:
                raise TokenError(400, "unsupported_grant_type", f"Unsupported: {other}")

    def _read(self, query: str) -> _Wanted | Response:
        values = dict(parse_qsl(query, keep_blank_values=True))
        try:
            redirect_uri = self._checked_redirect(values)
            return self._checked(values, redirect_uri)
        except _NoRedirect as error:
            return self._error_page(str(error))
        except _Refused as error:
            return _redirect(
                redirect_uri,
                error=error.error,
                error_description=error.description,
                state=values.get("state"),
            )

    def _checked_redirect(self, values: Mapping[str, str]) -> str:
        if values.get("client_id") != DATA_CENTER_CLIENTS[self._product][0]:
            raise _NoRedirect("The client_id is not known here.")
        redirect_uri = values.get("redirect_uri", "")
        if not is_registered(redirect_uri, self._config["redirect_uris"], CALLBACK_PATH):
            raise _NoRedirect("The redirect_uri is not that of the application link.")
        return redirect_uri

    def _checked(self, values: Mapping[str, str], redirect_uri: str) -> _Wanted:
        if values.get("response_type") != "code":
            raise _Refused("unsupported_response_type", "response_type must be code")
        challenge = values.get("code_challenge")
        if challenge and values.get("code_challenge_method") != "S256":
            raise _Refused("invalid_request", "code_challenge_method must be S256")
        allowed = self._config["dc_granted_scopes"]
        asked = values.get("scope", "").split()
        if not asked or not set(asked) <= set(SCOPES):
            raise _Refused("invalid_scope", "Ask for READ, WRITE, ADMIN or SYSTEM_ADMIN")
        scopes = [scope for scope in asked if allowed is None or scope in allowed]
        if not scopes:
            raise _Refused("invalid_scope", "The application link does not allow this")
        return _Wanted(
            scopes=scopes,
            redirect_uri=redirect_uri,
            state=values.get("state"),
            code_challenge=challenge,
        )

    def _signed_in(self, request: Request) -> str | None:
        return self._grants.session_email(request.cookies.get(self._cookie, ""))

    def _sign_in_page(self, query: str) -> Response:
        people = [button("account", account.email, account.email) for account in ACCOUNTS]
        body = form(f"{self._base}/signin", hidden("request", query), *people)
        return self._page("Log in to continue", body)

    def _consent_page(self, query: str, wanted: _Wanted) -> Response:
        body = bullets(wanted.scopes) + form(
            f"{self._base}/consent",
            hidden("request", query),
            button("decision", "accept", "Accept", "main"),
            button("decision", "decline", "Decline", "plain"),
            button("decision", "switch", "Use another account", "plain"),
        )
        return self._page(f"Xerus wants access to {self._product.capitalize()}", body)

    def _error_page(self, text: str) -> Response:
        return self._page("Something went wrong", f"<p>{escape(text)}</p>", status=400)

    def _page(self, title: str, body: str, *, status: int = 200) -> Response:
        return page(label=self._label, brand=_BRAND, title=title, body=body, status=status)


async def _form(request: Request) -> dict[str, str]:
    sent = await request.form()
    return {name: value for name, value in sent.items() if isinstance(value, str)}


def _redirect(uri: str, **values: str | None) -> Response:
    return RedirectResponse(with_query(uri, **values), status_code=302)
