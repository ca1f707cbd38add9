"""The server: httptools on uvloop, answers written in one piece, a count of everything."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import cast

import aiohttp
import httptools
import orjson

from bench.upstream.answers import CLOUD, DATA_CENTER

CONTROL = "/__"
_PASSED_ON = ("/me", "/oauth/", "/ex/")
_KNOWN_PATHS = 10_000
_OK, _UNAUTHORIZED, _NOT_FOUND, _BAD_GATEWAY = 200, 401, 404, 502


@dataclass
class Counts:
    """What came since the last reset; `credentials` are the different Authorization values."""

    requests: int = 0
    connections: int = 0
    unknown: list[str] = field(default_factory=list)
    credentials: set[bytes] = field(default_factory=set)


class FakeAtlassian:
    """What all connections share."""

    def __init__(self, sandbox: str) -> None:
        self.counts = Counts()
        self.delay = 0.0
        self._sandbox = sandbox
        self._routes = [(re.compile(path), body) for path, body in (*CLOUD, *DATA_CENTER)]
        self._known: dict[str, bytes | None] = {}
        self._http: aiohttp.ClientSession | None = None

    def answer(self, path: str, authorization: bytes) -> bytes | None:
        """Return the whole response to a request, and count it; None where the sandbox knows."""
        self.counts.requests += 1
        if not authorization:
            return response(_UNAUTHORIZED, b'{"message":"no credential"}')
        self.counts.credentials.add(authorization)
        if path not in self._known and len(self._known) < _KNOWN_PATHS:
            self._known[path] = self._find(path)
        found = self._known.get(path) or self._find(path)
        if found or path.startswith(_PASSED_ON):
            return found
        self.counts.unknown.append(path)
        return response(_NOT_FOUND, b'{"errorMessages":["no such path"]}')

    def _find(self, path: str) -> bytes | None:
        for pattern, body in self._routes:
            if pattern.fullmatch(path):
                return response(_OK, body)
        return None

    def control(self, path: str, query: str) -> bytes:
        """Do what `control.py` asks for."""
        if path == "/__reset":
            self.counts = Counts()
        elif path == "/__delay":
            self.delay = float(query)
        counts = self.counts
        return response(
            _OK,
            orjson.dumps(
                {
                    "requests": counts.requests,
                    "connections": counts.connections,
                    "unknown": counts.unknown,
                    "credentials": len(counts.credentials),
                }
            ),
        )

    async def pass_on(self, method: str, target: str, authorization: bytes) -> bytes:
        """Return what the sandbox answers."""
        self._http = self._http or aiohttp.ClientSession()
        headers = {"Authorization": authorization.decode(), "Accept": "application/json"}
        try:
            async with self._http.request(method, self._sandbox + target, headers=headers) as reply:
                return response(reply.status, await reply.read())
        except (aiohttp.ClientError, TimeoutError):
            return response(_BAD_GATEWAY, b"{}")


class Connection(asyncio.Protocol):
    """One connection; the parser calls the `on_` methods."""

    def __init__(self, fake: FakeAtlassian) -> None:
        self._fake = fake
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._url = b""
        self._authorization = b""
        self._passing: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)
        self._fake.counts.connections += 1

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"authorization":
            self._authorization = value

    def on_message_complete(self) -> None:
        target, authorization = self._url.decode(), self._authorization
        method = self._parser.get_method().decode()
        self._url = self._authorization = b""
        path, _, query = target.partition("?")
        if path.startswith(CONTROL):
            self._write(self._fake.control(path, query))
            return
        answer = self._fake.answer(path, authorization)
        if answer is None:
            self._passing = asyncio.create_task(self._pass_on(method, target, authorization))
        elif self._fake.delay:
            asyncio.get_running_loop().call_later(self._fake.delay, self._write, answer)
        else:
            self._write(answer)

    async def _pass_on(self, method: str, target: str, authorization: bytes) -> None:
        self._write(await self._fake.pass_on(method, target, authorization))

    def _write(self, answer: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(answer)


def response(status: int, body: bytes) -> bytes:
    """Return an HTTP/1.1 response with a JSON body."""
    head = f"HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body
