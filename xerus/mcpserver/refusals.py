"""Answers to requests that never reach the MCP server: JSON-RPC errors with a reason and a remedy."""

from collections.abc import Mapping

import mcp_types as types
from starlette.responses import JSONResponse

# JSON-RPC 2.0 5.1 leaves -32000 to -32099 to servers, MCP keeps those from -32020 on for itself.
LIMIT_REACHED = -32000


def refusal(
    status: int,
    reason: str,
    message: str,
    *,
    hint: str = "",
    code: int = types.INVALID_REQUEST,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return an error to a request whose id is not known; `reason` is stable, for programs."""
    data = {"code": reason, **({"hint": hint} if hint else {})}
    error = {"code": code, "message": message, "data": data}
    body = {"jsonrpc": "2.0", "id": None, "error": error}
    return JSONResponse(body, status_code=status, headers=headers)
