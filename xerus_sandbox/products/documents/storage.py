"""Confluence storage format: strict XHTML with `ac:` and `ri:` elements, as a small tree."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from html.entities import html5
from xml.parsers import expat

_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_CDATA = re.compile(r"<!\[CDATA\[.*?\]\]>", re.DOTALL)
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})


class StorageError(ValueError):
    """The text is not well-formed storage format."""


@dataclass
class Element:
    """One element; children are elements and text in document order."""

    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    children: "list[Element | str]" = field(default_factory=list)

    def elements(self) -> "Iterator[Element]":
        """Yield the child elements."""
        return (child for child in self.children if isinstance(child, Element))

    def find(self, tag: str) -> "Element | None":
        """Return the first child element with this tag."""
        return next((child for child in self.elements() if child.tag == tag), None)

    def text(self) -> str:
        """Return all text below this element, without spaces added."""
        return "".join(c if isinstance(c, str) else c.text() for c in self.children)

    def parameters(self) -> dict[str, str]:
        """Return the parameters of a macro element."""
        return {
            child.attrs.get("ac:name", ""): child.text()
            for child in self.elements()
            if child.tag == "ac:parameter"
        }


def parse(source: str) -> Element:
    """Parse storage format into one root element with tag `root`.

    Raises:
        StorageError: not well-formed, or it declares a DOCTYPE.
    """
    if "<!DOCTYPE" in source or "<!ENTITY" in source:
        raise StorageError("a DOCTYPE is not allowed")
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(f"<root>{_named_entities(source)}</root>", True)
    except expat.ExpatError as error:
        raise StorageError(str(error)) from error
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self.root = Element("root")
        self._stack: list[Element] = []

    def start(self, tag: str, attrs: dict[str, str]) -> None:
        element = self.root if not self._stack else Element(tag, attrs)
        if self._stack:
            self._stack[-1].children.append(element)
        self._stack.append(element)

    def end(self, _tag: str) -> None:
        self._stack.pop()

    def data(self, text: str) -> None:
        children = self._stack[-1].children
        if children and isinstance(children[-1], str):
            children[-1] += text
        else:
            children.append(text)


def _named_entities(source: str) -> str:
    """Replace the entities that HTML knows and XML does not, outside CDATA."""
    parts, end = [], 0
    for match in _CDATA.finditer(source):
        parts += [_ENTITY.sub(_character, source[end : match.start()]), match.group()]
        end = match.end()
    return "".join([*parts, _ENTITY.sub(_character, source[end:])])


def _character(match: re.Match[str]) -> str:
    name = match.group(1)
    if name in _XML_ENTITIES:
        return match.group()
    return html5.get(f"{name};", match.group())


def serialize(node: Element | str) -> str:
    """Write a tree as storage format; the root element itself is not written."""
    if isinstance(node, str):
        return escape(node, quote=False)
    inner = "".join(serialize(child) for child in node.children)
    if node.tag == "root":
        return inner
    if node.tag == "ac:plain-text-body":
        return f"<{node.tag}>{cdata(node.text())}</{node.tag}>"
    attrs = "".join(f' {name}="{escape(value)}"' for name, value in node.attrs.items())
    return f"<{node.tag}{attrs}>{inner}</{node.tag}>" if inner else f"<{node.tag}{attrs} />"


def cdata(text: str) -> str:
    """Wrap text in CDATA, also when it contains the end mark."""
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"
