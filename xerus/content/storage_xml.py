"""Storage XHTML to a light element tree, by expat, with nothing that can reach out or blow up.

Storage has no document type, no namespace declarations and HTML's named characters; expat knows
only XML's five, so the others are replaced before it looks. A document type is refused, and with it
every entity a document could define.
"""

import re
from dataclasses import dataclass, field
from html.entities import html5
from typing import NoReturn
from xml.parsers import expat

from xerus.content.bounds import MAX_DEPTH, MAX_NODES, clean, too_deep, too_large
from xerus.content.errors import ContentInvalid

_CDATA_OR_NAME = re.compile(r"<!\[CDATA\[.*?\]\]>|&([A-Za-z][A-Za-z0-9]*);", re.DOTALL)
_ROOT = "storage"
_XML_NAMES = {"amp", "lt", "gt", "quot", "apos"}
_HINT = "Pass the page body in storage format, unchanged."


@dataclass(slots=True)
class Element:
    """An element with its prefixed name, attributes and children in document order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)

    def find(self, tag: str) -> "Element | None":
        """The first child element of that name."""
        return next((child for child in self.elements() if child.tag == tag), None)

    def elements(self) -> list["Element"]:
        """The children that are elements."""
        return [child for child in self.children if isinstance(child, Element)]

    def text(self) -> str:
        """All characters below this element."""
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)


def parse(storage: str) -> Element:
    """The root element, around everything in `storage`.

    Raises:
        ContentInvalid: not well formed, or with a document type; names line and column.
        ContentTooLarge, ContentTooDeep: more than `bounds` allows.
    """
    text = _CDATA_OR_NAME.sub(_named, clean(storage))
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(f"<{_ROOT}>{text}</{_ROOT}>".encode(), True)
    except expat.ExpatError as error:
        reason = expat.errors.messages[error.code]
        place = f"line {error.lineno}, column {error.offset}"
        raise ContentInvalid(f"Storage format: {reason} at {place}.", hint=_HINT) from error
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self.root = Element(_ROOT)
        self._open = [self.root]
        self._nodes = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._nodes += 1
        if len(self._open) > 2 * MAX_DEPTH:
            raise too_deep()
        if self._nodes > MAX_NODES:
            raise too_large(f"{MAX_NODES} elements")
        if self._nodes == 1:
            return
        element = Element(tag, attributes)
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _tag: str) -> None:
        self._open.pop()

    def characters(self, text: str) -> None:
        self._open[-1].children.append(text)


def _named(match: re.Match[str]) -> str:
    name = match[1]
    if name is None or name in _XML_NAMES:
        return match[0]
    # An unknown name stays visible as the text that it is.
    return html5.get(f"{name};", f"&amp;{name};")


def _refuse_doctype(*_: object) -> NoReturn:
    raise ContentInvalid("Storage format has no document type declaration.", hint=_HINT)
