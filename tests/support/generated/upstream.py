"""The sandbox's Atlassian port in this process: no sockets, and every request is kept."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from multidict import CIMultiDict
from yarl import URL

from xerus.egress.client import Egress
from xerus_sandbox.atlassian.app import SETTINGS, AtlassianService
from xerus_sandbox.atlassian.product_store import Products
from xerus_sandbox.clock import VirtualClock
from xerus_sandbox.config import Config
from xerus_sandbox.delivery import capture
from xerus_sandbox.port import Port
from xerus_sandbox.products.catalogue import OPERATIONS
from xerus_sandbox.products.world import World

ORIGIN = "http://127.0.0.1:9"
"""Nothing listens on port 9 (RFC 863): a request that went round this would fail."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One request as it went out, and what it was answered with."""

    method: str
    url: URL
    body: bytes
    status: int

    @property
    def path(self) -> str:
        """The path still percent-encoded."""
        return self.url.raw_path


class Upstream:
    """Both products with their seed data."""

    def __init__(self, folder: Path) -> None:
        config = Config(SETTINGS)
        clock = VirtualClock()
        self._service = AtlassianService(
            folder=folder,
            base_url=ORIGIN,
            clock=clock,
            config=config,
            products=Products(operations=OPERATIONS, seed=World.seed, from_json=World.from_json),
            recorder=None,
        )
        self._port = Port(
            name="atlassian",
            folder=folder,
            clock=clock,
            config=config,
            service=self._service,
            credentials={},
        )
        # A request that the sandbox fails at is a finding of the judge, with the traceback.
        logging.getLogger("xerus_sandbox").setLevel(logging.ERROR)

    @property
    def world(self) -> World:
        """What the products hold now."""
        return self._service.world

    def reset(self) -> None:
        """Go back to the seed data."""
        self._port.reset()

    def close(self) -> None:
        """Close the files."""
        self._port.close()
        self._service.close()

    async def answer(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, CIMultiDict[str], bytes]:
        """Serve one request as a server in front of the application would."""
        raw = url.raw_path.encode("ascii")
        given = [(b"host", (url.raw_authority or "").encode("ascii"))]
        given += [(k.lower().encode("ascii"), v.encode("utf-8")) for k, v in headers.items()]
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": url.scheme,
            "path": unquote(raw.decode("ascii")),
            "raw_path": raw,
            "query_string": url.raw_query_string.encode("ascii"),
            "root_path": "",
            "headers": given,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 9),
        }
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        answer = await capture(self._port, scope, receive)
        named = CIMultiDict((k.decode("latin-1"), v.decode("latin-1")) for k, v in answer.headers)
        return answer.status, named, answer.body


class InProcessEgress(Egress):
    """Egress with the real checks and the real making of URLs, whose network is the upstream."""

    def __init__(self, upstream: Upstream) -> None:
        super().__init__(allowed_origins=[ORIGIN])
        self._upstream = upstream
        self.sent: list[Sent] = []
        self.refused: list[str] = []

    def _check(self, url: str) -> None:
        try:
            super()._check(url)
        except Exception:
            self.refused.append(url)
            raise

    def _open(self, *, alone: bool) -> Any:
        del alone
        return SimpleNamespace(request=self._request)

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        url: URL,
        *,
        headers: Mapping[str, str] | None,
        data: bytes | None,
        **_: Any,
    ) -> AsyncIterator[Any]:
        body = data or b""
        status, named, content = await self._upstream.answer(method, url, headers or {}, body)
        self.sent.append(Sent(method=method, url=url, body=body, status=status))

        async def chunks(_: int) -> AsyncIterator[bytes]:
            yield content

        yield SimpleNamespace(
            status=status, headers=named, content=SimpleNamespace(iter_chunked=chunks)
        )
