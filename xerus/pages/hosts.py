"""The Host rule: Xerus answers under its public URL only.

Cookies, BroadcastChannel and the registered redirects belong to one host name; a person who came
by another name of the same machine would sign in on one and be asked again on the other.
"""

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from xerus.errors import XerusError
from xerus.pages.error_shape import error_body

_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_NOT_PAGES = ("/mcp", "/oauth/", "/.well-known/", "/static/")
_MISDIRECTED = 421
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^:\[\]@/]+)(?::(?P<port>[0-9]{1,5}))?")


class HostRule:
    """ASGI middleware. A GET of a page on another loopback name is redirected, the rest gets 421."""

    def __init__(self, app: ASGIApp, *, public_url: str) -> None:
        parts = urlsplit(public_url)
        self._app = app
        self._public_url = public_url.rstrip("/")
        self._default_port = "443" if parts.scheme == "https" else "80"
        self._name, port = _split(parts.netloc.lower())
        self._port = port or self._default_port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on if its Host is ours, else answer it here."""
        if scope["type"] != "http" or scope["path"] in _PROBES:
            await self._app(scope, receive, send)
            return
        # RFC 9112 3.2: with several, each side of a proxy may believe another one.
        hosts = Headers(scope=scope).getlist("host")
        host = hosts[0].lower() if len(hosts) == 1 else ""
        if self._is_ours(host):
            await self._app(scope, receive, send)
            return
        await self._refusal(scope, host)(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        name, port = _split(host)
        return (name, port or self._default_port) == (self._name, self._port)

    def _refusal(self, scope: Scope, host: str) -> Response:
        page = scope["method"] in {"GET", "HEAD"} and not scope["path"].startswith(_NOT_PAGES)
        if page and self._is_another_loopback_name(host):
            raw_path = scope.get("raw_path") or scope["path"].encode()
            query = scope["query_string"]
            target = raw_path + (b"?" + query if query else b"")
            # One slash only: the redirect stays on our host whatever the path was.
            path = "/" + target.decode("latin-1").lstrip("/\\")
            return RedirectResponse(self._public_url + path, 307)
        error = XerusError(
            "This server does not answer under that host name.",
            code="misdirected_request",
            hint=f"Use {self._public_url}, or set XERUS_PUBLIC_URL to the address people use.",
        )
        return JSONResponse(error_body(error), _MISDIRECTED)

    def _is_another_loopback_name(self, host: str) -> bool:
        return self._name in _LOOPBACK and _split(host)[0] in _LOOPBACK


def _split(host: str) -> tuple[str, str]:
    """Return name and port of a Host header; no name at all for one that is malformed."""
    found = _HOST.fullmatch(host)
    return (found["name"], found["port"] or "") if found else ("", "")
