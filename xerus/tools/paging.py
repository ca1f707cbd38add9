"""Counting words and cursors: what an answer says about what it does not show."""

from xerus.tools.untrusted import one_line


def counted(count: int, noun: str, *, cursor: str | None, total: int | None) -> str:
    """Return "25 of 140 issues", "25 issues, more exist" or "7 issues, no more"."""
    if total is not None and total > count:
        return f"{count} of {total} {noun}s"
    things = f"{noun}{'' if count == 1 else 's'}"
    return f"{count} {things}, {'more exist' if cursor else 'no more'}"


def more(cursor: str | None) -> str:
    """Return the line that tells how to get the next page, '' on the last one."""
    return f'\nMore: repeat with cursor="{one_line(cursor)}"' if cursor else ""
