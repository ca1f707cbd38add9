"""GET and POST /admin/people/remove: the end of a person's account. Administrators only."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.web import access
from xerus.web.deps import WebDeps

_PATH = "/admin/people/remove"


class RemovePerson:
    """Asks first; what goes and what stays stands on the page that asks."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.admin_page(self._deps, _PATH, self._ask),
            access.admin_action(self._deps, _PATH, self._remove),
        ]

    async def _ask(self, request: Request, session: Session) -> Response:
        return await self._question(request, session, request.query_params.get("id", ""))

    async def _remove(self, request: Request, session: Session, form: FormData) -> Response:
        person = await self._deps.people.get(access.field(form, "id"))
        if access.field(form, "confirm") != "yes":
            return await self._question(request, session, person.id)
        await self._deps.people.remove(person.id, by=session.user.id)
        return RedirectResponse("/admin/people?done=removed", 303)

    async def _question(self, request: Request, session: Session, user_id: str) -> Response:
        person = await self._deps.people.get(user_id)
        return self._deps.pages.render(
            request,
            "admin/remove_person.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            person=person,
            is_self=person.id == session.user.id,
        )
