"""A person's conversations as a whole: the list, and the name and the end of each of them."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.assistant.conversations import Place
from xerus.assistant.searching import LONGEST_WORDS
from xerus.assistant.titles import LONGEST_TITLE
from xerus.errors import InvalidInput, LimitReached
from xerus.web import access
from xerus.web.deps import WebDeps
from xerus.web.kept import address_of, grouped, kept_for, place_at

_PAGE = 50
_DONE = {
    "deleted": "The conversation is deleted.",
    "all": "All your conversations are deleted.",
}


class ConversationPages:
    """GET /conversations, with `q` a search; for one: /chat/{id}/rename, delete; for all: /conversations/delete."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._conversations = deps.kept.conversations

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.page(self._deps, "/conversations", self._list),
            access.page(self._deps, "/conversations/delete", self._ask_about_all),
            access.action(self._deps, "/conversations/delete", self._delete_all),
            access.page(self._deps, "/chat/{id}/rename", self._ask_for_title),
            access.action(self._deps, "/chat/{id}/rename", self._rename),
            access.page(self._deps, "/chat/{id}/delete", self._ask),
            access.action(self._deps, "/chat/{id}/delete", self._delete),
        ]

    async def _list(self, request: Request, session: Session) -> Response:
        before = place_at(request.query_params.get("before", ""))
        words = request.query_params.get("q", "").strip()
        if words:
            return await self._search(request, session, words, before)
        rows = await self._conversations.page(session.user.id, limit=_PAGE + 1, before=before)
        return self._deps.pages.render(
            request,
            "conversations/page.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            groups=grouped(rows[:_PAGE], self._deps.clock.now()),
            before=before is not None,
            longest=LONGEST_WORDS,
            older=address_of(rows[_PAGE - 1].place) if len(rows) > _PAGE else "",
            kept_for=kept_for(self._conversations.days),
            done=_DONE.get(request.query_params.get("done", ""), ""),
        )

    async def _search(
        self, request: Request, session: Session, words: str, before: Place | None
    ) -> Response:
        found, problem = None, None
        try:
            found = await self._deps.kept.searching.find(session.user.id, words, before)
        except (InvalidInput, LimitReached) as error:
            problem = error
        return self._deps.pages.render(
            request,
            "conversations/search.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            status=problem.status if problem else 200,
            words=words,
            before=before is not None,
            found=found,
            problem=problem,
            more=address_of(found.more) if found and found.more else "",
            longest=LONGEST_WORDS,
        )

    async def _ask_for_title(self, request: Request, session: Session) -> Response:
        return await self._title_form(request, session)

    async def _rename(self, request: Request, session: Session, form: FormData) -> Response:
        conversation_id, title = request.path_params["id"], access.field(form, "title")
        try:
            await self._conversations.rename(session.user.id, conversation_id, title)
        except InvalidInput as error:
            return await self._title_form(request, session, title, error)
        return RedirectResponse(f"/chat/{conversation_id}", 303)

    async def _title_form(
        self,
        request: Request,
        session: Session,
        title: str | None = None,
        problem: InvalidInput | None = None,
    ) -> Response:
        row = await self._conversations.row(session.user.id, request.path_params["id"])
        return self._deps.pages.render(
            request,
            "conversations/rename.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            status=problem.status if problem else 200,
            row=row,
            title=row.title if title is None else title,
            longest=LONGEST_TITLE,
            problem=problem,
        )

    async def _ask(self, request: Request, session: Session) -> Response:
        row = await self._conversations.row(session.user.id, request.path_params["id"])
        return self._question(request, session, row=row)

    async def _delete(self, request: Request, session: Session, form: FormData) -> Response:
        if access.field(form, "confirm") != "yes":
            return await self._ask(request, session)
        await self._conversations.delete(session.user.id, request.path_params["id"])
        return RedirectResponse("/conversations?done=deleted", 303)

    async def _ask_about_all(self, request: Request, session: Session) -> Response:
        return self._question(request, session, row=None)

    async def _delete_all(self, request: Request, session: Session, form: FormData) -> Response:
        if access.field(form, "confirm") != "yes":
            return await self._ask_about_all(request, session)
        await self._conversations.delete_all(session.user.id)
        return RedirectResponse("/conversations?done=all", 303)

    def _question(self, request: Request, session: Session, *, row: object) -> Response:
        return self._deps.pages.render(
            request,
            "conversations/delete.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            row=row,
        )
