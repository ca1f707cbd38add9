"""What differs between two texts, line by line."""

import difflib
from dataclasses import dataclass

_CONTEXT = 2
_MOST_LINES = 4000
"""Beyond, the comparison could take seconds; then what differs is shown as a whole."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Lines with `-`, `+` and two of context; `text` is empty when nothing differs."""

    text: str
    added: int
    removed: int

    @property
    def counts(self) -> str:
        """How many lines came and went: "+3 -1 lines"."""
        return f"+{self.added} -{self.removed} lines"


def difference(old: str, new: str) -> Difference:
    """Compare two texts."""
    before, after = old.splitlines(), new.splitlines()
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    first, last = max(start - _CONTEXT, 0), max(end - _CONTEXT, 0)
    before, after = before[first : len(before) - last], after[first : len(after) - last]
    if len(before) + len(after) > _MOST_LINES:
        lines = [*(f"-{line}" for line in before), *(f"+{line}" for line in after)]
    else:
        compared = difflib.unified_diff(before, after, lineterm="", n=_CONTEXT)
        # The first two name files; the numbers of hunks mean nothing here.
        lines = ["@@" if line.startswith("@@ ") else line for line in [*compared][2:]]
    return Difference(
        text="\n".join(lines),
        added=sum(line.startswith("+") for line in lines),
        removed=sum(line.startswith("-") for line in lines),
    )


def _common(one: list[str], other: list[str]) -> int:
    """Return how many lines at the start are the same."""
    pairs = zip(one, other, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
