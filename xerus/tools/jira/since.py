"""The instant that a person means by a day or a span back from now."""

import re
from datetime import UTC, datetime, timedelta

from xerus.errors import InvalidInput

_SPAN = re.compile(r"^-(\d{1,4})([mhdw])$")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def instant(text: str) -> datetime:
    """Return the instant of "2026-01-31", "2026-01-31 10:20" (UTC) or "-7d".

    Raises:
        InvalidInput: it is none of these.
    """
    if span := _SPAN.match(text.strip()):
        return datetime.now(UTC) - timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(
            f"{text[:40]!r} is no date.", hint="Use 2026-01-31, or -7d for the last seven days."
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
