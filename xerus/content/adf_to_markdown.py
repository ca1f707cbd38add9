"""Atlassian Document Format to Markdown, with every node shown and none dropped."""

import datetime as dt
import itertools
from typing import Any

from xerus.content.adf_nodes import Node, attr, children, dicts, kind_of, number, string
from xerus.content.bounds import check_json
from xerus.content.cells import Cell, flatten, grid
from xerus.content.document import (
    PANEL_KINDS,
    Block,
    Blocks,
    Break,
    CodeBlock,
    Heading,
    Image,
    Inline,
    Item,
    ItemList,
    Mark,
    Marker,
    Mention,
    Panel,
    Paragraph,
    Quote,
    Rendered,
    Rule,
    Table,
    Text,
    joined,
)
from xerus.content.errors import ContentInvalid
from xerus.content.markdown_writer import write_markdown

_CARRIED = {"strong": Mark.STRONG, "em": Mark.EM, "strike": Mark.STRIKE, "code": Mark.CODE}
_INLINE = {
    "text",
    "hardBreak",
    "mention",
    "emoji",
    "date",
    "status",
    "inlineCard",
    "inlineExtension",
    "mediaInline",
    "placeholder",
}


def adf_to_markdown(adf: Any, *, mention_ids: bool = False) -> Rendered:
    """Render an ADF document, given as parsed JSON.

    With `mention_ids`, a mention keeps its account id and can be written back; else it is the
    shorter `@Name` and named in `lossy`.

    Raises:
        ContentInvalid: not an ADF document.
        ContentTooLarge, ContentTooDeep: more than `bounds` allows.
    """
    check_json(adf)
    if not isinstance(adf, dict) or kind_of(adf) != "doc":
        raise ContentInvalid(
            "This is not an ADF document.", hint='Pass the object whose "type" is "doc".'
        )
    reader = _Reader(mention_ids=mention_ids)
    markdown = write_markdown(reader.blocks(adf), mention_ids=mention_ids)
    return Rendered(markdown, tuple(sorted(reader.lossy)))


