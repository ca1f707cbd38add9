"""GET /help: what to do about each trouble. Open to everybody, because signing in can be the trouble."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.errors import NotFound
from xerus.pages.help_links import asked_about
from xerus.web import access
from xerus.web.card import Card
from xerus.web.deps import WebDeps
from xerus.web.help_answers import ANSWERS, GROUPS, Answer
from xerus.web.tools import link_card


class HelpPage:
    """All answers, or one; to a signed-in person also how their own connections stand."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/help", self._all, methods=["GET"]),
            Route("/help/{name}", self._one, methods=["GET"]),
        ]

    async def _all(self, request: Request) -> Response:
        return await self._page(request, None)

    async def _one(self, request: Request) -> Response:
        answer = ANSWERS.get(request.path_params["name"])
        if answer is None:
            raise NotFound("There is no such answer.", hint="Open Help for all of them.")
        return await self._page(request, answer)

    async def _page(self, request: Request, answer: Answer | None) -> Response:
        session = await self._deps.session_of(request)
        asked = request.query_params
        reference, at = asked_about(asked.get("reference", ""), asked.get("at", ""))
        return self._deps.pages.render(
            request,
            "help/page.html",
            viewer=access.viewer(session) if session else None,
            csrf=session.csrf if session else "",
            groups=GROUPS,
            answer=answer,
            cards=await self._own(session),
            reference=reference,
            at=at,
            # Support needs to know where it was, not what else stood in the address.
            page=request.url.path,
        )

    async def _own(self, session: Session | None) -> list[Card]:
        if session is None:
            return []
        return [await link_card(self._deps, link, session) for link in self._deps.offered]
