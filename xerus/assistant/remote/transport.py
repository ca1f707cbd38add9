"""HTTP of one session with a server: `egress` in the shape that the MCP SDK takes.

What goes wrong on the way is handed to the SDK as a JSON-RPC error, so that one failed request ends
as that request's failure: an exception would end the whole session and leave the others waiting.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Protocol

import httpx2
import orjson

from xerus import __version__
from xerus.egress.servers import ServerEgress, Streamed
from xerus.errors import XerusError
from xerus.remotes.servers import NotConnected

CALL_SECONDS = 60.0
STREAM_SECONDS = 150.0
"""How long the server's own stream is listened to: longer than any answer takes."""
MOST_BYTES = 4 * 2**20
"""The longest answer; images come inside it as text."""
_MOST_REQUESTS = 300
_NEVER_SECONDS = 10 * STREAM_SECONDS
_LATE = "The server did not answer in time."
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_ACCEPTED = 202
_FAILED = 400
_NOT_FOUND = 404
_REDIRECTS = range(300, 400)
_KEPT = ("accept", "content-type", "last-event-id")
_WORDS: Mapping[int, str] = {
    404: "There is no MCP server at this address.",
    405: "There is no MCP server of the current kind (streamable HTTP) at this address. Xerus does"
    " not use the older HTTP+SSE transport.",
    429: "The server asks to be left alone for a while.",
}


class Credentials(Protocol):
    """How the person is known to the server."""

    async def headers(self) -> dict[str, str]:
        """Return the headers to send.

        Raises:
            NotConnected: the person has to connect it first.
        """

    async def refused(self, headers: dict[str, str]) -> bool:
        """Hear that they were refused; return whether to ask for others and try again."""


