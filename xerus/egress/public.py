"""Reading a document at an address that a stranger named: on the public internet and nowhere else.

Such an address must not become a way into the operator's network (SSRF). The name is resolved here
and every address of it checked; the connection goes to exactly these addresses, so that a name that
changes between check and connection (rebinding) changes nothing.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from xerus.egress.client import Reply
from xerus.errors import EgressRefused, UpstreamUnavailable

_SECONDS = 5.0
_MOST_BYTES = 64 * 1024
_PORT = 443
NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?")
# Both carry an IPv4 address inside, which may be a private one.
_CARRIERS = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")))


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if any(found in network for network in _CARRIERS):
            return False
        found = found.ipv4_mapped or found
    return found.is_global and not found.is_multicast


class PublicReader:
    """Reads documents over https, with bounds, without redirects and without proxies."""

    def __init__(
        self,
        *,
        resolver: AbstractResolver | None = None,
        admits: Callable[[str], bool] = is_public,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._resolver = resolver
        self._admits = admits
        self._tls = tls or ssl.create_default_context()

    async def read(self, url: str) -> Reply:
        """Return the answer to a GET, whatever its status.

        Raises:
            EgressRefused: not an https address of a public host.
            UpstreamUnavailable: no whole answer within 5 s and 64 KiB.
        """
        _check(url)
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._read(url)
        except TimeoutError as error:
            raise _unavailable("It did not answer in time.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise _unavailable("It cannot be reached.", debug=type(error).__name__) from error

    async def _read(self, url: str) -> Reply:
        resolver = Guarded(self._resolver or ThreadedResolver(), self._admits)
        connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, ssl=self._tls)
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                trust_env=False,
                auto_decompress=False,
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            ) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            body = await response.content.read(_MOST_BYTES + 1)
            while len(body) <= _MOST_BYTES and (more := await response.content.read(_MOST_BYTES)):
                body += more
            if len(body) > _MOST_BYTES:
                raise _unavailable(f"It is longer than {_MOST_BYTES // 1024} KiB.")
            return Reply(status=response.status, headers=response.headers, body=body)


class Guarded(AbstractResolver):
    """Resolves, and lets nothing through that leads anywhere but to the public internet."""

    def __init__(self, inner: AbstractResolver, admits: Callable[[str], bool]) -> None:
        self._inner = inner
        self._admits = admits

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host; raises EgressRefused where one is not public."""
        found = await self._inner.resolve(host, port, family)
        if not found or not all(self._admits(one["host"].partition("%")[0]) for one in found):
            raise _refused("its host is not on the public internet")
        return found

    async def close(self) -> None:
        """Close the resolver within."""
        await self._inner.close()


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORT
    except ValueError as error:
        raise _refused("it cannot be read") from error
    if parts.scheme != "https" or port != _PORT or "@" in parts.netloc or "\\" in url:
        raise _refused("it is no plain https address")
    # An IP address is no name: aiohttp would connect to it without asking the resolver.
    if not NAME.fullmatch(parts.hostname or ""):
        raise _refused("its host is no public name")


def _refused(why: str) -> EgressRefused:
    return EgressRefused(f"Xerus does not read this address: {why}.", debug=why)


def _unavailable(why: str, *, debug: str = "") -> UpstreamUnavailable:
    return UpstreamUnavailable(why, hint="Try again in a moment.", debug=debug)
