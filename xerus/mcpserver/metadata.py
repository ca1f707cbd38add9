"""Protected resource metadata: where clients learn who issues tokens for `/mcp` (RFC 9728)."""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

MCP_PATH = "/mcp"
WELL_KNOWN = "/.well-known/oauth-protected-resource"


def resource_url(public_url: str) -> str:
    """Return the canonical URI of the MCP endpoint: the audience of its tokens (RFC 8707 2)."""
    return public_url + MCP_PATH


def metadata_url(public_url: str) -> str:
    """Return where the metadata of the MCP endpoint lies (RFC 9728 3.1)."""
    return f"{public_url}{WELL_KNOWN}{MCP_PATH}"


def metadata_routes(*, public_url: str, scopes: Iterable[str]) -> list[Route]:
    """Return the routes of the document: with the path inserted, and bare for older clients."""
    document = {
        "resource": resource_url(public_url),
        "resource_name": "Xerus",
        "authorization_servers": [public_url],
        "scopes_supported": sorted(scopes),
        "bearer_methods_supported": ["header"],
    }

    async def show(_: Request) -> Response:
        headers = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
        return JSONResponse(document, headers=headers)

    return [
        Route(path, show, methods=["GET"], name=name)
        for path, name in (
            (WELL_KNOWN + MCP_PATH, "protected-resource-mcp"),
            (WELL_KNOWN, "protected-resource"),
        )
    ]
