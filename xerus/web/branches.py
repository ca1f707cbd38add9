"""Going on from an earlier place of a conversation, in one of its own; the first one stays."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.errors import InvalidInput, LimitReached, XerusError
from xerus.web import access
from xerus.web.deps import WebDeps


class BranchPages:
    """GET and POST /chat/{id}/edit, POST /chat/{id}/branch; `turn` says where."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._branching = deps.kept.branching

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.page(self._deps, "/chat/{id}/edit", self._ask),
            access.action(self._deps, "/chat/{id}/edit", self._edit),
            access.action(self._deps, "/chat/{id}/branch", self._branch),
        ]

    async def _ask(self, request: Request, session: Session) -> Response:
        turn = _turn(request.query_params.get("turn", ""))
        text = await self._branching.message(session.user.id, request.path_params["id"], turn)
        return self._form(request, session, turn, text)

    async def _edit(self, request: Request, session: Session, form: FormData) -> Response:
        turn, text = _turn(access.field(form, "turn")), access.field(form, "text").strip()
        if not text:
            why = InvalidInput("The message is empty.", hint="Write something, then send it.")
            return self._form(request, session, turn, text, why)
        conversation_id = request.path_params["id"]
        branch = await self._branching.before(session.user.id, conversation_id, turn, text)
        try:
            await self._deps.assistant.send(session.user, branch, text)
        except (InvalidInput, LimitReached) as why:
            await self._branching.undo(session.user.id, branch)
            return self._form(request, session, turn, text, why)
        except XerusError:
            await self._branching.undo(session.user.id, branch)
            raise
        return RedirectResponse(f"/chat/{branch}", 303)

    async def _branch(self, request: Request, session: Session, form: FormData) -> Response:
        turn = _turn(access.field(form, "turn"))
        branch = await self._branching.after(session.user.id, request.path_params["id"], turn)
        return RedirectResponse(f"/chat/{branch}", 303)

    def _form(
        self,
        request: Request,
        session: Session,
        turn: int,
        text: str,
        problem: XerusError | None = None,
    ) -> Response:
        return self._deps.pages.render(
            request,
            "conversations/edit.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            status=problem.status if problem else 200,
            conversation_id=request.path_params["id"],
            turn=turn,
            text=text,
            problem=problem,
        )


def _turn(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 10:  # noqa: PLR2004 - fits any number of turns
        return int(text)
    raise InvalidInput(
        "This names no message of the conversation.", hint="Choose one in the conversation."
    )
