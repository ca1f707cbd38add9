"""The official SDK's client with its OAuth flow, its person at a `Browser`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)
from pydantic import AnyUrl

from tests.support.browser import Browser, LeftTheWorld
from tests.support.plain import NO_TLS

CALLBACK = "http://127.0.0.1:33333/callback"


@dataclass
class Storage:
    """What a client keeps on its disk."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


async def consent(browser: Browser, url: str, account: str) -> str:
    """Go through consent and sign-in as `account`; return the URL the client gets called with."""
    try:
        await browser.open(url)
        await browser.click("Allow")
        await browser.click(account)
    except LeftTheWorld as end:
        return end.url
    raise AssertionError(f"did not return to the client: {browser.page.url} {browser.page.text}")


def provider(
    url: str, storage: Storage, browser: Browser, account: str, *, scope: str | None = None
) -> OAuthClientProvider:
    """Return the SDK's OAuth provider whose person is `account` at `browser`."""
    arrived: list[str] = []

    async def redirect(authorization_url: str) -> None:
        browser.stops_at = (CALLBACK,)
        arrived.append(await consent(browser, authorization_url, account))

    async def callback() -> AuthorizationCodeResult:
        query = {k: v[0] for k, v in parse_qs(urlsplit(arrived.pop()).query).items()}
        return AuthorizationCodeResult(
            code=query.get("code", ""), state=query.get("state"), iss=query.get("iss")
        )

    return OAuthClientProvider(
        server_url=f"{url}/mcp",
        client_metadata=OAuthClientMetadata(
            client_name="Journey test client", redirect_uris=[AnyUrl(CALLBACK)], scope=scope
        ),
        storage=storage,
        redirect_handler=redirect,
        callback_handler=callback,
    )


@asynccontextmanager
async def connected(
    url: str, storage: Storage, browser: Browser, account: str, **options: Any
) -> AsyncIterator[Client]:
    """Yield a connected client of `url`/mcp that acts for `account`."""
    auth = provider(url, storage, browser, account)
    async with (
        httpx2.AsyncClient(auth=auth, timeout=60, verify=NO_TLS, trust_env=False) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), **options) as client,
    ):
        yield client


def text_of(result: Any) -> str:
    """Return the text of a tool result."""
    return "\n".join(block.text for block in result.content if block.type == "text")
