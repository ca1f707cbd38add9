"""Reaches our own MCP server in this process, as any MCP client would over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import httpx2
import mcp_types as types
from mcp.client.client import Client
from mcp.client.session import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from starlette.types import ASGIApp

from xerus import __version__
from xerus.grants.clients import CHAT_CLIENT_ID, CHAT_CLIENT_NAME
from xerus.ids import FamilyId, UserId
from xerus.oauth import scopes

_CALL_SECONDS = 60.0


class Mint(Protocol):
    """`grants.tokens.AccessTokens`."""

    async def mint(
        self,
        *,
        user_id: UserId,
        client_id: str,
        scopes: frozenset[str],
        family_id: FamilyId | None,
        resource: str,
    ) -> str:
        """Return an access token."""


class McpLink:
    """Opens MCP clients of our own server, each acting for one person."""

    def __init__(self, *, app: ASGIApp, url: str, tokens: Mint) -> None:
        self._app = app
        self._url = url
        self._tokens = tokens

    @asynccontextmanager
    async def connect(self, user_id: UserId) -> AsyncIterator[Client]:
        """Yield a client with a token of its own for `user_id`; leave in the task that entered."""
        token = await self._tokens.mint(
            user_id=user_id,
            client_id=CHAT_CLIENT_ID,
            scopes=scopes.ALL,
            family_id=None,
            resource=self._url,
        )
        async with (
            httpx2.AsyncClient(
                # A failure inside the server is an HTTP answer here too, as over a network.
                transport=httpx2.ASGITransport(self._app, raise_app_exceptions=False),
                headers={"Authorization": f"Bearer {token}"},
                timeout=_CALL_SECONDS,
            ) as http,
            Client(
                streamable_http_client(self._url, http_client=http),
                client_info=types.Implementation(name=CHAT_CLIENT_NAME, version=__version__),
                elicitation_callback=_cancel,
                read_timeout_seconds=_CALL_SECONDS,
            ) as client,
        ):
            yield client


async def _cancel(
    context: ClientRequestContext, params: types.ElicitRequestParams
) -> types.ElicitResult:
    """Answer nothing by itself; declares that URLs can be shown, which `toolset` does."""
    del context, params
    return types.ElicitResult(action="cancel")
