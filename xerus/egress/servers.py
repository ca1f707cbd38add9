"""Requests to the MCP servers that administrators add, and to what these servers name.

Unlike the fixed origins of `Egress` such an address is typed by a person, or stands in a document
of somebody else. So it leads to https on the public internet, to this machine, or to a host that
the operator listed, and to nowhere else (SSRF); and what a server of the public internet names may
not lead to this machine.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from time import perf_counter
from urllib.parse import SplitResult, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from xerus.egress.client import Reply, origin_of, session_on
from xerus.egress.connector import QuietConnector
from xerus.egress.failures import outcome_of, timed_out, too_large, unreachable
from xerus.egress.public import NAME, Guarded, is_public
from xerus.errors import EgressRefused

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ODD = re.compile(r"[\x00-\x20\x7f\\#]")
_LONGEST = 2000
_MOST = 100
_ALLOW = "The operator can allow a host of your own network in XERUS_MCP_SERVER_HOSTS."


class Place(Enum):
    """Where an address leads."""

    PUBLIC = "the public internet"
    HERE = "this machine"
    LISTED = "a host that the operator listed"


@dataclass(frozen=True, kw_only=True)
class Streamed:
    """An answer whose body is read piece by piece; `chunks` may be read once."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    chunks: AsyncIterator[bytes] = field(repr=False)


class ServerEgress:
    """Sends requests to servers, without redirects, cookies and proxies, and with bounds."""

    def __init__(
        self,
        *,
        hosts: Iterable[str] = (),
        told: Callable[[str, str, float], None] | None = None,
        resolver: AbstractResolver | None = None,
        admits: Callable[[str], bool] = is_public,
    ) -> None:
        """Make one.

        Args:
            hosts: what the operator listed, each a host or host:port.
            told: hears of each request, as that of `Egress`.
            resolver: for tests; looks names up.
            admits: for tests; tells whether an address is public.
        """
        self._hosts = frozenset(hosts)
        self._told = told
        self._resolver = resolver
        self._admits = admits
        self._guarded: aiohttp.ClientSession | None = None
        self._plain: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the pooled connections."""
        for session in (self._guarded, self._plain):
            if session is not None:
                await session.close()
        self._guarded = self._plain = None

    def place(self, url: str, *, named_by: str = "") -> Place:
        """Return where an address leads, if it may be called at all.

        Args:
            url: the address.
            named_by: the server whose document or answer named it, '' for what a person typed.

        Raises:
            EgressRefused: with what is wrong, in words.
        """
        parts = _parts(url)
        host = parts.hostname or ""
        if self._is_listed(parts):
            return Place.LISTED
        if host in _LOOPBACK:
            if named_by and self.place(named_by) is Place.PUBLIC:
                raise _refused("a server of the public internet may not lead to this machine")
            return Place.HERE
        if parts.scheme != "https":
            raise _refused("it has to begin with https, unless it is on this machine", _ALLOW)
        # An address of numbers is no name: it would be called without asking the resolver.
        if not NAME.fullmatch(host):
            raise _refused("its host is no name of the public internet", _ALLOW)
        return Place.PUBLIC

    async def request(
        self,
        method: str,
        url: str,
        *,
        named_by: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: float = 20.0,
        max_bytes: int = 2**20,
    ) -> Reply:
        """Send one request and return the whole answer, whatever its status.

        Raises:
            EgressRefused: the address may not be called.
            UpstreamUnavailable: no whole answer within `deadline` seconds and `max_bytes`.
        """
        async with self.stream(
            method,
            url,
            named_by=named_by,
            headers=headers,
            body=body,
            deadline=deadline,
            max_bytes=max_bytes,
        ) as answer:
            content = b"".join([chunk async for chunk in answer.chunks])
            return Reply(status=answer.status, headers=answer.headers, body=content)

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        named_by: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: float = 20.0,
        max_bytes: int = 2**20,
    ) -> AsyncIterator[Streamed]:
        """Send one request; the deadline and the bound are for everything within the block.

        Raises as `request`.
        """
        session = self._session(self.place(url, named_by=named_by))
        began, outcome = perf_counter(), "cancelled"
        try:
            async with (
                asyncio.timeout(deadline),
                session.request(
                    method,
                    URL(url, encoded=True),
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                ) as response,
            ):
                outcome = outcome_of(response.status)
                yield Streamed(
                    status=response.status,
                    headers=response.headers,
                    chunks=_bounded(response, max_bytes),
                )
        except TimeoutError as error:
            outcome = "timeout"
            raise timed_out("The server", f"{method} {origin_of(url)}", deadline) from error
        except (aiohttp.ClientError, OSError) as error:
            outcome = "unreachable"
            raise unreachable("The server", f"{method} {origin_of(url)}", error) from error
        finally:
            if self._told is not None:
                self._told(url, outcome, perf_counter() - began)

    def _is_listed(self, parts: SplitResult) -> bool:
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return not self._hosts.isdisjoint({host, f"{host}:{port}"})

    def _session(self, place: Place) -> aiohttp.ClientSession:
        if place is Place.PUBLIC:
            if self._guarded is None:
                resolver = Guarded(self._resolver or ThreadedResolver(), self._admits)
                self._guarded = session_on(QuietConnector(most=_MOST, resolver=resolver))
            return self._guarded
        if self._plain is None:
            self._plain = session_on(QuietConnector(most=_MOST, resolver=self._resolver))
        return self._plain


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused("it cannot be read") from error
    if len(url) > _LONGEST or _ODD.search(url) or not url.isascii():
        raise _refused("it has characters that no address has, or is too long")
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise _refused("it is no web address")
    if "@" in parts.netloc:
        raise _refused("it carries a user name or a password")
    return parts


def _refused(why: str, hint: str = "") -> EgressRefused:
    return EgressRefused(f"Xerus does not call this address: {why}.", hint=hint, debug=why)


async def _bounded(response: aiohttp.ClientResponse, most: int) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > most:
            raise too_large(response.status)
        yield chunk
