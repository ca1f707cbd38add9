"""The one JSON shape of an error."""

from typing import Any

from xerus.errors import XerusError


def error_body(error: XerusError, *, correlation_id: str = "") -> dict[str, Any]:
    """Return `{"error": {code, message, hint, correlation_id}}`; `debug` stays in the log."""
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "hint": error.hint,
            "correlation_id": correlation_id,
        }
    }
