"""A list as an answer: a table that says how much there is, and how to get the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xerus.tools.paging import counted, more
from xerus.tools.tables import without_empty
from xerus.tools.untrusted import clean, fenced


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Rows of one kind of thing, named by people who are not us.

    Attributes:
        noun: what one row is, in English and regular: "project".
        source: where the rows come from, for the fence: "jira acme projects".
        note: a sentence of ours behind the count.
        nothing: what is said when there is no row.
    """

    noun: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    source: str
    cursor: str | None = None
    total: int | None = None
    note: str = ""
    nothing: str = ""

    def markdown(self) -> str:
        """Return a fenced table without empty columns."""
        if not self.rows:
            return self.nothing or f"No {self.noun} found. {self.note}".strip()
        header = counted(len(self.rows), self.noun, cursor=self.cursor, total=self.total)
        data = fenced(without_empty(self.columns, self.rows), source=self.source)
        return f"{header}. {self.note}".strip() + f"\n{data}{more(self.cursor)}"

    def structured(self) -> dict[str, Any]:
        """Return the same rows as objects."""
        name = f"{self.noun.replace(' ', '_')}s"
        rows = [dict(zip(self.columns, map(clean, row), strict=True)) for row in self.rows]
        return {
            name: rows,
            "untrusted": [f"{name}[]"],
            "cursor": self.cursor,
            "total": self.total,
            "note": self.note,
        }
