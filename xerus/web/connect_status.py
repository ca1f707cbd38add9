"""How far an attempt to connect has come, for the page that waits: one answer, or a stream."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.connections.links import Link
from xerus.ids import UserId
from xerus.web import access
from xerus.web.card import base_of, version_of
from xerus.web.deps import WebDeps

_LONGEST = timedelta(minutes=11)
_FLOW_APPEARS_WITHIN = timedelta(seconds=30)
_LOOK_AGAIN = 0.5
_HEARTBEAT = 15.0


class ConnectStatus:
    """GET {link}/status (JSON) and {link}/events (SSE, open only while one waits)."""

    def __init__(self, deps: WebDeps, link: Link) -> None:
        self._deps = deps
        self._base = base_of(link)
        self._connections = deps.links[link]

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.data(self._deps, f"{self._base}/status", self._status),
            access.data(self._deps, f"{self._base}/events", self._events),
        ]

    async def _status(self, _request: Request, session: Session) -> Response:
        return Response(await self._snapshot(session.user.id), media_type="application/json")

    async def _events(self, _request: Request, session: Session) -> Response:
        return StreamingResponse(
            self._stream(session.user.id),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _snapshot(self, user_id: UserId) -> bytes:
        view = await self._connections.view(user_id)
        flow = await self._connections.flow(user_id, None)
        return orjson.dumps(
            {
                "version": version_of(view, flow),
                "state": view.state,
                "usable": view.usable,
                "pending": bool(flow and flow.open),
                "flow": {"id": flow.flow_id, "status": flow.status} if flow else None,
            }
        )

    async def _stream(self, user_id: UserId) -> AsyncIterator[bytes]:
        """Send the full state at once and after each change; end when nothing is open any more.

        The page asks before its window has reached /start, so the row may not be there yet.
        """
        clock, sent = self._deps.clock, b""
        begun, seen_open = clock.now(), False
        while clock.now() - begun < _LONGEST:
            snapshot = await self._snapshot(user_id)
            yield b"data: " + snapshot + b"\n\n" if snapshot != sent else b": waiting\n\n"
            sent = snapshot
            flow = await self._connections.flow(user_id, None)
            if flow and flow.open:
                seen_open = True
                await self._connections.wait_for_change(flow.flow_id, _HEARTBEAT)
            elif seen_open or clock.now() - begun > _FLOW_APPEARS_WITHIN:
                break
            else:
                await asyncio.sleep(_LOOK_AGAIN)
        yield b"event: end\ndata: {}\n\n"
