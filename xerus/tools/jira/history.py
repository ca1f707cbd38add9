"""Entries of a changelog as rows, and the time that an issue spent in each status."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from xerus.tools.jira.records import flat, person

COLUMNS = ("at", "who", "field", "from", "to")
STATUS_COLUMNS = ("status", "time", "times")


def rows(entries: Iterable[dict[str, Any]]) -> list[list[str]]:
    """Return one row per changed field, in the order of the entries."""
    return [
        [
            flat(entry.get("created")),
            person(entry.get("author")),
            str(item.get("field", "")),
            str(item.get("fromString") or ""),
            str(item.get("toString") or ""),
        ]
        for entry in entries
        for item in entry.get("items") or []
    ]


def time_in_status(
    issue: dict[str, Any], entries: Sequence[dict[str, Any]]
) -> tuple[list[list[str]], str]:
    """Return rows of status, time and number of stays, and since when it is in the present one.

    Args:
        issue: with the field `created`.
        entries: the whole changelog, newest first. The present stay is not counted: it goes on.
    """
    begun = str((issue.get("fields") or {}).get("created", ""))
    stays: dict[str, list[timedelta]] = {}
    for entry in reversed(entries):
        for item in entry.get("items") or []:
            if item.get("field") == "status":
                ended = str(entry["created"])
                left = str(item.get("fromString") or "")
                stays.setdefault(left, []).append(_moment(ended) - _moment(begun))
                begun = ended
    found = [
        [status, _span(sum(times, timedelta())), str(len(times))] for status, times in stays.items()
    ]
    return found, flat(begun)


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")


def _span(time: timedelta) -> str:
    minutes = int(time.total_seconds()) // 60
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "m"))
    shown = [f"{number}{unit}" for number, unit in parts if number]
    return " ".join(shown[:2]) or "0m"
