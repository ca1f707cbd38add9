"""The chat: conversations, the transcript and the composer; decisions are in `chat_decide`."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.errors import Conflict, InvalidInput, LimitReached, NotFound, TooLarge, XerusError
from xerus.web import access
from xerus.web.assistant_deps import AssistantService, Entry, Today
from xerus.web.chat_models import ChatModels, models_of
from xerus.web.chat_waiting import Waits, announcement, waits_in
from xerus.web.deps import WebDeps
from xerus.web.kept import Beside, beside
from xerus.web.policy_deps import Allowance


@dataclass(frozen=True)
class Unsent:
    """A message that was not taken, and why."""

    text: str
    why: XerusError


@dataclass(frozen=True, kw_only=True)
class Chat:
    """What the chat's templates show."""

    title: str
    first_name: str
    conversation_id: str | None
    kept: Beside
    entries: Sequence[Entry]
    examples: Sequence[str]
    is_demo: bool
    models: ChatModels
    allowances: Sequence[Allowance]
    total: str
    today: Today | None
    waits: Waits
    running: bool
    stopping: bool
    doing: str
    unsent: Unsent | None

    @property
    def announcement(self) -> str:
        """What a screen reader is told when an answer has arrived."""
        if self.running:
            return "Stopping." if self.stopping else self.doing or "Xerus is answering."
        return announcement(self.entries, self.waits)


class ChatPages:
    """GET /, GET /chat/{id}, POST /chat, POST /chat/{id}/again."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._assistant: AssistantService = deps.assistant

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.page(self._deps, "/", self._new),
            access.page(self._deps, "/chat/{id}", self._show),
            access.data(self._deps, "/chat/{id}/transcript", self._show_transcript),
            access.action(self._deps, "/chat", self._send),
            access.action(self._deps, "/chat/{id}/again", self._again),
        ]

    async def _new(self, request: Request, session: Session) -> Response:
        return await self._render(request, session, None, "chat/page.html")

    async def _show(self, request: Request, session: Session) -> Response:
        return await self._render(request, session, request.path_params["id"], "chat/page.html")

    async def _show_transcript(self, request: Request, session: Session) -> Response:
        conversation_id = request.path_params["id"]
        return await self._render(request, session, conversation_id, "chat/answer.html")

    async def _send(self, request: Request, session: Session, form: FormData) -> Response:
        text = access.field(form, "text").strip()
        if not text:
            raise InvalidInput("The message is empty.", hint="Write something, then send it.")
        asked = access.field(form, "conversation_id") or None
        try:
            conversation_id = await self._assistant.send(
                session.user, asked, text, access.field(form, "model")
            )
        except (Conflict, InvalidInput, LimitReached, NotFound, TooLarge) as refused:
            if access.is_fragment(request):  # the composer still has it
                raise
            # What was deleted in another tab is gone: the message can begin a new conversation.
            there = None if isinstance(refused, NotFound) else asked
            return await self._render(
                request, session, there, "chat/page.html", unsent=Unsent(text, refused)
            )
        return await self.answer(request, session, conversation_id)

    async def _again(self, request: Request, session: Session, form: FormData) -> Response:
        conversation_id = request.path_params["id"]
        await self._assistant.again(session.user, conversation_id, access.field(form, "model"))
        return await self.answer(request, session, conversation_id)

    async def answer(self, request: Request, session: Session, conversation_id: str) -> Response:
        """Show a conversation after something was done in it."""
        if not access.is_fragment(request):
            await self._assistant.finished(session.user.id, conversation_id)
            return RedirectResponse(f"/chat/{conversation_id}", 303)
        response = await self.shown(request, session, conversation_id)
        response.headers["HX-Push-Url"] = f"/chat/{conversation_id}"
        return response

    async def shown(self, request: Request, session: Session, conversation_id: str) -> Response:
        """Return the transcript for a page that is open."""
        return await self._render(request, session, conversation_id, "chat/answer.html")

    async def _render(
        self,
        request: Request,
        session: Session,
        conversation_id: str | None,
        template: str,
        unsent: Unsent | None = None,
    ) -> Response:
        return self._deps.pages.render(
            request,
            template,
            viewer=access.viewer(session),
            csrf=session.csrf,
            status=unsent.why.status if unsent else 200,
            chat=await self._chat(session, conversation_id, unsent),
        )

    async def _chat(
        self, session: Session, conversation_id: str | None, unsent: Unsent | None
    ) -> Chat:
        user = session.user
        kept = await beside(
            self._deps.kept.conversations, user.id, conversation_id, self._deps.clock.now()
        )
        sight = await self._assistant.look(user.id, conversation_id) if conversation_id else None
        entries = sight.entries if sight else ()
        return Chat(
            title=(kept.current.title or "Untitled") if kept.current else "Chat",
            first_name=user.name.split(" ")[0],
            conversation_id=conversation_id,
            kept=kept,
            entries=entries,
            examples=self._assistant.examples,
            is_demo=self._assistant.is_demo,
            models=models_of(self._assistant.models, kept.current.model if kept.current else ""),
            allowances=await self._deps.policies.here(user.id, conversation_id)
            if conversation_id
            else (),
            total=sight.total if sight else "",
            today=await self._assistant.today(user.id),
            waits=await waits_in(self._deps, session, entries),
            running=bool(sight and sight.running),
            stopping=bool(sight and sight.stopping),
            doing=sight.doing if sight else "",
            unsent=unsent,
        )
