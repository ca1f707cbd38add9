"""Dates in queries: absolute, relative (`-7d`), and functions such as `startOfWeek(-1w)`."""

import calendar
import re
from datetime import UTC, datetime, timedelta

from xerus_sandbox.products.query.grammar import Value

_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%dT%H:%M:%S")
_PARTS = re.compile(r"(\d+)([wdhmMy])")
_RELATIVE = re.compile(r"([+-]?)((?:\d+[wdhmMy]\s*)+)")
_UNITS = {"w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "M": 30 * 86400, "y": 365 * 86400}
_FUNCTION = re.compile(r"(start|end)of(day|week|month|year)", re.IGNORECASE)


class DateError(ValueError):
    """The text is not a date that queries know."""


def moment(value: Value, now: float) -> float:
    """Return the epoch seconds that a query value means.

    Raises:
        DateError: not a date, a relative date or a date function.
    """
    if value.arguments is not None:
        return _function(value.text, value.arguments, now)
    if _RELATIVE.fullmatch(value.text.strip()):
        return now + _offset(value.text.strip())
    for form in _FORMATS:
        try:
            return datetime.strptime(value.text, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    raise DateError(value.text)


def is_whole_day(value: Value) -> bool:
    """Tell whether the value names a day without a time, so that `=` means the whole day."""
    return bool(re.fullmatch(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}", value.text))


def _offset(text: str) -> float:
    sign = -1 if text.startswith("-") else 1
    return sign * sum(int(count) * _UNITS[unit] for count, unit in _PARTS.findall(text))


def _function(name: str, arguments: tuple[str, ...], now: float) -> float:
    if name.lower() in {"now", "currentlogin"}:
        return now + (_offset(arguments[0]) if arguments else 0)
    match = _FUNCTION.fullmatch(name)
    if match is None:
        raise DateError(f"{name}()")
    edge, unit = match.group(1).lower(), match.group(2).lower()
    start, end = _bounds(datetime.fromtimestamp(now, UTC), unit)
    chosen = start if edge == "start" else end
    return chosen.timestamp() + (_offset(_with_unit(arguments[0], unit)) if arguments else 0)


def _with_unit(text: str, unit: str) -> str:
    return text if text[-1:].isalpha() else text + {"month": "M"}.get(unit, unit[0])


def _bounds(at: datetime, unit: str) -> tuple[datetime, datetime]:
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    match unit:
        case "week":
            start = day - timedelta(days=(day.weekday() + 1) % 7)
            return start, start + timedelta(days=7, seconds=-1)
        case "month":
            start = day.replace(day=1)
            length = calendar.monthrange(start.year, start.month)[1]
            return start, start + timedelta(days=length, seconds=-1)
        case "year":
            start = day.replace(month=1, day=1)
            return start, start.replace(year=start.year + 1) - timedelta(seconds=1)
        case _:
            return day, day + timedelta(days=1, seconds=-1)
