"""JQL and CQL held to some projects or spaces, whatever else they say."""

import re
from collections.abc import Iterable

from xerus.errors import InvalidInput
from xerus.tools.clauses import quoted, split_order

_QUOTED = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", re.DOTALL)


def held(query: str, name: str, keys: Iterable[str]) -> str:
    """Return `query` with `name in (keys)` in front of it, which nothing in it can undo.

    Raises:
        InvalidInput: its brackets or quotes do not match, so that it could reach round the filter.
    """
    conditions, order = split_order(query)
    for part in (conditions, order):
        _check_closed(part)
    listed = ", ".join(quoted(key) for key in sorted(keys))
    parts = [f"{name} in ({listed})", *([f"({conditions})"] if conditions else [])]
    return " AND ".join(parts) + (f" ORDER BY {order}" if order else "")


def _check_closed(text: str) -> None:
    bare = _QUOTED.sub(" ", text)
    depth = 0
    for character in bare:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            break
    # A backslash outside of quotes could make the next quote mean something else to the server.
    if depth or any(character in bare for character in "\"'\\"):
        raise InvalidInput(
            "The brackets or quotes of the query do not match.",
            hint="Close each bracket and quote; write special characters inside of quotes.",
        )
