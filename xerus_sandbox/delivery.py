"""Sending an answer over the wire, soundly or in one of the ways a network spoils it."""

import asyncio
import os
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TRANSPORT = "xerus_sandbox.transport"
_TRICKLE_SECONDS = 0.2


class TransportProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, with the transport in the scope so that it can be cut."""

    def on_message_begin(self) -> None:
        """Start a request's scope."""
        super().on_message_begin()
        self.scope["extensions"] = {_TRANSPORT: {"transport": self.transport}}


@dataclass(kw_only=True)
class Captured:
    """A complete answer that has not been sent."""

    status: int
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


async def capture(app: ASGIApp, scope: Scope, receive: Receive) -> Captured:
    """Run an application and keep its answer back."""
    answer = Captured(status=500)

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = list(message["headers"])
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, keep)
    return answer


def ready_answer(status: int, headers: Mapping[str, str], body: Any) -> Captured:
    """Return an answer from plain values; what is not text is sent as JSON."""
    is_text = isinstance(body, str)
    raw = body.encode() if is_text else orjson.dumps(body)
    named = {name.lower(): value for name, value in headers.items()}
    named.setdefault("content-type", "text/plain" if is_text else "application/json")
    named["content-length"] = str(len(raw))
    wire = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named.items()]
    return Captured(status=status, headers=wire, body=raw)


async def send_whole(answer: Captured, send: Send) -> None:
    """Send the answer as it is."""
    await _send_start(answer, send)
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


async def trickle(answer: Captured, scope: Scope, send: Send) -> None:
    """Send the body one byte at a time, as long as somebody listens."""
    transport = _transport(scope)
    await _send_start(answer, send)
    for index in range(len(answer.body)):
        if transport.is_closing():
            return
        part = answer.body[index : index + 1]
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.sleep(_TRICKLE_SECONDS)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def truncate(answer: Captured, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the header and half of the body that it promises, then close."""
    if answer.body:
        await _send_start(answer, send)
        half = answer.body[: len(answer.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
    await drop(scope, receive)


async def drop(scope: Scope, receive: Receive) -> None:
    """Close the connection without a further byte."""
    _transport(scope).close()
    await _until_gone(receive)


async def reset(scope: Scope, receive: Receive) -> None:
    """Abort the connection; the client's kernel sees a TCP RST."""
    transport = _transport(scope)
    descriptor = transport.get_extra_info("socket").fileno()
    with socket.socket(fileno=os.dup(descriptor)) as twin:
        # Zero linger turns the close into RST; the option belongs to both descriptors.
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await _until_gone(receive)


async def _send_start(answer: Captured, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})


async def _until_gone(receive: Receive) -> None:
    # uvicorn answers 500 for an application that returns before it saw the disconnect.
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(scope: Scope) -> asyncio.Transport:
    transport: asyncio.Transport = scope["extensions"][_TRANSPORT]["transport"]
    return transport
