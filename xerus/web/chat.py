"""The chat: conversations, the transcript, the composer and decisions about calls that wait."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.errors import Conflict, InvalidInput, XerusError
from xerus.web import access
from xerus.web.card import Card, card_for
from xerus.web.deps import AssistantService, Entry, WebDeps
from xerus.web.kept import Beside, beside


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
    card: Card
    is_connected: bool
    running: bool
    stopping: bool
    unsent: Unsent | None

    @property
    def announcement(self) -> str:
        """What a screen reader is told when an answer has arrived."""
        if self.running:
            return "Stopping." if self.stopping else "Xerus is answering."
        if not self.entries:
            return ""
        last = self.entries[-1]
        if last.kind == "cut":
            how = getattr(last, "how", "")
            return "Stopped." if how == "stopped" else "The answer was interrupted by a restart."
        return {
            "approval": "Approval needed.",
            "needs_connection": "Connected now. Ask again."
            if self.is_connected
            else "Atlassian is not connected.",
            "error": "Something went wrong.",
        }.get(last.kind, "Answer ready.")


class ChatPages:
    """GET /, GET /chat/{id}, POST /chat, POST /chat/{id}/decide, again."""

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
            access.action(self._deps, "/chat/{id}/decide", self._decide),
            access.action(self._deps, "/chat/{id}/again", self._again),
        ]

    async def _new(self, request: Request, session: Session) -> Response:
        return await self._render(request, session, None, "chat/page.html")

    async def _show(self, request: Request, session: Session) -> Response:
        return await self._render(request, session, request.path_params["id"], "chat/page.html")

    async def _show_transcript(self, request: Request, session: Session) -> Response:
        conversation_id = request.path_params["id"]
        return await self._render(request, session, conversation_id, "chat/transcript.html")

    async def _send(self, request: Request, session: Session, form: FormData) -> Response:
        text = access.field(form, "text").strip()
        if not text:
            raise InvalidInput("The message is empty.", hint="Write something, then send it.")
        asked = access.field(form, "conversation_id") or None
        try:
            conversation_id = await self._assistant.send(session.user, asked, text)
        except Conflict as refused:
            if access.is_fragment(request):  # the composer still has it
                raise
            return await self._render(
                request, session, asked, "chat/page.html", unsent=Unsent(text, refused)
            )
        return await self._answer(request, session, conversation_id)

    async def _again(self, request: Request, session: Session, form: FormData) -> Response:
        del form
        conversation_id = request.path_params["id"]
        await self._assistant.again(session.user, conversation_id)
        return await self._answer(request, session, conversation_id)

    async def _decide(self, request: Request, session: Session, form: FormData) -> Response:
        decision = access.field(form, "decision")
        if decision not in {"approve", "decline"}:
            raise InvalidInput("Choose Approve or Decline.")
        conversation_id = request.path_params["id"]
        call_id = access.field(form, "call_id")
        await self._assistant.decide(session.user, conversation_id, call_id, decision == "approve")
        return await self._answer(request, session, conversation_id)

    async def _answer(self, request: Request, session: Session, conversation_id: str) -> Response:
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
            self._deps.conversations, user.id, conversation_id, self._deps.clock.now()
        )
        sight = await self._assistant.look(user.id, conversation_id) if conversation_id else None
        entries = sight.entries if sight else ()
        views = {link: await self._deps.links[link].view(user.id) for link in self._deps.offered}
        shown = next(iter(views))
        flow = await self._deps.links[shown].flow(user.id, None)
        is_connected = any(view.usable for view in views.values())
        return Chat(
            title=(kept.current.title or "Untitled") if kept.current else "Chat",
            first_name=user.name.split(" ")[0],
            conversation_id=conversation_id,
            kept=kept,
            entries=_without_excuse(entries, told=is_connected or self._assistant.is_demo),
            examples=self._assistant.examples,
            is_demo=self._assistant.is_demo,
            card=card_for(
                shown,
                views[shown],
                flow,
                mode=self._deps.credentials_mode,
                shared_products=self._deps.shared_products,
                now=self._deps.clock.now(),
            ),
            is_connected=is_connected,
            running=bool(sight and sight.running),
            stopping=bool(sight and sight.stopping),
            unsent=unsent,
        )


def _without_excuse(entries: Sequence[Entry], *, told: bool) -> Sequence[Entry]:
    """Leave out what a model said about a missing connection where the card below tells it.

    Args:
        entries: the transcript.
        told: the card says all of it: the connection is there by now, or the demo model spoke.
    """
    if not told or not entries or entries[-1].kind != "needs_connection":
        return entries
    asked = max((n for n, entry in enumerate(entries) if entry.kind == "person"), default=-1)
    last_turn = (entry for entry in entries[asked + 1 :] if entry.kind != "assistant")
    return [*entries[: asked + 1], *last_turn]
