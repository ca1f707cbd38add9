"""A light MCP client: JSON-RPC over one aiohttp session, for either protocol revision."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping
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
_OK = 200


class CallFailed(Exception):
    """No usable answer: `status` is the HTTP status, or 200 where MCP itself reports an error."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:300]}")
        self.status = status
        self.text = text


class Driver:
    """Calls `endpoint` with one bearer token. `host` overrides the Host header."""

    def __init__(
        self,
        *,
        endpoint: str,
        token: str,
        revision: Revision = MODERN,
        host: str = "",
        timeout: float = 60,
    ) -> None:
        self._endpoint = endpoint
        self._revision = revision
        self._ids = itertools.count(1)
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": revision,
            **({"Host": host} if host else {}),
        }
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
        if self._revision == HANDSHAKE:
            await self.request(
                "initialize",
                {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": _CLIENT},
            )

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
        assert self._session is not None
        headers = self._headers
        if self._revision == MODERN:
            params = {**params, "_meta": _META}
            headers = {**headers, "Mcp-Method": method}
            if "name" in params:
                headers["Mcp-Name"] = params["name"]
        body = orjson.dumps(
            {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        )
        async with self._session.post(self._endpoint, data=body, headers=headers) as reply:
            content = await reply.read()
            if reply.status != _OK:
                raise CallFailed(reply.status, content.decode(errors="replace"))
        answer = orjson.loads(content)
        if "result" not in answer:
            raise CallFailed(_OK, str(answer.get("error")))
        result: dict[str, Any] = answer["result"]
        return result


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


async def load(once: Callable[[], Awaitable[object]], *, callers: int, seconds: float) -> Load:
    """Let `callers` repeat `once` for `seconds`, each with one call under way at a time."""
    result = Load()
    begun = perf_counter()

    async def caller() -> None:
        while perf_counter() - begun < seconds:
            start = perf_counter()
            try:
                await once()
            except (CallFailed, aiohttp.ClientError, TimeoutError) as error:
                result.errors.append(error)
            else:
                result.latencies.append(perf_counter() - start)

    await asyncio.gather(*(caller() for _ in range(callers)))
    result.seconds = perf_counter() - begun
    return result
