"""Pages that are counted by offset; our cursor is the offset in decimal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xerus.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page; `cursor` is None on the last one, `total` None where the product tells none."""

    values: list[Any]
    cursor: str | None
    total: int | None = None


def offset_of(cursor: str | None) -> int:
    """Return where a page starts.

    Raises:
        InvalidInput: the cursor is none of ours.
    """
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):  # noqa: PLR2004
        raise InvalidInput(
            "cursor: not one of a former answer.", hint="Leave it out to start from the beginning."
        )
    return int(cursor)


def page_of(answer: dict[str, Any], *, start: int) -> Page:
    """Read Jira's envelope: values, total or isLast, each of which may be missing."""
    values = list(answer.get("values") or [])
    end, total = start + len(values), answer.get("total")
    is_last = answer.get("isLast", total is None or end >= total)
    return Page(values=values, cursor=str(end) if values and not is_last else None, total=total)


def sliced(values: Sequence[Any], *, cursor: str | None, limit: int) -> Page:
    """Return one page of a list that came whole."""
    start = offset_of(cursor)
    end = start + limit
    return Page(
        values=list(values[start:end]),
        cursor=str(end) if end < len(values) else None,
        total=len(values),
    )


def with_one_more(values: Sequence[Any], *, start: int, limit: int) -> Page:
    """Return one page of a list without a total, of which one entry more was asked for."""
    more = len(values) > limit
    return Page(values=list(values[:limit]), cursor=str(start + limit) if more else None)
