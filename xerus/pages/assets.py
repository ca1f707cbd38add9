"""The static files: read once, addressed by content, compressed once."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER = Path(__file__).parent / "static"
_SERVED = frozenset({".css", ".js", ".svg", ".woff2", ".txt"})
_COMPRESSED = frozenset({".css", ".js", ".svg", ".txt"})
_TYPES = {".js": "text/javascript", ".woff2": "font/woff2"}
_IMMUTABLE = "public, max-age=31536000, immutable"
_POLICY = "default-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
"""A file opened by itself needs nothing: stricter than the policy of pages, and shorter."""


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One static file in memory; `zipped` is empty where compression gains nothing."""

    body: bytes
    zipped: bytes
    media_type: str
    version: str


class Assets:
    """Serves `/static/{path}` and knows the address of each file with its content hash."""

    def __init__(self) -> None:
        self._assets = {
            path.relative_to(_FOLDER).as_posix(): _read(path)
            for path in sorted(_FOLDER.rglob("*"))
            if path.suffix in _SERVED
        }

    def url(self, name: str) -> str:
        """Return the address of a file; it changes when the content does.

        Raises:
            KeyError: no such file, an error in a template.
        """
        return f"/static/{name}?v={self._assets[name].version}"

    def route(self) -> Route:
        """Return the route that serves the files, to everybody."""
        return Route("/static/{name:path}", self._serve, name="static")

    async def _serve(self, request: Request) -> Response:
        asset = self._assets.get(request.path_params["name"])
        if asset is None:
            return Response("There is no such file.\n", 404, media_type="text/plain")
        current = request.query_params.get("v") == asset.version
        headers = {
            "Cache-Control": _IMMUTABLE if current else "public, max-age=300",
            "Content-Security-Policy": _POLICY,
            "ETag": f'"{asset.version}"',
            "Vary": "Accept-Encoding",
        }
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        body = asset.body
        if asset.zipped and "gzip" in request.headers.get("accept-encoding", ""):
            body = asset.zipped
            headers["Content-Encoding"] = "gzip"
        return Response(body, headers=headers, media_type=asset.media_type)


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    zipped = gzip.compress(body, 9, mtime=0) if path.suffix in _COMPRESSED else b""
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "text/plain"
    version = hashlib.sha256(body).hexdigest()[:12]
    return Asset(body=body, zipped=zipped, media_type=media_type, version=version)
