"""Instants in words."""

from datetime import datetime

_STEPS = ((60, 1, "second"), (3600, 60, "minute"), (86400, 3600, "hour"))
_DAY = 86400
_MONTH_DAYS = 60


def in_words(instant: datetime, now: datetime) -> str:
    """Return e.g. "3 minutes ago", "in 55 minutes" or, beyond two months, "5 March 2026"."""
    seconds = (instant - now).total_seconds()
    size = abs(seconds)
    if size < 5:  # noqa: PLR2004 - below that, nobody counts
        return "now"
    if size >= _MONTH_DAYS * _DAY:
        return f"{instant.day} {instant:%B %Y}"
    unit_seconds, unit = next(
        ((unit, name) for limit, unit, name in _STEPS if size < limit), (_DAY, "day")
    )
    count = int(size // unit_seconds)
    phrase = f"{count} {unit}{'' if count == 1 else 's'}"
    return f"in {phrase}" if seconds > 0 else f"{phrase} ago"
