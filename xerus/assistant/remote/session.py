"""One session of a run with one server, opened when it is first needed."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

import mcp_types as types
from mcp.client.client import Client
from mcp.client.session import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from pydantic import TypeAdapter, ValidationError

from xerus import __version__
from xerus.assistant.remote.transport import (
    CALL_SECONDS,
    MOST_BYTES,
    Credentials,
    Failure,
    ServerTransport,
)
from xerus.egress.servers import ServerEgress
from xerus.grants.clients import CHAT_CLIENT_NAME
from xerus.tools.untrusted import one_line

_T = TypeVar("_T")
_GOODBYE_SECONDS = 2.0
_BROKEN = ("Connection closed", "SSE stream")
_MOST_PAGES = 20
_LONGEST_WORDS = 300
_RESULT: TypeAdapter[types.CallToolResult | types.InputRequiredResult] = TypeAdapter(
    types.CallToolResult | types.InputRequiredResult
)


class Session:
    """A client of one server for one person.

    A task of its own holds the connection, since a connection has to be left where it was entered.
    """

    def __init__(self, *, egress: ServerEgress, url: str, credentials: Credentials) -> None:
        self._url = url
        self._transport = ServerTransport(egress=egress, url=url, credentials=credentials)
        self._opened: asyncio.Future[Client] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()
        self.asked: list[str] = []
        """What the server wanted to ask the person, declined; newest last."""

    async def tools(self, most: int) -> list[types.Tool]:
        """Return the tools that the server offers this person, at most `most` of them.

        Raises:
            Failure: it did not say.
        """
        client = await self._client()
        found: list[types.Tool] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await self._asking(client.list_tools(cursor=cursor))
            found += page.tools
            cursor = page.next_cursor
            if not cursor or not page.tools or len(found) >= most:
                break
        return found[:most]

    async def call(
        self, tool: str, arguments: Mapping[str, Any]
    ) -> types.CallToolResult | types.InputRequiredResult:
        """Call a tool.

        Raises:
            Failure: there is no result.
        """
        client = await self._client()
        params = types.CallToolRequestParams(name=tool, arguments=dict(arguments))
        # Not `call_tool`: it checks results against the schema that the server gave, and a pattern
        # in there may be made to keep this process busy.
        asked = client.session.send_request(types.CallToolRequest(params=params), _RESULT)
        return await self._asking(asked)

    async def close(self) -> None:
        """End the session; takes as long as the server takes to hear of it."""
        self._leave.set()
        if self._keeping is not None:
            await asyncio.wait([self._keeping], timeout=_GOODBYE_SECONDS)
            self._keeping.cancel()
            await asyncio.wait([self._keeping])

    async def _client(self) -> Client:
        if self._opened is None:
            self._opened = asyncio.get_running_loop().create_future()
            self._keeping = asyncio.create_task(self._keep(self._opened), name="mcp-session")
        return await asyncio.shield(self._opened)

    async def _keep(self, opened: "asyncio.Future[Client]") -> None:
        """Hold the connection until it is not needed any more."""
        try:
            async with (
                self._transport.client() as http,
                Client(
                    streamable_http_client(
                        self._url, http_client=http, max_sse_event_size=MOST_BYTES
                    ),
                    client_info=types.Implementation(name=CHAT_CLIENT_NAME, version=__version__),
                    elicitation_callback=self._decline,
                    read_timeout_seconds=CALL_SECONDS,
                    cache=None,
                ) as client,
            ):
                opened.set_result(client)
                await self._leave.wait()
        except Exception as error:  # noqa: BLE001 - whatever a strange server makes of the library
            if not opened.done():
                opened.set_exception(self._failure(error))
        finally:
            if not opened.done():
                opened.set_exception(Failure("The session ended.", code="ended"))

    async def _asking(self, asked: Awaitable[_T]) -> _T:
        try:
            return await asked
        except (MCPError, ValidationError, RuntimeError, TimeoutError) as error:
            raise self._failure(error) from error

    def _failure(self, error: BaseException) -> Failure:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        match error:
            case Failure():
                return error
            case MCPError():
                known = self._transport.failure(error.error.data)
                return known or _of_library(error.error) or _refusal(error.error.message)
            case TimeoutError():
                return _late()
            case _:
                return _unusable()

    async def _decline(
        self, context: ClientRequestContext, params: types.ElicitRequestParams
    ) -> types.ElicitResult:
        """Decline what a server asks the person in the middle of a call, and remember it."""
        del context
        self.asked.append(wanted_of(params))
        return types.ElicitResult(action="decline")


def wanted_of(params: types.ElicitRequestParams) -> str:
    """Return what a server asks for, on one line, for people."""
    if isinstance(params, types.ElicitRequestURLParams):
        return one_line(f"to open {params.url} ({params.message})")[:_LONGEST_WORDS]
    return one_line(params.message)[:_LONGEST_WORDS]


def _of_library(error: types.ErrorData) -> Failure | None:
    """Return what the library itself found wrong; its words would hold the answer's."""
    match error.code:
        case types.PARSE_ERROR:
            return _unusable()
        # The number is also what servers use that have no better one.
        case types.CONNECTION_CLOSED if error.message.startswith(_BROKEN):
            return Failure("The connection to the server broke off.", code="broken")
        case types.REQUEST_TIMEOUT:
            return _late()
        case _:
            return None


def _refusal(message: str) -> Failure:
    said = one_line(message)[:_LONGEST_WORDS]
    return Failure("The server refused it.", code="refused", said=said)


def _late() -> Failure:
    return Failure("The server did not answer in time.", code="timeout")


def _unusable() -> Failure:
    return Failure("The server's answer could not be used.", code="unusable")
