"""Request paths out of templates: the one place where a value becomes part of a path."""

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from xerus.errors import InvalidInput

_PARAMETER = re.compile(r"\{([A-Za-z-]+)\}")
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""Control characters, and halves of surrogate pairs, which have no UTF-8."""
_SEPARATOR = re.compile(r"[/\\]")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return `template` with each `{name}` replaced by its value, percent-encoded.

    Raises:
        InvalidInput: a value is empty, has control characters, or could name another path.
    """
    return _PARAMETER.sub(lambda match: _segment(match[1], values[match[1]]), template)


def _segment(name: str, value: str) -> str:
    if value.strip(".") == "" or _UNFIT.search(value) or _climbs(value):
        raise InvalidInput(f"{name}: {value[:200]!r} is not an identifier.")
    return quote(value, safe="")


def _climbs(value: str) -> bool:
    """Whether a dot segment is in it, however often it is percent-encoded.

    RFC 3986 5.2.4: dot segments survive percent-encoding in some servers, and a proxy in front
    may decode once more, take a backslash for a slash, or cut off what follows a semicolon.
    """
    while True:
        parts = (part.partition(";")[0] for part in _SEPARATOR.split(value))
        if any(part in {".", ".."} for part in parts):
            return True
        decoded = unquote(value)
        if decoded == value:
            return False
        value = decoded
