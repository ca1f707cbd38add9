"""A Xerus process for as long as a block lasts, and what somebody holds who signed in to it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2

from tests.support.browser import Browser
from tests.support.folders import reachable
from tests.support.journeys import connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected
from tests.support.plain import NO_TLS
from tests.support.processes import free_port
from tests.support.stack import Sandbox, Xerus

_MANY = "1000000000"
UNLIMITED = {
    "XERUS_MCP_CALLER_REQUESTS_PER_MINUTE": _MANY,
    "XERUS_MCP_CLIENT_REQUESTS_PER_MINUTE": _MANY,
    "XERUS_OAUTH_REQUESTS_PER_MINUTE": _MANY,
    "XERUS_CHAT_MESSAGES_PER_MINUTE": _MANY,
}
"""One attacker asks as much as many people would."""


@dataclass
class Held:
    """What somebody has: an access token, a refresh token, the cookies of a session."""

    access: str = ""
    refresh: str = ""
    cookies: str = ""
    bearer: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.bearer = {"Authorization": f"Bearer {self.access}"}


@asynccontextmanager
async def sandbox_alone() -> AsyncIterator[Sandbox]:
    sandbox = await asyncio.to_thread(Sandbox, reachable(), None)
    try:
        yield sandbox
    finally:
        await asyncio.to_thread(sandbox.stop)
        await asyncio.to_thread(shutil.rmtree, sandbox.folder)


@asynccontextmanager
async def running(
    env: dict[str, str], *, port: int = 0, program: tuple[str, ...] = ("-m", "xerus")
) -> AsyncIterator[Xerus]:
    xerus = Xerus(reachable(), env, port=port or free_port(), program=program)
    try:
        await asyncio.to_thread(xerus.start)
        yield xerus
    finally:
        await asyncio.to_thread(xerus.stop)
        await asyncio.to_thread(shutil.rmtree, xerus.folder)


def http_of(xerus: Xerus) -> httpx2.AsyncClient:
    headers = {"Accept": "application/json, text/event-stream"}
    return httpx2.AsyncClient(
        base_url=xerus.url, headers=headers, verify=NO_TLS, trust_env=False, timeout=60
    )


async def signed_in(url: str, account: str, *, connects: bool = False) -> Held:
    """Sign in with a browser and authorize an MCP client; connect Atlassian on the way if asked."""
    storage = Storage()
    async with Browser() as browser:
        await sign_in(browser, url, account)
        if connects:
            await connect_atlassian(browser, url, account)
        async with connected(url, storage, browser, account):
            assert storage.tokens
        cookies = "; ".join(f"{one.name}={one.value}" for one in browser.http.cookies.jar)
    return Held(storage.tokens.access_token, storage.tokens.refresh_token or "", cookies)
