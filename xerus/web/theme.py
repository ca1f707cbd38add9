"""POST /theme: light, dark or automatic, kept in a cookie; open to everybody."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.pages.local_path import local_path
from xerus.pages.theme import keep_theme
from xerus.web import access
from xerus.web.deps import WebDeps


class Theme:
    """Keeps a choice of colours. Harmless, so it asks for no token, only for our own page."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the route."""
        return [Route("/theme", self._keep, methods=["POST"])]

    async def _keep(self, request: Request) -> Response:
        access.require_own_request(self._deps, request)
        form = await access.read_form(request)
        response = RedirectResponse(local_path(access.field(form, "return_to")), 303)
        keep_theme(response, access.field(form, "theme"), https=self._deps.https)
        return response