class Failure(Exception):
    """Why a request to the server did not succeed, in our words; `said` is the server's."""

    def __init__(
        self, message: str, *, code: str, said: str = "", lacking: NotConnected | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.said = said
        self.lacking = lacking
        self.asked = ""


class ServerTransport(httpx2.AsyncBaseTransport):
    """Sends the requests of one session to the server's one address.

    The person's headers are added here and go to that address only; every redirect is refused.
    """

    def __init__(self, *, egress: ServerEgress, url: str, credentials: Credentials) -> None:
        self._egress = egress
        self._url = url
        self._credentials = credentials
        self._mark = secrets.token_urlsafe(12)
        self._failures: list[Failure] = []
        self._requests = 0

    def client(self) -> httpx2.AsyncClient:
        """Return a client that sends through this transport alone."""
        return httpx2.AsyncClient(transport=self, timeout=None, trust_env=False)

    def failure(self, data: object) -> Failure | None:
        """Return our own failure behind a JSON-RPC error's data; None if the server made it."""
        match data:
            case {"xerus": [str(mark), int(n)]} if secrets.compare_digest(mark, self._mark):
                return self._failures[n]
            case _:
                return None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; what fails on the way is an answer too."""
        try:
            return await self._send(request)
        except NotConnected as lacking:
            failure = Failure(lacking.message, code="not_connected", lacking=lacking)
        except TimeoutError:
            failure = Failure(_LATE, code="timeout")
        except XerusError as error:
            failure = Failure(error.message, code=error.code)
        except Failure as known:
            failure = known
        self._failures.append(failure)
        return self._told(request, failure)

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        self._requests += 1
        if self._requests > _MOST_REQUESTS:
            raise Failure("The server keeps asking for more requests.", code="too_many_requests")
        if str(request.url) != self._url:
            raise Failure("The server named another address.", code="other_address")
        seconds = STREAM_SECONDS if request.method == "GET" else CALL_SECONDS
        ends_at = asyncio.get_running_loop().time() + seconds
        stack = AsyncExitStack()
        try:
            async with asyncio.timeout_at(ends_at):
                answer = await self._authorized(request, stack)
                if not _is_of(answer, "text/event-stream"):
                    # Whole, because the library ends the session over one that breaks off.
                    whole = b"".join([chunk async for chunk in answer.chunks])
                    await stack.aclose()
                    return httpx2.Response(
                        answer.status, headers=_headers(answer), content=whole, request=request
                    )
        except BaseException:
            await stack.aclose()
            raise
        body = _Body(answer, stack, ends_at)
        return httpx2.Response(
            answer.status, headers=_headers(answer), stream=body, request=request
        )

    async def _authorized(self, request: httpx2.Request, stack: AsyncExitStack) -> Streamed:
        """Send with the person's headers, and once more with others where they were refused."""
        known = await self._credentials.headers()
        answer = await self._exchange(request, known, stack)
        if answer.status == _UNAUTHORIZED and await self._credentials.refused(known):
            await stack.aclose()
            answer = await self._exchange(request, await self._credentials.headers(), stack)
        if answer.status == _UNAUTHORIZED:
            await self._credentials.headers()  # says so where the person can do something
        if answer.status in {_UNAUTHORIZED, _FORBIDDEN}:
            raise Failure("The server does not let you in.", code=f"status_{answer.status}")
        if answer.status in _REDIRECTS:
            raise Failure(
                "The server answers with a redirect, which Xerus does not follow. An administrator"
                " can enter the address that it leads to.",
                code="redirect",
            )
        if request.method == "POST" and answer.status != _ACCEPTED:
            _check(answer)
        return answer

    async def _exchange(
        self, request: httpx2.Request, known: dict[str, str], stack: AsyncExitStack
    ) -> Streamed:
        return await stack.enter_async_context(
            self._egress.stream(
                request.method,
                self._url,
                headers={**_protocol(request), **known, "User-Agent": f"Xerus/{__version__}"},
                body=await request.aread() or None,
                # The deadline that holds is the one above and in `_Body`: this one would end the
                # task of the library that reads, and the session with it.
                deadline=_NEVER_SECONDS,
                max_bytes=MOST_BYTES,
            )
        )

    def _told(self, request: httpx2.Request, failure: Failure) -> httpx2.Response:
        data = {"xerus": [self._mark, len(self._failures) - 1]}
        error = {"code": -32000, "message": failure.message, "data": data}
        return httpx2.Response(
            502,
            headers={"Content-Type": "application/json"},
            content=orjson.dumps({"jsonrpc": "2.0", "id": None, "error": error}),
            request=request,
        )


class _Body(httpx2.AsyncByteStream):
    """The body as it comes, to its deadline."""

    def __init__(self, answer: Streamed, stack: AsyncExitStack, ends_at: float) -> None:
        self._chunks = answer.chunks
        self._stack = stack
        self._ends_at = ends_at

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await self._next():
            yield chunk

    async def aclose(self) -> None:
        await self._stack.aclose()

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout_at(self._ends_at):
                return await anext(self._chunks, b"")
        except (TimeoutError, OSError, XerusError) as error:
            raise httpx2.ReadError(str(error) or _LATE) from error


def _check(answer: Streamed) -> None:
    """Check that an answer is one of MCP; JSON may say itself what is wrong."""
    if _is_of(answer, "application/json"):
        return
    if answer.status >= _FAILED:
        raise Failure(_words_of(answer.status), code=f"status_{answer.status}")
    if not _is_of(answer, "text/event-stream"):
        raise Failure(_words_of(_NOT_FOUND), code="no_mcp")


def _is_of(answer: Streamed, kind: str) -> bool:
    return answer.headers.get("Content-Type", "").lower().startswith(kind)


def _words_of(status: int) -> str:
    return _WORDS.get(status, f"The server answers with an error (HTTP {status}).")


def _protocol(request: httpx2.Request) -> dict[str, str]:
    """Return the headers that belong to MCP: nothing else of the library's goes out."""
    found = {
        name: value
        for name, value in request.headers.items()
        if name in _KEPT or name.startswith("mcp-")
    }
    return {**found, "Accept-Encoding": "identity"}


def _headers(answer: Streamed) -> list[tuple[str, str]]:
    names = ("Content-Type", "Mcp-Session-Id")
    return [(name, answer.headers[name]) for name in names if name in answer.headers]
