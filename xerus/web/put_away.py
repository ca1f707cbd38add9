"""POST /notices/put-away: a person has seen a notice."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.pages.local_path import local_path
from xerus.web import access
from xerus.web.deps import WebDeps


class PutAway:
    """Hides a notice from this person until it gets worse, begins anew, or a week has passed."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the route."""
        return [access.action(self._deps, "/notices/put-away", self._put_away)]

    async def _put_away(self, _request: Request, session: Session, form: FormData) -> Response:
        await self._deps.notices.put_away(session.user, access.field(form, "cause"))
        return RedirectResponse(local_path(access.field(form, "return_to"), default="/"), 303)
