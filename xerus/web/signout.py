"""Signing out: ends the session in every process and forgets the cookie."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.web import access
from xerus.web.deps import WebDeps


class SignOut:
    """POST /signout; GET /signout says what it means."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.action(self._deps, "/signout", self._end),
            Route("/signout", self._show, methods=["GET"]),
        ]

    async def _end(self, request: Request, session: Session, _form: FormData) -> Response:
        await self._deps.sessions.end(session.id, session.user.id)
        url = await self._deps.sign_in.sign_out_url(session.user.id)
        response: Response = RedirectResponse("/signout", 303)
        if url:
            # Not by a redirect: Chromium applies `form-action 'self'` to the whole chain.
            response = self._deps.pages.render(
                request,
                "signedout.html",
                viewer=None,
                headers={"Refresh": f"0; url={url}", "Referrer-Policy": "no-referrer"},
                provider_url=url,
            )
        self._deps.cookies.clear_session(response)
        return response

    async def _show(self, request: Request) -> Response:
        session = await self._deps.session_of(request)
        return self._deps.pages.render(
            request,
            "signedout.html",
            viewer=access.viewer(session) if session else None,
            csrf=session.csrf if session else "",
            provider_url="",
        )
