"""Reading requests from strangers: bounded, strict, and with clear refusals."""

from collections import defaultdict
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request

from xerus.oauth.errors import Code, OAuthError
from xerus.pages.bounded_body import read_bounded

MOST_BYTES = 64 * 1024
_MOST_FIELDS = 50
_DEEPEST = 16
# RFC 8707 2: the one parameter that may come several times.
_REPEATABLE = frozenset({"resource"})


class Parameters:
    """OAuth parameters: an empty value counts as absent (RFC 6749 3.1)."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = defaultdict(list)
        for name, value in pairs:
            if value:
                self._values[name].append(value)

    def get(self, name: str) -> str | None:
        """Return the value of a parameter, None if it is absent or repeated."""
        values = self._values.get(name, [])
        return values[0] if len(values) == 1 else None

    def all(self, name: str) -> list[str]:
        """Return every value of a parameter."""
        return list(self._values.get(name, []))

    def repeated(self) -> str:
        """Return the name of a parameter that came twice and must not, '' if none did."""
        return next(
            (
                name
                for name, values in self._values.items()
                if len(values) > 1 and name not in _REPEATABLE
            ),
            "",
        )

    def check_unique(self) -> None:
        """Refuse repeated parameters (RFC 6749 3.1).

        Raises:
            OAuthError: `invalid_request`.
        """
        if self.repeated():
            raise OAuthError("invalid_request", "A parameter is given more than once.")


async def read_form(request: Request) -> Parameters:
    """Read a form body.

    Raises:
        OAuthError: `invalid_request`, for another media type, a size over 64 KiB or garbage.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise OAuthError(
            "invalid_request", "Send the parameters as application/x-www-form-urlencoded."
        )
    body = await _read(request, "invalid_request")
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:
        raise OAuthError("invalid_request", "The form cannot be read as UTF-8 fields.") from error
    return Parameters(pairs)


async def read_json_object(request: Request) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        OAuthError: `invalid_client_metadata`, for garbage, a size over 64 KiB or deep nesting.
    """
    body = await _read(request, "invalid_client_metadata")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise OAuthError("invalid_client_metadata", "The body is not valid JSON.") from error
    if not isinstance(document, dict):
        raise OAuthError("invalid_client_metadata", "The body must be a JSON object.")
    if _deeper_than(document, _DEEPEST):
        raise OAuthError("invalid_client_metadata", "The JSON is nested too deeply.")
    return document


async def _read(request: Request, code: Code) -> bytes:
    body = await read_bounded(request, MOST_BYTES)
    if body is None:
        raise OAuthError(code, "The body is larger than 64 KiB.")
    return body


def _deeper_than(document: object, limit: int) -> bool:
    level: list[object] = [document]
    for _ in range(limit):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True
