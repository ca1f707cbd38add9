"""Sign-in and consent at the simulated Atlassian: `/authorize`, `/signin`, `/consent`."""

from html import escape
from urllib.parse import parse_qsl

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus_sandbox.accounts import ACCOUNTS, BY_EMAIL, SITES_OF
from xerus_sandbox.atlassian.oauth_grants import Code, Grants
from xerus_sandbox.atlassian.oauth_request import (
    AuthorizationRequest,
    NoRedirect,
    RedirectError,
    checked_redirect,
    read_request,
)
from xerus_sandbox.clock import VirtualClock
from xerus_sandbox.config import Config
from xerus_sandbox.pages import bullets, button, form, hidden, page
from xerus_sandbox.port import note_of
from xerus_sandbox.redirects import with_query

COOKIE = "sandbox_atlassian"
_LABEL = "Simulated Atlassian"
_BRAND = "#1f5fd0"


class OAuthPages:
    """The pages that a person sees; the pending request travels in a hidden field."""

    def __init__(self, grants: Grants, clock: VirtualClock, config: Config, host: str) -> None:
        self._grants = grants
        self._clock = clock
        self._config = config
        self._host = host
        self.routes = [
            Route("/authorize", self._authorize),
            Route("/signin", self._sign_in, methods=["POST"]),
            Route("/consent", self._consent, methods=["POST"]),
        ]

    async def _authorize(self, request: Request) -> Response:
        query = request.url.query
        wanted = self._read(query)
        if isinstance(wanted, Response):
            return wanted
        email = self._signed_in(request)
        note_of(request).account = email
        return _sign_in_page(query) if email is None else _consent_page(query, wanted, email)

    def _read(self, query: str) -> AuthorizationRequest | Response:
        values = _values(query)
        try:
            return read_request(values, self._config, self._host)
        except NoRedirect as error:
            return _error_page(str(error))
        except RedirectError as error:
            redirect_uri = checked_redirect(values, self._config)
            return _redirect(
                redirect_uri,
                error=error.error,
                error_description=error.description,
                state=values.get("state"),
            )

    def _signed_in(self, request: Request) -> str | None:
        return self._grants.session_email(request.cookies.get(COOKIE, ""))

    async def _sign_in(self, request: Request) -> Response:
        sent = await request.form()
        email = _text(sent, "account")
        if email not in BY_EMAIL:
            return _error_page("There is no such account here.")
        note_of(request).account = email
        answer = RedirectResponse(f"/authorize?{_text(sent, 'request')}", status_code=303)
        cookie = self._grants.start_session(email)
        answer.set_cookie(COOKIE, cookie, httponly=True, samesite="lax")
        return answer

    async def _consent(self, request: Request) -> Response:
        sent = await request.form()
        query = _text(sent, "request")
        wanted = self._read(query)
        if isinstance(wanted, Response):
            return wanted
        email = self._signed_in(request)
        note_of(request).account = email
        decision = _text(sent, "decision")
        if email is None or decision == "switch":
            return _sign_in_page(query)
        if decision != "accept":
            return _redirect(
                wanted.redirect_uri,
                error="access_denied",
                error_description="User did not authorize the request",
                state=wanted.state,
            )
        code = self._issue_code(wanted, email, _text(sent, "site"))
        return _redirect(wanted.redirect_uri, code=code, state=wanted.state)

    def _issue_code(self, wanted: AuthorizationRequest, email: str, site: str) -> str:
        allowed = self._config["sites_granted"]
        sites = [name for name in SITES_OF[email] if allowed is None or name in allowed]
        code = Code(
            email=email,
            scopes=list(wanted.scopes),
            redirect_uri=wanted.redirect_uri,
            code_challenge=wanted.code_challenge,
            expires_at=self._clock.now() + self._config["code_seconds"],
        )
        return self._grants.issue_code(code, [name for name in sites if site in ("", name)])


def _values(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True))


def _text(sent: FormData, name: str) -> str:
    value = sent.get(name)
    return value if isinstance(value, str) else ""


def _redirect(uri: str, **values: str | None) -> Response:
    return RedirectResponse(with_query(uri, **values), status_code=302)


def _error_page(text: str) -> Response:
    body = f"<p>{escape(text)}</p>"
    return page(label=_LABEL, brand=_BRAND, title="Something went wrong", body=body, status=400)


def _sign_in_page(query: str) -> Response:
    people = [button("account", account.email, account.email) for account in ACCOUNTS]
    body = "<p>Choose an account to continue.</p>" + form(
        "/signin", hidden("request", query), *people
    )
    return page(label=_LABEL, brand=_BRAND, title="Log in to continue", body=body)


def _consent_page(query: str, wanted: AuthorizationRequest, email: str) -> Response:
    options = "".join(f"<option>{escape(name)}</option>" for name in SITES_OF[email])
    body = (
        f"<p>Xerus is asking to act for <strong>{escape(email)}</strong> with:</p>"
        + bullets(wanted.scopes)
        + form(
            "/consent",
            hidden("request", query),
            '<label for="site">Use app on</label>',
            f'<select id="site" name="site"><option value="">All my sites</option>{options}</select>',
            button("decision", "accept", "Accept", "main"),
            button("decision", "decline", "Decline", "plain"),
            button("decision", "switch", "Use another account", "plain"),
        )
    )
    return page(label=_LABEL, brand=_BRAND, title="Xerus wants access to Atlassian", body=body)
