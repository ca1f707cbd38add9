"""The text form of a marker: `[kind: value; parameter=value]`.

A bracket, semicolon or backslash in a value stands behind a backslash.
"""

import re

from xerus.content.document import Marker

KINDS = ("attachment", "image", "macro", "node", "page", "placeholder", "status")
_VALUE = r"(?:[^\[\]\n;\\]|\\[\[\];\\])*"
MARKER = re.compile(
    rf"\[(?P<kind>{'|'.join(KINDS)}): (?P<value>{_VALUE})(?P<params>(?:; [\w.:-]*={_VALUE})*)\]"
)
_PARAMETER = re.compile(rf"; ([\w.:-]*)=({_VALUE})")
_ESCAPED = re.compile(r"\\([\[\];\\])")


def show(marker: Marker) -> str:
    """The marker as one line of text."""
    parts = [f"{marker.kind}: {_safe(marker.value)}"]
    parts += [f"{_name(name)}={_safe(value)}" for name, value in marker.params]
    return f"[{'; '.join(parts)}]"


def read(text: str, position: int = 0) -> tuple[Marker, int] | None:
    """The marker that begins at `position` and where it ends, or None."""
    match = MARKER.match(text, position)
    if match is None:
        return None
    found = _PARAMETER.findall(match["params"])
    params = tuple((name, _plain(value)) for name, value in found)
    return Marker(match["kind"], _plain(match["value"]), params), match.end()


def _name(text: str) -> str:
    return re.sub(r"[^\w.:-]", "-", text)


def _safe(text: str) -> str:
    return re.sub(r"[\[\];\\]", r"\\\g<0>", " ".join(text.split()))


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)
