"""The servers of `bench.servers`: floors and the official SDK."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import aiohttp

from bench.driver import HANDSHAKE, IDLE_SECONDS, CallFailed, Driver
from bench.subjects.command import Command
from bench.subjects.subject import PEOPLE, Client

_ROOT = Path(__file__).parent.parent.parent


class Plain(Command):
    """A server of `bench.servers`, by its module's name."""

    def __init__(self, key: str, title: str, *, module: str, upstream: str, folder: Path) -> None:
        super().__init__(key, title, upstream=upstream, folder=folder)
        self._module = module

    def command(self, port: int) -> list[str]:
        return [sys.executable, "-m", f"bench.servers.{self._module}", str(port), self._upstream]

    def env(self) -> dict[str, str]:
        return {"PYTHONPATH": str(_ROOT)}

    def client(self, caller: int) -> Client:
        return Driver(endpoint=f"{self.url}/mcp", token=_token(caller), revision=HANDSHAKE)


class Proxy(Plain):
    """The bare proxy: GET in, GET out, no MCP."""

    def client(self, caller: int) -> Client:
        return _Getter(f"{self.url}/proxy/", _token(caller))


def _token(caller: int) -> str:
    return f"person-{caller % PEOPLE}"


class _Getter:
    """Asks the proxy as a driver asks an MCP server."""

    def __init__(self, base: str, token: str) -> None:
        self.received = 0
        self._base = base
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS),
            headers={"Authorization": f"Bearer {token}"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def initialize(self) -> None:
        """Nothing to shake hands about."""

    async def tools(self) -> list[dict[str, Any]]:
        await self.call("jira_get_issue", {})
        return []

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> str:
        del arguments
        async with self._http.get(self._base + tool) as reply:
            text = await reply.text()
            if not reply.ok:
                raise CallFailed(reply.status, text)
        self.received = len(text)
        return text
