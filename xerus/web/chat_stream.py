"""How an answer grows, for the page that shows it; and its end, when the person wants that.

One stream of a page, open only while an answer is being written. It sends what changed since its
own last message, rendered and sanitised here; whoever connects gets all that may change first, so
a stream that breaks is simply opened again, at any process.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import orjson
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.ids import UserId
from xerus.web import access
from xerus.web.assistant_deps import Entry, Sight
from xerus.web.chat import ChatPages
from xerus.web.deps import WebDeps

_LONGEST = timedelta(minutes=10)
_SESSION_EVERY = timedelta(seconds=15)
_MOST = 8
"""Streams of one person at a process; a page beyond that asks now and then instead."""
_STREAMED = frozenset({"person", "assistant", "tool"})
"""Kinds without forms; a form works in a page alone, which then fetches it."""
_STOPPED_WITHIN_SECONDS = 20.0
_SHOWN_WITHIN_SECONDS = 1.0
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class ChatStream:
    """GET /chat/{id}/stream (SSE) and POST /chat/{id}/stop."""

    def __init__(self, deps: WebDeps, pages: ChatPages) -> None:
        self._deps = deps
        self._pages = pages
        self._assistant = deps.assistant
        self._open = Counter[UserId]()

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.data(self._deps, "/chat/{id}/stream", self._stream),
            access.action(self._deps, "/chat/{id}/stop", self._stop),
        ]

    async def _stop(self, request: Request, session: Session, form: FormData) -> Response:
        del form
        user_id, conversation_id = session.user.id, request.path_params["id"]
        await self._assistant.stop(user_id, conversation_id)
        scripted = access.is_fragment(request)
        with suppress(TimeoutError):
            async with asyncio.timeout(
                _SHOWN_WITHIN_SECONDS if scripted else _STOPPED_WITHIN_SECONDS
            ):
                await self._assistant.finished(user_id, conversation_id)
        if scripted:
            return await self._pages.shown(request, session, conversation_id)
        return RedirectResponse(f"/chat/{conversation_id}", 303)

    async def _stream(self, request: Request, session: Session) -> Response:
        # Before the first byte, so that a conversation of somebody else is a 404.
        await self._assistant.look(session.user.id, request.path_params["id"])
        return StreamingResponse(
            self._events(request, session.user.id),
            media_type="text/event-stream",
            headers=_HEADERS,
        )

    async def _events(self, request: Request, user_id: UserId) -> AsyncIterator[bytes]:
        yield b"retry: 1000\n\n"
        if self._open[user_id] >= _MOST:
            yield _event("busy")
            return
        self._open[user_id] += 1
        try:
            async for event in self._followed(request, user_id):
                yield event
        finally:
            self._open[user_id] -= 1
            if not self._open[user_id]:
                del self._open[user_id]

    async def _followed(self, request: Request, user_id: UserId) -> AsyncIterator[bytes]:
        clock, pages = self._deps.clock, self._deps.pages
        begun = asked = clock.now()
        told = _Told(lambda entry: pages.html("chat/streamed.html", entry=entry))
        sight = None
        async for sight in self._assistant.watch(user_id, request.path_params["id"]):
            if not sight.running:
                break
            if clock.now() - asked > _SESSION_EVERY:
                asked = clock.now()
                if asked - begun > _LONGEST or not await self._is_signed_in(request, user_id):
                    return
            events = b"".join(told.of(sight))
            # Something in any case: a browser that is gone is noticed by what it does not take.
            yield events or b": waiting\n\n"
        # Ended while an answer is being written: this process is about to stop.
        yield _event("end" if sight is not None and not sight.running else "closing")

    async def _is_signed_in(self, request: Request, user_id: UserId) -> bool:
        session = await self._deps.session_of(request)
        return session is not None and session.user.id == user_id


class _Told:
    """What a stream has sent, so that it sends the rest alone."""

    def __init__(self, html_of: Callable[[Entry], str]) -> None:
        self._html_of = html_of
        self._shown: dict[int, str] = {}
        self._blocks: dict[int, tuple[str, ...]] = {}
        self._kinds: list[str] | None = None
        self._said = ""

    def of(self, sight: Sight) -> Iterator[bytes]:
        """Return the events that bring a page that saw the last sight to this one."""
        kinds = [entry.kind for entry in sight.entries]
        if self._kinds is not None and _with_forms(kinds) != _with_forms(self._kinds):
            yield _event("whole")
        self._kinds = kinds
        for at, entry in enumerate(sight.entries, start=sight.since):
            if entry.kind in _STREAMED:
                yield from self._entry(at, entry)
        said = _words(sight)
        if said != self._said:
            self._said = said
            yield _event("say", words=said)

    def _entry(self, at: int, entry: Entry) -> Iterator[bytes]:
        blocks: tuple[str, ...] = tuple(getattr(entry, "blocks", ()))
        if at in self._blocks and blocks:
            yield from self._text(at, blocks)
            return
        html = self._html_of(entry)
        if self._shown.get(at) != html:
            yield _event("entry", at=at, html=html)
        self._shown[at] = html
        if blocks:
            self._blocks[at] = blocks

    def _text(self, at: int, blocks: tuple[str, ...]) -> Iterator[bytes]:
        before = self._blocks[at]
        same = 0
        for one, other in zip(before, blocks, strict=False):
            if one != other:
                break
            same += 1
        if before != blocks:
            yield _event("text", at=at, since=same, html="".join(blocks[same:]))
        self._blocks[at] = blocks


def _with_forms(kinds: list[str]) -> list[str]:
    return [kind for kind in kinds if kind not in _STREAMED]


def _words(sight: Sight) -> str:
    """Return what a screen reader is told: once for each step, never for each word."""
    if sight.stopping:
        return "Stopping."
    if sight.doing:
        return sight.doing
    for entry in sight.entries:
        if entry.kind == "tool" and getattr(entry, "state", "") == "running":
            return f"Running {getattr(entry, 'title', '')}."
    return "Xerus is answering."


def _event(name: str, **data: object) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps(data))
