"""Request paths out of templates: the one place where a value becomes part of a path."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from xerus.errors import InvalidInput

_PARAMETER = re.compile(r"\{([A-Za-z-]+)\}")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return `template` with each `{name}` replaced by its value, percent-encoded.

    Raises:
        InvalidInput: a value is empty or a dot segment, which would name another path.
    """
    return _PARAMETER.sub(lambda match: _segment(match[1], values[match[1]]), template)


def _segment(name: str, value: str) -> str:
    # RFC 3986 5.2.4: dot segments survive percent-encoding in some servers, so they never go out.
    if value.strip(".") == "":
        raise InvalidInput(f"{name}: {value!r} is not an identifier.")
    return quote(value, safe="")