class _Reader:
    """Reads one document and remembers what the model cannot carry."""

    def __init__(self, *, mention_ids: bool) -> None:
        self.lossy: set[str] = set()
        self._mention_ids = mention_ids

    def blocks(self, node: Node) -> Blocks:
        """The children of `node`; stray inline nodes among them become paragraphs."""
        found: list[Block] = []
        stray: list[Inline] = []
        for child in children(node):
            if kind_of(child) in _INLINE:
                stray += self._inline(child)
                continue
            found += [*_paragraph(stray), *self._block(child)]
            stray = []
        return (*found, *_paragraph(stray))

    def _block(self, node: Node) -> list[Block]:
        self._note_block_marks(node)
        found: list[Block]
        match kind_of(node):
            case "paragraph":
                found = _paragraph(self._inlines(node))
            case "heading":
                level = min(max(int(number(node, "level", 1)), 1), 6)
                found = [Heading(level, joined(self._inlines(node), breaks=False))]
            case "codeBlock":
                found = [_code_block(node)]
            case "rule":
                found = [Rule()]
            case "blockquote":
                found = [Quote(self.blocks(node))]
            case "panel":
                found = [self._panel(node)]
            case "bulletList" | "orderedList" | "taskList" | "decisionList":
                found = self._list(node)
            case "table":
                found = [self._table(node)]
            case _:
                found = self._unusual(node)
        return found

    def _unusual(self, node: Node) -> list[Block]:
        """Blocks without a Markdown counterpart: a marker or title, then their content."""
        kind = kind_of(node)
        self.lossy.add(kind)
        match kind:
            case "expand" | "nestedExpand":
                title = attr(node, "title")
                head = _paragraph([Text(title, frozenset({Mark.STRONG}))])
            case "layoutSection" | "layoutColumn" | "mediaGroup":
                head = []
            case "mediaSingle":
                return _paragraph(self._media_single(node))
            case "blockCard" | "embedCard" | "media":
                head = _paragraph(self._inline(node))
            case "extension" | "bodiedExtension":
                head = _paragraph([_macro(node)])
            case "caption":
                return _paragraph(self._inlines(node))
            case _:
                head = _paragraph([Marker("node", kind), *_own_text(node)])
        return [*head, *self.blocks(node)]

    def _note_block_marks(self, node: Node) -> None:
        for mark in dicts(node.get("marks")):
            self.lossy.add(kind_of(mark))

    def _panel(self, node: Node) -> Block:
        kind = attr(node, "panelType")
        if kind not in PANEL_KINDS or kind == "custom":
            self.lossy.add("panel")
            kind = "custom"
        return Panel(kind, self.blocks(node))

    def _list(self, node: Node) -> list[Block]:
        ordered = kind_of(node) == "orderedList"
        items: list[Item] = []
        for child in children(node):
            if kind_of(child) == "taskList" and items:
                last = items.pop()
                items.append(Item((*last.blocks, *self._list(child)), last.checked))
            else:
                items.append(self._item(child))
        start = int(number(node, "order", 1)) if ordered else 1
        return [ItemList(tuple(items), ordered, max(start, 0))] if items else []

    def _item(self, node: Node) -> Item:
        checked = None
        if kind_of(node) in {"taskItem", "blockTaskItem"}:
            checked = attr(node, "state") == "DONE"
        elif kind_of(node) == "decisionItem":
            self.lossy.add("decisionItem")
        elif kind_of(node) != "listItem":
            return Item(tuple(self._block(node)))
        return Item(self.blocks(node), checked)

    def _table(self, node: Node) -> Block:
        rows = [
            [self._cell(cell) for cell in children(row)]
            for row in children(node)
            if kind_of(row) == "tableRow"
        ]
        headers = [[cell.header for cell in row] for row in rows]
        has_header = bool(headers) and bool(headers[0]) and all(headers[0])
        if any(any(row) for row in headers[has_header:]):
            self.lossy.add("tableHeader")
        if any(cell.columns > 1 or cell.rows > 1 for row in rows for cell in row):
            self.lossy.add("mergedCells")
        cells = grid(rows)
        return Table(cells[0], tuple(cells[1:])) if has_header else Table((), tuple(cells))

    def _cell(self, node: Node) -> Cell:
        inlines, flattened = flatten(self.blocks(node))
        self.lossy |= flattened
        columns, rows = int(number(node, "colspan", 1)), int(number(node, "rowspan", 1))
        return Cell(inlines, kind_of(node) == "tableHeader", columns, rows)

    def _inlines(self, node: Node) -> list[Inline]:
        found: list[Inline] = []
        for child in children(node):
            found += self._inline(child)
        return found

    def _inline(self, node: Node) -> list[Inline]:
        match kind_of(node):
            case "text":
                return self._text(node)
            case "hardBreak":
                return [Break()]
            case "mention":
                return [self._mention(node)]
            case kind:
                found, carried = self._object(node)
                if not carried:
                    self.lossy.add(kind)
                return found

    def _object(self, node: Node) -> tuple[list[Inline], bool]:
        """An inline object, and whether Markdown carries all of it."""
        found: list[Inline]
        carried = False
        match kind_of(node):
            case "emoji":
                text = attr(node, "text")
                carried = bool(text) and not text.startswith(":")
                found = [Text(text or attr(node, "shortName"))]
            case "date":
                found = [Text(_date(attr(node, "timestamp")))]
            case "status":
                carried = attr(node, "color") == "neutral" and not attr(node, "style")
                found = [Marker("status", attr(node, "text"))]
            case "inlineCard" | "blockCard" | "embedCard":
                found = _card(node)
            case "media" | "mediaInline":
                found = _media(node)
            case "inlineExtension":
                found = [_macro(node)]
            case "placeholder":
                found = [Marker("placeholder", attr(node, "text"))]
            case kind:
                found = [Marker("node", kind), *_own_text(node)]
        return [*found, *self._inlines(node)], carried

    def _text(self, node: Node) -> list[Inline]:
        marks: set[Mark] = set()
        href = title = ""
        for mark in dicts(node.get("marks")):
            kind = kind_of(mark)
            if kind in _CARRIED:
                marks.add(_CARRIED[kind])
            elif kind == "link" and attr(mark, "href"):
                href, title = attr(mark, "href"), attr(mark, "title")
            else:
                self.lossy.add(kind)
        return _with_breaks(string(node.get("text")), frozenset(marks), href, title)

    def _mention(self, node: Node) -> Inline:
        if not self._mention_ids:
            self.lossy.add("mention")
        name = attr(node, "text").removeprefix("@")
        return Mention(f"accountid:{attr(node, 'id')}", name)

    def _media_single(self, node: Node) -> list[Inline]:
        found: list[Inline] = []
        for child in children(node):
            part = self._inlines(child) if kind_of(child) == "caption" else self._inline(child)
            found += [Text(" "), *part] if found else part
        return found


