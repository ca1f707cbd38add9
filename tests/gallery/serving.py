"""The worlds of all states behind one address; a cookie of the browser says which is shown."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import cast

import uvicorn
from playwright.async_api import BrowserContext
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.gallery.shown import Shown
from tests.gallery.states import STATES
from tests.unit.web.fakes import World
from xerus.web.deps import CredentialsMode

_COOKIE = "gallery"
_SESSION = "xerus_session"


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[str]:
    """Serve every state; yield the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://localhost:{listener.getsockname()[1]}"
        apps = {name: _app(shown, base) for name, shown in STATES.items()}

        async def chosen(scope: Scope, receive: Receive, send: Send) -> None:
            name = Request(scope).cookies.get(_COOKIE, "signin")
            await apps[name](scope, receive, send)

        config = uvicorn.Config(chosen, lifespan="off", log_level="error")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield base
        finally:
            server.should_exit = True
            await task


async def choose(context: BrowserContext, base: str, name: str) -> str:
    """Let the browser see a state from now on; return the address of its page."""
    shown = STATES[name]
    await context.clear_cookies()
    held = {_COOKIE: name, _SESSION: shown.token}
    for cookie, value in held.items():
        if value:
            await context.add_cookies([{"name": cookie, "value": value, "url": base}])
    return base + shown.path


def _app(shown: Shown, base: str) -> ASGIApp:
    world = World(mode=cast("CredentialsMode", shown.mode), base=base)
    shown.arrange(world)
    return world.app
