"""The marks around text of others, as `tools.untrusted` sets them, for people to read."""

import re

_OPENING = re.compile(r"<untrusted(?P<attributes>(?:\s+\w+=\"[^\"]*\")*)\s*>")
_CLOSING = re.compile(r"\n?</untrusted>")
_VALUE = re.compile(r"\w+=\"(?P<value>[^\"]*)\"")


def without_marks(text: str) -> str:
    """Return `text` without the marks."""
    # A blank line where a mark ended, so that what follows does not become part of a table or list.
    return _CLOSING.sub("\n", _OPENING.sub("", text))


def readable(text: str) -> str:
    """Return `text` with each mark as a line that says where the text comes from."""
    return _CLOSING.sub("\n[end]", _OPENING.sub(_words, text))


def _words(mark: re.Match[str]) -> str:
    origin = ", ".join(found["value"] for found in _VALUE.finditer(mark["attributes"]))
    return f"[written by others: {origin}]" if origin else "[written by others]"
