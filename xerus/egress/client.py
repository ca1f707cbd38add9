"""Outgoing HTTP with allowed origins, total deadlines and bounded answers."""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from time import perf_counter
from typing import Any
from urllib.parse import SplitResult, urlsplit

import aiohttp
import orjson
from yarl import URL

from xerus.egress.connector import QuietConnector
from xerus.egress.failures import outcome_of, timed_out, too_large, unreachable
from xerus.errors import EgressRefused, UpstreamUnavailable

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_BYTES = 20 * 2**20
# What has no place in an address, and what parsers disagree about.
_ODD = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A whole answer: status, case-insensitive headers, body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """Return the body read as JSON; it is read once.

        Raises:
            UpstreamUnavailable: the body is no JSON, as when a gateway in trouble sends HTML.
        """
        return self._parsed

    @cached_property
    def _parsed(self) -> Any:
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise UpstreamUnavailable(
                "The other side sent an answer that cannot be read.",
                hint="This is usually over in a minute. Try again.",
                debug=f"status {self.status}, no JSON",
                upstream_status=self.status,
            ) from error


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL in one canonical form, '' if it has none."""
    try:
        return _origin(urlsplit(url))
    except ValueError:  # as of brackets around what is no address
        return ""


def _origin(parts: SplitResult) -> str:
    try:
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except (KeyError, ValueError):
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port}" if parts.hostname else ""


def _is_guarded(parts: SplitResult) -> bool:
    plain = parts.scheme == "http" and parts.hostname not in _LOOPBACK
    return not plain and "@" not in parts.netloc


class Egress:
    """Sends requests to the allowed origins and to nowhere else.

    `told` hears of each request that left: its address, how it ended (a status class, "429",
    "timeout", "unreachable", "too_large", "cancelled") and the seconds it took.
    """

    def __init__(
        self,
        *,
        allowed_origins: Iterable[str],
        max_connections: int = 100,
        told: Callable[[str, str, float], None] | None = None,
    ) -> None:
        self._told = told
        self._allowed = {origin_of(origin) for origin in allowed_origins} - {""}
        self._max_connections = max_connections
        self._pooled: aiohttp.ClientSession | None = None
        self._alone: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the pooled connections."""
        for session in (self._pooled, self._alone):
            if session is not None:
                await session.close()
        self._pooled = self._alone = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: float = 20.0,
        max_bytes: int = _MAX_BYTES,
        alone: bool = False,
    ) -> Reply:
        """Send one request and return the whole answer, whatever its status.

        Args:
            method: HTTP method.
            url: absolute URL, percent-encoded already; `params` are appended to it.
            headers: request headers.
            params: query parameters, encoded here.
            body: request body.
            deadline: seconds for everything together, from connecting to the last byte: a peer
                that trickles cannot stretch it.
            max_bytes: longest answer that is read.
            alone: on a connection that carries nothing before or after, so that whatever the other
                side sends twice or late is nobody else's answer.

        Raises:
            EgressRefused: the origin is not allowed, or plain http to another machine.
            UpstreamUnavailable: no whole answer in time.
        """
        self._check(url)
        began, outcome = perf_counter(), "cancelled"
        try:
            async with asyncio.timeout(deadline):
                session = self._open(alone=alone)
                reply = await self._send(session, method, url, headers, params, body, max_bytes)
            outcome = outcome_of(reply.status)
        except TimeoutError as error:
            outcome = "timeout"
            raise timed_out("The other side", f"{method} {origin_of(url)}", deadline) from error
        except (aiohttp.ClientError, OSError) as error:
            outcome = "unreachable"
            raise unreachable("The other side", f"{method} {origin_of(url)}", error) from error
        except UpstreamUnavailable:
            outcome = "too_large"
            raise
        finally:
            if self._told is not None:
                self._told(url, outcome, perf_counter() - began)
        return reply

    def _check(self, url: str) -> None:
        origin = origin_of(url)
        if origin not in self._allowed or _ODD.search(url) or not _is_guarded(urlsplit(url)):
            raise EgressRefused(
                "Xerus does not call this address.",
                hint="An administrator can check the configured URLs.",
                debug=f"refused origin {origin!r}",
            )

    async def _send(
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        params: Mapping[str, str] | None,
        body: bytes | None,
        max_bytes: int,
    ) -> Reply:
        target = URL(url, encoded=True)
        if params:
            target = target.update_query(params)
        async with session.request(
            method, target, headers=headers, data=body, allow_redirects=False
        ) as response:
            content = await self._read(response, max_bytes)
            return Reply(
                status=response.status,
                headers=response.headers,
                body=content,
            )

    @staticmethod
    async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_chunked(2**16):
            size += len(chunk)
            if size > max_bytes:
                raise too_large(response.status)
            chunks.append(chunk)
        return b"".join(chunks)

    def _open(self, *, alone: bool) -> aiohttp.ClientSession:
        if alone:
            self._alone = self._alone or session_on(
                aiohttp.TCPConnector(limit=self._max_connections, force_close=True)
            )
            return self._alone
        self._pooled = self._pooled or session_on(QuietConnector(most=self._max_connections))
        return self._pooled


def session_on(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    """Return a session that keeps no cookies, takes no proxy, and has no time limit of its own."""
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        trust_env=False,
        auto_decompress=True,
    )
