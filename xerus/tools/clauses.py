"""JQL and CQL out of typed filters: values are bound as quoted strings, never pasted."""

import re
from dataclasses import dataclass, field

from xerus.errors import InvalidInput

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_QUOTED_OR_ORDER = re.compile(
    r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|\border\s+by\b""", re.IGNORECASE
)
_LUCENE = re.compile(r'[+\-&|!(){}\[\]^~*?\\:"/]+')
_OPERATOR_WORDS = re.compile(r"\b(?:AND|OR|NOT)\b")
_DAY = re.compile(r"^(?:\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2})?|-\d{1,4}[mhdw])$")


@dataclass
class Clauses:
    """Conditions that all have to hold."""

    parts: list[str] = field(default_factory=list)

    def equals(self, name: str, value: str | None) -> None:
        """Add `name = value` unless there is no value."""
        if value is not None:
            self.parts.append(f"{name} = {quoted(value)}")

    def words(self, name: str, text: str | None) -> None:
        """Add a search for all words of `text`, special characters of the index taken out."""
        if text is not None:
            self.parts.append(f"{name} ~ {quoted(plain_words(text))}")

    def since(self, name: str, day: str | None) -> None:
        """Add `name >= day`; a date or a span back from now.

        Raises:
            InvalidInput: it is neither.
        """
        if day is None:
            return
        if not _DAY.match(day):
            raise InvalidInput(
                f"{day!r} is no date.", hint="Use 2026-01-31, or -7d for the last seven days."
            )
        self.parts.append(f"{name} >= {quoted(day)}")


def quoted(value: str) -> str:
    """Return `value` as a string of JQL or CQL."""
    text = _CONTROL.sub(" ", value).strip()
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def plain_words(text: str) -> str:
    """Return the words of `text`, none of them an operator of the text index.

    Raises:
        InvalidInput: no word is left.
    """
    words = _OPERATOR_WORDS.sub(lambda word: word[0].lower(), _LUCENE.sub(" ", text)).split()
    if not words:
        raise InvalidInput(f"{text!r} has no word to search for.")
    return " ".join(words)


def combined(query: str | None, clauses: Clauses, *, order: str) -> str:
    """Join a query with further conditions; its own ORDER BY wins over `order`.

    Raises:
        InvalidInput: there is no condition at all.
    """
    conditions, own_order = split_order(query or "")
    parts = ([f"({conditions})"] if conditions and clauses.parts else []) + clauses.parts
    if conditions and not clauses.parts:
        parts = [conditions]
    if not parts:
        raise InvalidInput(
            "The search has no condition.", hint="Give a query or at least one filter."
        )
    return f"{' AND '.join(parts)} ORDER BY {own_order or order}"


def split_order(query: str) -> tuple[str, str]:
    """Separate the conditions from what follows ORDER BY outside of quotes."""
    for found in _QUOTED_OR_ORDER.finditer(query):
        if found[1] is None:
            return query[: found.start()].strip(), query[found.end() :].strip()
    return query.strip(), ""
