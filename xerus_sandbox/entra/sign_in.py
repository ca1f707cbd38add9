"""Sign-in at the simulated Entra ID: `authorize`, the account picker, `logout`."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl, urlencode

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus_sandbox.accounts import ACCOUNTS, BY_EMAIL, ENTRA_CLIENT_ID
from xerus_sandbox.clock import VirtualClock
from xerus_sandbox.config import Config
from xerus_sandbox.entra.directory import Code, Directory
from xerus_sandbox.entra.discovery import SHARED_TENANTS, is_tenant, unknown_tenant
from xerus_sandbox.entra.errors import EntraError, ErrorPage, resource_refused
from xerus_sandbox.entra.scopes import read_scopes
from xerus_sandbox.pages import button, form, hidden, page
from xerus_sandbox.port import note_of
from xerus_sandbox.redirects import is_registered, with_query

COOKIE = "sandbox_entra"
CALLBACK_PATH = "/oauth/callback"
_LABEL = "Simulated Microsoft Entra ID"
_BRAND = "#0f6e84"


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    redirect_uri: str
    state: str | None
    scope: str
    nonce: str | None
    code_challenge: str | None
    prompt: str | None
    claims: bool
    fragment: bool


class SignIn:
    """The pages that a person sees; the pending request travels in a hidden field."""

    def __init__(self, directory: Directory, clock: VirtualClock, config: Config) -> None:
        self._directory = directory
        self._clock = clock
        self._config = config
        self.routes = [
            Route("/{tenant}/oauth2/v2.0/authorize", self._authorize),
            Route("/{tenant}/login", self._login, methods=["POST"]),
            Route("/{tenant}/oauth2/v2.0/logout", self._logout),
        ]

    async def _authorize(self, request: Request) -> Response:
        tenant = request.path_params["tenant"]
        wanted = self._read(tenant, request.url.query)
        if isinstance(wanted, Response):
            return wanted
        if wanted.prompt == "none":
            return self._silently(request, wanted)
        return _picker(tenant, request.url.query)

    def _silently(self, request: Request, wanted: _Wanted) -> Response:
        email = self._directory.session_email(request.cookies.get(COOKIE, ""))
        note_of(request).account = email
        if email is None or self._directory.is_disabled(email):
            text = "Silent sign-in request was sent but no user is signed in."
            return self._refuse(wanted, EntraError("login_required", 50058, text))
        return self._grant(wanted, email)

    async def _login(self, request: Request) -> Response:
        sent = await request.form()
        query = str(sent.get("request", ""))
        wanted = self._read(request.path_params["tenant"], query)
        if isinstance(wanted, Response):
            return wanted
        email = str(sent.get("account", ""))
        if email == "":
            text = "User declined to consent to access the app."
            return self._refuse(wanted, EntraError("access_denied", 65004, text))
        if email not in BY_EMAIL:
            return _error_page("AADSTS50034: The user account does not exist in this directory.")
        note_of(request).account = email
        if self._directory.is_disabled(email):
            return _error_page("AADSTS50057: The user account is disabled.")
        foreign = email in self._config["foreign_accounts"]
        if foreign and request.path_params["tenant"] not in SHARED_TENANTS:
            return _error_page(
                "AADSTS50020: User account from identity provider does not exist in tenant."
            )
        answer = self._grant(wanted, email)
        cookie = self._directory.start_session(email)
        answer.set_cookie(COOKIE, cookie, httponly=True, samesite="lax")
        return answer

    def _grant(self, wanted: _Wanted, email: str) -> Response:
        code = self._directory.issue_code(
            Code(
                email=email,
                scope=wanted.scope,
                redirect_uri=wanted.redirect_uri,
                nonce=wanted.nonce,
                code_challenge=wanted.code_challenge,
                claims=wanted.claims,
                expires_at=self._clock.now() + self._config["code_seconds"],
            )
        )
        return _redirect(wanted, code=code)

    def _refuse(self, wanted: _Wanted, error: EntraError) -> Response:
        body = error.body(self._clock.now())
        return _redirect(wanted, error=error.error, error_description=body["error_description"])

    def _read(self, tenant: str, query: str) -> _Wanted | Response:
        values = dict(parse_qsl(query, keep_blank_values=True))
        if not is_tenant(tenant):
            return unknown_tenant(tenant)
        try:
            wanted = self._trusted(values)
        except ErrorPage as error:
            return _error_page(error.text)
        try:
            self._check(values)
        except EntraError as error:
            return self._refuse(wanted, error)
        return wanted

    def _trusted(self, values: Mapping[str, str]) -> _Wanted:
        client_id, redirect_uri = values.get("client_id"), values.get("redirect_uri", "")
        if client_id != ENTRA_CLIENT_ID:
            text = f"Application with identifier '{client_id}' was not found in the directory."
            raise ErrorPage(700016, text)
        if not is_registered(redirect_uri, self._config["redirect_uris"], CALLBACK_PATH):
            text = (
                f"The redirect URI '{redirect_uri}' specified in the request does not match the "
                "redirect URIs configured for the application."
            )
            raise ErrorPage(50011, text)
        return _Wanted(
            redirect_uri=redirect_uri,
            state=values.get("state"),
            scope=values.get("scope", ""),
            nonce=values.get("nonce"),
            code_challenge=values.get("code_challenge"),
            prompt=values.get("prompt"),
            claims="claims" in values,
            fragment=values.get("response_mode") == "fragment",
        )

    def _check(self, values: Mapping[str, str]) -> None:
        if values.get("response_type") != "code":
            text = f"response_type '{values.get('response_type')}' isn't enabled for the app."
            raise EntraError("unsupported_response_type", 700054, text)
        if values.get("response_mode", "query") not in ("query", "fragment"):
            raise EntraError("invalid_request", 70007, "The response_mode is not supported here.")
        if "resource" in values:
            raise resource_refused()
        if values.get("code_challenge") and values.get("code_challenge_method") != "S256":
            text = "The code_challenge_method must be S256."
            raise EntraError("invalid_request", 9002327, text)
        _check_claims(values.get("claims"))
        read_scopes(values.get("scope", ""), self._config["granted_scopes"])

    async def _logout(self, request: Request) -> Response:
        self._directory.end_session(request.cookies.get(COOKIE, ""))
        back = request.query_params.get("post_logout_redirect_uri", "")
        answer: Response = page(
            label=_LABEL,
            brand=_BRAND,
            title="You signed out",
            body="<p>You can close this page.</p>",
        )
        if back and is_registered(back, self._config["redirect_uris"], CALLBACK_PATH):
            answer = RedirectResponse(back, status_code=302)
        answer.delete_cookie(COOKIE)
        return answer


def _check_claims(text: str | None) -> None:
    if text is None:
        return
    try:
        sound = isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        sound = False
    if not sound:
        message = "The claims parameter in the request is not a valid JSON object."
        raise EntraError("invalid_request", 50165, message)


def _redirect(wanted: _Wanted, **values: str) -> Response:
    uri = with_query(wanted.redirect_uri, **values, state=wanted.state)
    if wanted.fragment:
        sent = {k: v for k, v in {**values, "state": wanted.state}.items() if v is not None}
        uri = f"{wanted.redirect_uri}#{urlencode(sent)}"
    return RedirectResponse(uri, status_code=302)


def _picker(tenant: str, query: str) -> Response:
    people = [button("account", account.email, account.email) for account in ACCOUNTS]
    body = "<p>Pick an account to continue to Xerus.</p>" + form(
        f"/{tenant}/login",
        hidden("request", query),
        *people,
        button("account", "", "Cancel", "plain"),
    )
    return page(label=_LABEL, brand=_BRAND, title="Pick an account", body=body)


def _error_page(text: str) -> Response:
    body = f"<p>{escape(text)}</p>"
    title = "Sorry, but we are having trouble signing you in"
    return page(label=_LABEL, brand=_BRAND, title=title, body=body, status=400)
