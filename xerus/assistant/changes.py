"""What a call would change, in the form in which a person reads it before they approve it."""

from dataclasses import dataclass, field
from typing import Any, Literal

from xerus.tools.confluence.differences import difference
from xerus.tools.untrusted import clean

_MOST_LINES = 400
_LONGEST_VALUE = 2_000
_LONGEST_TEXT = 20_000
NOTHING = "(none)"

LineKind = Literal["same", "added", "removed", "gap"]


@dataclass(kw_only=True)
class Line:
    """One line of a text before and after."""

    kind: LineKind
    text: str


@dataclass(kw_only=True)
class Row:
    """One thing that a call says or changes.

    Attributes:
        before: what stands there; None where there is nothing to compare with.
        after: what will stand there; None where it will be gone.
        lines: in place of both for long texts, line by line.
        is_text: `after` is Markdown, to be shown as it will look.
    """

    name: str
    before: str | None = None
    after: str | None = None
    lines: list[Line] = field(default_factory=list)
    is_text: bool = False


@dataclass(kw_only=True)
class Preview:
    """What a person is shown of a call.

    Attributes:
        target: what it is done to, in a few words; '' where the rows say it.
        rows: in the order in which people read them.
        notes: what else is to be known before deciding, a sentence each.
    """

    target: str = ""
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def fact(self, name: str, value: Any) -> None:
        """Add a value that is said and not compared, unless it is empty."""
        if words := in_words(value):
            self.rows.append(Row(name=name, after=words))

    def lost(self, name: str, value: Any) -> None:
        """Add a value that will be gone, unless it is empty."""
        if words := in_words(value):
            self.rows.append(Row(name=name, before=words))

    def change(self, name: str, before: Any, after: Any) -> None:
        """Add a value before and after; `before` None where it could not be read."""
        old = None if before is None else in_words(before) or NOTHING
        self.rows.append(Row(name=name, before=old, after=in_words(after) or NOTHING))

    def text(self, name: str, markdown: str) -> None:
        """Add a new text, which is shown as it will look."""
        self.rows.append(Row(name=name, after=self._bounded(name, clean(markdown)), is_text=True))

    def texts(self, name: str, before: str, after: str) -> None:
        """Add a text before and after, line by line."""
        lines = compared(clean(before), clean(after))
        if not lines:
            self.rows.append(Row(name=name, after="as it is"))
            return
        if len(lines) > _MOST_LINES:
            self.notes.append(
                f"{name}: the first {_MOST_LINES} of {len(lines)} lines are shown; the exact"
                " arguments have all of the new text."
            )
        self.rows.append(Row(name=name, lines=lines[:_MOST_LINES]))

    def _bounded(self, name: str, text: str) -> str:
        if len(text) <= _LONGEST_TEXT:
            return text
        self.notes.append(
            f"{name}: the first {_LONGEST_TEXT:,} of {len(text):,} characters are shown; the exact"
            " arguments have all of it."
        )
        return text[:_LONGEST_TEXT]


def compared(before: str, after: str) -> list[Line]:
    """Return what differs line by line, with two lines of context; empty when nothing does."""
    lines = [_line(line) for line in difference(before, after).text.splitlines()]
    return lines[1:] if lines and lines[0].kind == "gap" else lines


def _line(line: str) -> Line:
    if line == "@@":
        return Line(kind="gap", text="")
    kinds: dict[str, LineKind] = {"+": "added", "-": "removed"}
    return Line(kind=kinds.get(line[:1], "same"), text=line[1:])


def in_words(value: Any) -> str:
    """Return a value of an argument or a field as a person reads it; '' for none."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str():
            words = clean(value).strip()
        case list():
            words = ", ".join(map(in_words, value))
        case dict():
            words = _named(value)
        case _:
            words = str(value)
    return words if len(words) <= _LONGEST_VALUE else f"{words[:_LONGEST_VALUE]}…"


def _named(value: dict[str, Any]) -> str:
    """Return the one value of an object that has no other, else all of them with their names.

    Not the nicest of several: Jira goes by the id, and a name beside it could be another's.
    """
    if len(value) == 1:
        return in_words(*value.values())
    return "; ".join(f"{clean(str(name))}: {in_words(one)}" for name, one in value.items())
