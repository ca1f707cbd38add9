"""One request in, one answer out, for the handshake revisions: without the SDK's streams.

The SDK serves revision 2026-07-28 like this by itself. For the revisions before it, its stateless
mode builds a transport, two streams, a dispatcher and three tasks for each POST; measured, a third
of the CPU time of a tool call. Only what is plain is answered here: one JSON-RPC request of moderate
size, whole in one piece, under headers that leave nothing to decide. Everything else goes on to the
SDK, so that it alone says what is wrong with a request.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
import orjson
from mcp.server.connection import Connection
from mcp.server.lowlevel.server import Server
from mcp.server.runner import serve_one
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.jsonrpc_dispatcher import handler_exception_to_error_data
from mcp.shared.message import ServerMessageMetadata
from mcp.shared.transport_context import TransportContext
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xerus.mcpserver.body import again

_JSON = "application/json"
_MOST_BYTES = 256 * 1024
_DECISIVE = (b"host", b"content-type", b"accept", b"content-length", b"mcp-protocol-version")
_TRANSPORT = TransportContext(kind="streamable-http", can_send_request=False)


@dataclass(frozen=True, kw_only=True)
class _Plain:
    """A JSON-RPC request with nothing odd about it."""

    id: str | int
    method: str
    params: Mapping[str, Any] | None


@dataclass(kw_only=True)
class _Exchange:
    """The SDK's `DispatchContext` of a request whose answer is all that can be sent."""

    request_id: str | int
    message_metadata: ServerMessageMetadata
    transport: TransportContext = _TRANSPORT
    can_send_request: bool = False
    cancel_requested: anyio.Event = field(default_factory=anyio.Event)

    async def send_raw_request(
        self,
        method: str,
        params: Mapping[str, Any] | None,  # noqa: ARG002 - the Protocol's
        opts: CallOptions | None = None,  # noqa: ARG002 - the Protocol's
    ) -> dict[str, Any]:
        raise NoBackChannelError(method)

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """Drop it: a JSON answer has no room for notifications."""

    async def progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Drop it, likewise."""


class SingleExchange:
    """ASGI middleware before the SDK; `host` is the one Host that needs no further thought."""

    def __init__(self, onward: ASGIApp, *, server: Server[Any], host: str) -> None:
        self._onward = onward
        self._server = server
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a plain request, and pass on every other."""
        version = self._version(scope)
        if version is None:
            await self._onward(scope, receive, send)
            return
        message = await receive()
        plain = _plain(message)
        if plain is None:
            await self._onward(scope, again(message, receive), send)
            return
        await (await self._answer(scope, plain, version))(scope, receive, send)

    def _version(self, scope: Scope) -> str | None:
        """Return the revision of a request whose headers leave nothing to decide, else None."""
        found: dict[bytes, str] = {}
        for name, value in scope["headers"]:
            if name == b"origin" or name in found:
                return None
            if name in _DECISIVE:
                found[name] = value.decode("latin-1")
        if len(found) != len(_DECISIVE):
            return None
        length, version = found[b"content-length"], found[b"mcp-protocol-version"]
        fits = length.isascii() and length.isdigit() and int(length) <= _MOST_BYTES
        as_usual = found[b"host"] == self._host and found[b"content-type"] == _JSON
        if not (fits and as_usual and _JSON in found[b"accept"].split(", ")):
            return None
        return version if version in HANDSHAKE_PROTOCOL_VERSIONS else None

    async def _answer(self, scope: Scope, plain: _Plain, version: str) -> Response:
        exchange = _Exchange(
            request_id=plain.id,
            message_metadata=ServerMessageMetadata(request_context=Request(scope)),
        )
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": plain.id}
        try:
            answer["result"] = await serve_one(
                self._server,
                exchange,
                plain.method,
                plain.params,
                connection=Connection.from_envelope(version, None, None),
                lifespan_state={},
            )
        except Exception as error:
            refusal = handler_exception_to_error_data(error)
            if refusal is None:
                raise
            answer["error"] = refusal.model_dump(mode="json", exclude_unset=True)
        return Response(orjson.dumps(answer), media_type=_JSON)


def _plain(message: Message) -> _Plain | None:
    """Return the request in a whole body, None where there is anything odd about it."""
    if message["type"] != "http.request" or message.get("more_body"):
        return None
    try:
        found = orjson.loads(message.get("body", b""))
    except orjson.JSONDecodeError:
        return None
    match found:
        case {"jsonrpc": "2.0", "id": str() | int() as number, "method": str() as method}:
            params = found.get("params")
        case _:
            return None
    odd = isinstance(number, bool) or not isinstance(params, dict | None)
    if odd or method == "initialize" or not found.keys() <= {"jsonrpc", "id", "method", "params"}:
        return None
    return _Plain(id=number, method=method, params=params)
