"""Compact Markdown tables: a fraction of the tokens of the JSON that they come from."""

from collections.abc import Sequence

from xerus.tools.untrusted import one_line

LONGEST_CELL = 160


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a pipe table; cells become one line each and are shortened visibly."""
    lines = [_row(columns), "|" + "-|" * len(columns), *(_row(map(cell, row)) for row in rows)]
    return "\n".join(lines)


def without_empty(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table without the columns that no row has a value for."""
    kept = [index for index in range(len(columns)) if any(row[index] for row in rows)]
    return table(
        [columns[index] for index in kept], [[row[index] for index in kept] for row in rows]
    )


def cell(text: str) -> str:
    """Return `text` as the content of one cell."""
    return shortened(one_line(text), LONGEST_CELL).replace("|", "\\|")


def shortened(text: str, most: int) -> str:
    """Return at most `most` characters of `text`, ending in an ellipsis where it was cut."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _row(cells: "Sequence[str] | map[str]") -> str:
    return "|" + "|".join(cells) + "|"
