"""Bounds what the body of a request may be, before anything parses it."""

import re
from array import array
from itertools import accumulate

import mcp_types as types
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xerus.mcpserver.refusals import refusal

# Ends at the end of the body too: then a quote without its partner is looked at once, not again
# from each quote within it.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_OPENS, _CLOSES = b"[{", b"]}"
_STEPS = bytes.maketrans(_OPENS + _CLOSES, b"\x01\x01\xff\xff")
_OTHER = bytes(set(range(256)) - set(_OPENS + _CLOSES))


class TooLarge(Exception):
    """A body of more bytes than allowed."""


class BodyGuard:
    """ASGI middleware: refuses a body that is too large, before it is read, or nested too deeply."""

    def __init__(self, onward: ASGIApp, *, most_bytes: int, deepest: int) -> None:
        self._onward = onward
        self._most_bytes = most_bytes
        self._deepest = deepest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body in one piece."""
        if scope["method"] != "POST":
            await self._onward(scope, receive, send)
            return
        try:
            self._check_announced(scope)
            body = await self._read(receive)
        except TooLarge:
            await self._too_large()(scope, receive, send)
        except ClientDisconnect:
            return
        else:
            if nested_deeper(body, self._deepest):
                await self._too_deep()(scope, receive, send)
                return
            message = {"type": "http.request", "body": body, "more_body": False}
            await self._onward(scope, again(message, receive), send)

    def _check_announced(self, scope: Scope) -> None:
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value) > self._most_bytes:
                raise TooLarge

    async def _read(self, receive: Receive) -> bytes:
        message = await receive()
        if not message.get("more_body"):
            return self._part(message)
        parts = bytearray(self._part(message))
        while message.get("more_body"):
            message = await receive()
            parts += self._part(message)
            if len(parts) > self._most_bytes:
                raise TooLarge
        return bytes(parts)

    def _part(self, message: Message) -> bytes:
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part: bytes = message.get("body", b"")
        if len(part) > self._most_bytes:
            raise TooLarge
        return part

    def _too_large(self) -> JSONResponse:
        return refusal(
            413, "body_too_large", f"A request may have {self._most_bytes} bytes at most."
        )

    def _too_deep(self) -> JSONResponse:
        return refusal(
            400,
            "nested_too_deeply",
            f"A request may be nested {self._deepest} deep at most.",
            code=types.PARSE_ERROR,
        )


def nested_deeper(body: bytes, deepest: int) -> bool:
    """Tell whether lists and objects of a JSON text lie deeper in each other than that.

    Plain requests are told apart by counting; only where there are many brackets, most of them in
    strings perhaps, is their depth followed.
    """
    if body.count(b"[") + body.count(b"{") <= deepest:
        return False
    brackets = _STRING.sub(b"", body).translate(_STEPS, _OTHER)
    return max(accumulate(array("b", brackets)), default=0) > deepest


def again(message: Message, receive: Receive) -> Receive:
    """Return a `receive` that begins with a message that was taken already."""
    taken = False

    async def repeated() -> Message:
        nonlocal taken
        if taken:
            return await receive()
        taken = True
        return message

    return repeated
