"""How far an attempt to connect has come, for the page that waits: one answer, or a stream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Protocol

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.connections.views import ConnectionView, FlowView
from xerus.ids import FlowId, UserId
from xerus.web import access
from xerus.web.card import version_of
from xerus.web.deps import WebDeps

_LONGEST = timedelta(minutes=11)
_FLOW_APPEARS_WITHIN = timedelta(seconds=30)
_LOOK_AGAIN = 0.5
_HEARTBEAT = 15.0


class Watched(Protocol):
    """What a page waits for: a link, or one server."""

    async def view(self, user_id: UserId) -> ConnectionView:
        """Return what there is to show."""

    async def flow(self, user_id: UserId, flow_id: FlowId | None = None) -> FlowView | None:
        """Return an attempt of this person, the newest by default."""

    async def wait_for_change(self, flow_id: FlowId, timeout: float) -> object:
        """Return when the attempt changed, or after `timeout` seconds."""


Find = Callable[[Request, Session], Awaitable[Watched]]


class ConnectStatus:
    """GET {base}/status (JSON) and {base}/events (SSE, open only while one waits)."""

    def __init__(self, deps: WebDeps, base: str, find: Find) -> None:
        """Make one; `find` returns what a request is about, or raises NotFound."""
        self._deps = deps
        self._base = base
        self._find = find

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.data(self._deps, f"{self._base}/status", self._status),
            access.data(self._deps, f"{self._base}/events", self._events),
        ]

    async def _status(self, request: Request, session: Session) -> Response:
        watched = await self._find(request, session)
        snapshot = await _snapshot(watched, session.user.id)
        return Response(snapshot, media_type="application/json")

    async def _events(self, request: Request, session: Session) -> Response:
        return StreamingResponse(
            self._stream(await self._find(request, session), session.user.id),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _stream(self, watched: Watched, user_id: UserId) -> AsyncIterator[bytes]:
        """Send the full state at once and after each change; end when nothing is open any more.

        The page asks before its window has reached /start, so the row may not be there yet. Where
        this process is about to stop, the stream breaks off and the browser opens it again.
        """
        clock, sent = self._deps.clock, b""
        begun, seen_open = clock.now(), False
        while clock.now() - begun < _LONGEST:
            snapshot = await _snapshot(watched, user_id)
            yield b"data: " + snapshot + b"\n\n" if snapshot != sent else b": waiting\n\n"
            sent = snapshot
            flow = await watched.flow(user_id, None)
            if flow and flow.open:
                seen_open = True
                await self._pause(watched.wait_for_change(flow.flow_id, _HEARTBEAT))
            elif seen_open or clock.now() - begun > _FLOW_APPEARS_WITHIN:
                break
            else:
                await self._pause(asyncio.sleep(_LOOK_AGAIN))
            if self._deps.closing.is_set():
                return
        yield b"event: end\ndata: {}\n\n"

    async def _pause(self, waiting: Coroutine[object, object, object]) -> None:
        """Wait, but not on while this process is to stop."""
        change = asyncio.create_task(waiting)
        closing = asyncio.create_task(self._deps.closing.wait())
        try:
            await asyncio.wait({change, closing}, return_when=asyncio.FIRST_COMPLETED)
            if change.done():
                change.result()
        finally:
            change.cancel()
            closing.cancel()


async def _snapshot(watched: Watched, user_id: UserId) -> bytes:
    view = await watched.view(user_id)
    flow = await watched.flow(user_id, None)
    return orjson.dumps(
        {
            "version": version_of(view, flow),
            "state": view.state,
            "usable": view.usable,
            "pending": bool(flow and flow.open),
            "flow": {"id": flow.flow_id, "status": flow.status} if flow else None,
        }
    )