def _with_breaks(text: str, marks: frozenset[Mark], href: str, title: str) -> list[Inline]:
    """A line end inside a text node shows as one, so it becomes a break."""
    if "\n" not in text or Mark.CODE in marks:
        return [Text(text, marks, href, title)]
    lines = text.split("\n")
    pairs: list[tuple[Inline, Inline]] = [
        (Break(), Text(line, marks, href, title)) for line in lines
    ]
    return list(itertools.chain.from_iterable(pairs))[1:]


def _paragraph(inlines: list[Inline]) -> list[Block]:
    if not inlines:
        return []
    content = joined(inlines)
    return [Paragraph(content)] if content else []


def _code_block(node: Node) -> CodeBlock:
    text = "".join(string(child.get("text")) for child in children(node))
    return CodeBlock(text, attr(node, "language"))


def _macro(node: Node) -> Marker:
    """An extension as a marker with its readable parameters (`macroParams` in Confluence)."""
    attrs = node.get("attrs")
    parameters = attrs.get("parameters") if isinstance(attrs, dict) else None
    macro = parameters.get("macroParams") if isinstance(parameters, dict) else None
    pairs = []
    for name, value in macro.items() if isinstance(macro, dict) else ():
        shown = string(value.get("value")) if isinstance(value, dict) else string(value)
        if shown:
            pairs.append((str(name), shown))
    if attr(node, "text"):
        pairs.append(("text", attr(node, "text")))
    return Marker("macro", attr(node, "extensionKey") or "unknown", tuple(pairs))


def _media(node: Node) -> list[Inline]:
    if attr(node, "type") == "external" and attr(node, "url"):
        return [Image(attr(node, "url"), attr(node, "alt"))]
    return [Marker("attachment", attr(node, "alt") or attr(node, "id") or "unnamed")]


def _card(node: Node) -> list[Inline]:
    attrs = node.get("attrs")
    data = attrs.get("data") if isinstance(attrs, dict) else None
    url = attr(node, "url")
    if not url and isinstance(data, dict):
        url = string(data.get("url")) or string(data.get("@id"))
    return [Text(url, frozenset(), url)] if url else [Marker("node", kind_of(node))]


def _own_text(node: Node) -> list[Inline]:
    """Text that a node of an unknown type carries itself."""
    text = string(node.get("text")) or attr(node, "text")
    return [Text(f" {text}")] if text else []


def _date(timestamp: str) -> str:
    """Milliseconds since the epoch as an ISO date, or the value itself where it is none."""
    try:
        moment = dt.datetime.fromtimestamp(int(timestamp) / 1000, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return timestamp
    return moment.date().isoformat()
