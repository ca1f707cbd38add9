"""A light MCP client: JSON-RPC over one aiohttp session, for either protocol revision.

It speaks to any MCP server: with or without a session, answering in JSON or as an event stream.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal, Self

import aiohttp
import orjson

Revision = Literal["2026-07-28", "2025-11-25"]
MODERN: Revision = "2026-07-28"
HANDSHAKE: Revision = "2025-11-25"

IDLE_SECONDS = 2.0
"""How long an unused connection is kept: less than the server does, which would reset it."""

_CLIENT = {"name": "xerus-bench", "version": "1"}
_META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": _CLIENT,
}
_OK, _ACCEPTED = 200, 202
_EVENTS = "text/event-stream"
_SESSION = "Mcp-Session-Id"


class CallFailed(Exception):
    """No usable answer: `status` is the HTTP status, or 200 where MCP itself reports an error."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:300]}")
        self.status = status
        self.text = text


class Driver:
    """Calls `endpoint` with one token, '' for none. `host` overrides the Host header."""

    def __init__(
        self,
        *,
        endpoint: str,
        token: str,
        scheme: str = "Bearer",
        revision: Revision = MODERN,
        host: str = "",
        timeout: float = 60,
    ) -> None:
        self._endpoint = endpoint
        self._revision = revision
        self._ids = itertools.count(1)
        self._headers = {
            "Content-Type": "application/json",
            "Accept": f"application/json, {_EVENTS}",
            "MCP-Protocol-Version": revision,
            **({"Authorization": f"{scheme} {token}"} if token else {}),
            **({"Host": host} if host else {}),
        }
        self.received = 0
        """Bytes of the newest answer's body."""
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._timeout,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def initialize(self) -> None:
        """Shake hands, where the revision has a handshake (2025-11-25, basic/lifecycle)."""
        if self._revision == MODERN:
            return
        wanted = {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": _CLIENT}
        await self.request("initialize", wanted)
        await self._post({"jsonrpc": "2.0", "method": "notifications/initialized"}, {})

    async def tools(self) -> list[dict[str, Any]]:
        """Return the entries of tools/list."""
        listed: list[dict[str, Any]] = (await self.request("tools/list", {}))["tools"]
        return listed

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """Call a tool and return its text.

        Raises:
            CallFailed: an HTTP or protocol error, or a tool result that is an error.
        """
        result = await self.request("tools/call", {"name": tool, "arguments": arguments})
        text = "\n".join(block.get("text", "") for block in result.get("content", []))
        if result.get("isError") or not text:
            raise CallFailed(_OK, text or str(result))
        return text

    async def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Send one request and return its result.

        Raises:
            CallFailed: an HTTP status other than 200, or a JSON-RPC error.
            aiohttp.ClientError, TimeoutError: no answer.
        """
        headers = {}
        if self._revision == MODERN:
            params = {**params, "_meta": _META}
            headers = {"Mcp-Method": method}
            if "name" in params:
                headers["Mcp-Name"] = params["name"]
        answer = await self._post(
            {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}, headers
        )
        if "result" not in answer:
            raise CallFailed(_OK, str(answer.get("error")))
        result: dict[str, Any] = answer["result"]
        return result

    async def _post(self, message: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        assert self._session is not None
        async with self._session.post(
            self._endpoint, data=orjson.dumps(message), headers=self._headers | headers
        ) as reply:
            content = await reply.read()
            if reply.status not in {_OK, _ACCEPTED}:
                raise CallFailed(reply.status, content.decode(errors="replace"))
        if session := reply.headers.get(_SESSION):
            self._headers[_SESSION] = session
        self.received = len(content)
        return _answer(reply.content_type, content) if "id" in message else {}


def _answer(content_type: str, content: bytes) -> dict[str, Any]:
    """Return the answer out of a body: the whole of it, or the event that is no notification."""
    texts = [content]
    if content_type == _EVENTS:
        lines = content.splitlines()
        texts = [line.removeprefix(b"data:") for line in lines if line.startswith(b"data:")]
    for text in filter(bytes.strip, texts):
        message: dict[str, Any] = orjson.loads(text)
        if "id" in message:
            return message
    raise CallFailed(_OK, f"no answer in {content[:200]!r}")


@dataclass
class Load:
    """What a number of parallel callers measured."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds


async def load(calls: Sequence[Callable[[], Awaitable[object]]], *, seconds: float) -> Load:
    """Repeat each of `calls` for `seconds`, once at the least: each has one call under way."""
    result = Load()
    begun = perf_counter()

    async def caller(once: Callable[[], Awaitable[object]]) -> None:
        while True:
            start = perf_counter()
            try:
                await once()
            except (CallFailed, aiohttp.ClientError, TimeoutError) as error:
                result.errors.append(error)
            else:
                result.latencies.append(perf_counter() - start)
            if perf_counter() - begun >= seconds:
                return

    await asyncio.gather(*map(caller, calls))
    result.seconds = perf_counter() - begun
    return result
