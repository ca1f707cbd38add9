"""The way through a long list, page by page, in the address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

_LONGEST_NUMBER = 6


@dataclass(frozen=True, kw_only=True)
class Portion:
    """Where a page of a list stands; `before` and `after` are addresses, '' where there is none."""

    first: int
    last: int
    total: int
    before: str
    after: str


def address(path: str, fields: Mapping[str, str]) -> str:
    """Return the address of a list with the fields of its filter that say something."""
    query = urlencode({name: value for name, value in fields.items() if value})
    return f"{path}?{query}" if query else path


def page_in(text: str) -> int:
    """Return the number of the page that an address asks for, 1 where it names none."""
    return max(int(text), 1) if text.isdecimal() and len(text) <= _LONGEST_NUMBER else 1


def portion(
    page: int, *, size: int, shown: int, total: int, address: Callable[[int], str]
) -> Portion:
    """Return the way from a page of `size` lines, of which `shown` are there, to its neighbours."""
    skipped = (page - 1) * size
    return Portion(
        first=skipped + 1,
        last=skipped + shown,
        total=total,
        before=address(page - 1) if page > 1 else "",
        after=address(page + 1) if skipped + shown < total else "",
    )
