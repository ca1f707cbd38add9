"""Signing in: the page, the start of the way to the identity provider, the local one-time link."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.signin import kept_out
from xerus.errors import XerusError
from xerus.pages.local_path import local_path
from xerus.web.deps import WebDeps

_NO_STORE = {"Cache-Control": "no-store"}


class SignInPages:
    """GET /signin and GET /signin/start; open to everybody."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/signin", self._show, methods=["GET"]),
            Route("/signin/start", self._start, methods=["GET"]),
        ]

    async def _show(self, request: Request) -> Response:
        link = request.query_params.get("link", "")
        if link:
            return await self._use_link(request, link)
        if await self._deps.session_of(request):
            return RedirectResponse(_return_to(request), 303, headers=_NO_STORE)
        token = self._deps.cookies.session_token(request)
        if token and await self._deps.sign_in.is_demanded(token):
            return RedirectResponse(_start_url(request), 303, headers=_NO_STORE)
        if token and await self._deps.sign_in.is_kept_out(token):
            return self._page(request, kept_out())
        return self._page(request)

    async def _start(self, request: Request) -> Response:
        cookies = self._deps.cookies
        browser = cookies.browser_binding(request)
        try:
            url = await self._deps.sign_in.begin(
                browser=browser,
                purpose="web",
                return_to=_return_to(request),
                session_token=cookies.session_token(request),
            )
        except XerusError as error:
            return self._page(request, error)
        response = RedirectResponse(url, 303, headers=_NO_STORE)
        cookies.keep_browser(response, browser)
        return response

    async def _use_link(self, request: Request, link: str) -> Response:
        address = _own_address(request)
        try:
            user = await self._deps.local_links.redeem(link, address=address)
        except XerusError as error:
            return self._page(request, error)
        token = await self._deps.sessions.create(
            user.id, user_agent=request.headers.get("user-agent", ""), address=address
        )
        response = RedirectResponse(_return_to(request), 303, headers=_NO_STORE)
        self._deps.cookies.set_session(response, token)
        return response

    def _page(self, request: Request, error: XerusError | None = None) -> Response:
        return self._deps.pages.render(
            request,
            "signin.html",
            viewer=None,
            status=error.status if error else 200,
            configured=self._deps.sign_in.configured,
            parts=[part for part in self._deps.readiness.parts if part.is_needed],
            start_url=_start_url(request),
            error=error,
            correlation_id="",
        )


def _own_address(request: Request) -> str:
    """Return the client's address, '' for what a proxy, perhaps on this machine, passed on."""
    passed_on = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return "" if passed_on or request.client is None else request.client.host


def _start_url(request: Request) -> str:
    return "/signin/start?" + urlencode({"return_to": _return_to(request)})


def _return_to(request: Request) -> str:
    path = local_path(request.query_params.get("return_to"))
    return "/" if path.startswith(("/signin", "/signout")) else path
