"""Confluence storage format to Markdown, with every macro and every text shown.

Ill-formed storage is refused (`storage_xml`), not guessed at: Confluence never hands any out.
"""

import re
from collections.abc import Callable, Iterator

from xerus.content.cells import Cell, flatten, grid
from xerus.content.document import (
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
from xerus.content.markdown_writer import write_markdown
from xerus.content.storage_xml import Element, parse

_MARKS = {
    "strong": Mark.STRONG,
    "b": Mark.STRONG,
    "em": Mark.EM,
    "i": Mark.EM,
    "cite": Mark.EM,
    "del": Mark.STRIKE,
    "s": Mark.STRIKE,
    "strike": Mark.STRIKE,
    "code": Mark.CODE,
    "tt": Mark.CODE,
    "kbd": Mark.CODE,
}
_PANELS = {"info": "info", "note": "note", "tip": "tip", "warning": "warning", "panel": "custom"}
_TRANSPARENT = {"p", "div", "tbody", "ac:rich-text-body", "ac:task-body", "ac:link-body"}
_FLATTENED = {"ac:layout", "ac:layout-section", "ac:layout-cell"}
_STYLED = {"span", "u", "sub", "sup", "small", "big", "font", "ac:inline-comment-marker"}
_USER_URI = {
    "ri:account-id": "accountid",
    "ri:userkey": "userkey",
    "ri:username": "username",
}
_SPACE = re.compile(r"[ \t\n]+")


def storage_to_markdown(storage: str, *, mention_ids: bool = False) -> Rendered:
    """Render a page body.

    With `mention_ids`, a mention keeps its account id and can be written back; else it is the
    shorter `@Name` and named in `lossy`.

    Raises:
        ContentInvalid: not well-formed XHTML, or with a document type.
        ContentTooLarge, ContentTooDeep: more than `bounds` allows.
    """
    reader = _Reader(mention_ids=mention_ids)
    markdown = write_markdown(reader.blocks(parse(storage)), mention_ids=mention_ids)
    return Rendered(markdown, tuple(sorted(reader.lossy)))


class _Reader:
    """Reads one document and remembers what the model cannot carry."""

    def __init__(self, *, mention_ids: bool) -> None:
        self.lossy: set[str] = set()
        self._mention_ids = mention_ids
        self._blocks: dict[str, Callable[[Element], list[Block]]] = {
            "blockquote": lambda element: [Quote(self.blocks(element))],
            "hr": lambda _: [Rule()],
            "pre": lambda element: [CodeBlock(element.text().strip("\n"))],
            "table": self._table,
            "ul": self._list,
            "ol": self._list,
            "ac:task-list": self._tasks,
            "ac:structured-macro": self._macro,
            "ac:macro": self._macro,
            **{f"h{level}": self._heading for level in range(1, 7)},
        }

    def blocks(self, element: Element) -> Blocks:
        """Mixed content: inline runs between blocks become paragraphs."""
        found: list[Block] = []
        run: list[Inline] = []
        for part in self._parts(element, _PLAIN):
            if isinstance(part, Paragraph):
                found += [*_paragraph(run), *([part] if part.inlines else [])]
                run = []
            elif isinstance(part, _INLINE):
                run.append(part)
            else:
                found += [*_paragraph(run), part]
                run = []
        return (*found, *_paragraph(run))

    def _parts(self, element: Element, style: Text) -> Iterator[Block | Inline]:
        """Blocks and inlines in document order; an empty paragraph ends a line."""
        for child in element.children:
            if isinstance(child, str):
                yield _styled(style, _SPACE.sub(" ", child))
            elif child.tag in self._blocks and not _is_inline_macro(child):
                yield from self._blocks[child.tag](child)
            else:
                yield from self._inline(child, style)

    def _inline(self, element: Element, style: Text) -> Iterator[Block | Inline]:
        tag = element.tag
        if tag in _MARKS:
            yield from self._parts(element, _marked(style, _MARKS[tag]))
        elif tag == "a":
            yield from self._anchor(element, style)
        elif tag == "br":
            yield Break()
        elif tag in _TRANSPARENT:
            yield Paragraph(())
            yield from self._parts(element, style)
            yield Paragraph(())
        elif tag in _FLATTENED or tag in _STYLED:
            self.lossy.add(tag)
            yield from self._parts(element, style)
        elif _is_inline_macro(element):
            yield self._inline_macro(element)
        else:
            yield from self._object(element, style)

    def _anchor(self, element: Element, style: Text) -> Iterator[Block | Inline]:
        href = element.attributes.get("href", "")
        title = element.attributes.get("title", "")
        linked = Text("", style.marks, href, title)
        parts = list(self._parts(element, linked))
        yield from parts or [_styled(linked, href)]

    def _object(self, element: Element, style: Text) -> Iterator[Block | Inline]:
        attributes = element.attributes
        match element.tag:
            case "ac:link":
                yield from self._link(element, style)
                return
            case "ac:image" if (url := element.find("ri:url")) is not None:
                yield Image(url.attributes.get("ri:value", ""), attributes.get("ac:alt", ""))
                if not set(attributes) - {"ac:alt"} and len(element.elements()) == 1:
                    return
                yield from self._caption(element, style)
            case "ac:image":
                yield Marker("image", _resource(element), _params(alt=attributes.get("ac:alt")))
                yield from self._caption(element, style)
            case "time":
                yield _styled(style, attributes.get("datetime", ""))
                yield from self._parts(element, style)
            case "ac:emoticon":
                shown = attributes.get("ac:emoji-fallback") or f":{attributes.get('ac:name', '')}:"
                yield _styled(style, shown)
            case "ac:placeholder":
                yield Marker("placeholder", element.text())
            case tag:
                resource = _resource_of(element)
                yield Marker("node", f"{tag} {resource}" if resource else tag)
                yield from self._parts(element, style)
        self.lossy.add(element.tag)

    def _caption(self, element: Element, style: Text) -> Iterator[Block | Inline]:
        caption = element.find("ac:caption")
        if caption is not None:
            yield _styled(style, " ")
            yield from self._parts(caption, style)

    def _link(self, element: Element, style: Text) -> Iterator[Block | Inline]:
        """A link to something in Confluence: a person, or a marker of page or attachment."""
        body = element.find("ac:plain-text-link-body") or element.find("ac:link-body")
        text = (body if body is not None else element).text()
        target = next((child for child in element.elements() if child.tag.startswith("ri:")), None)
        attributes = target.attributes if target is not None else {}
        kind = target.tag if target is not None else ""
        if kind == "ri:user" and (uri := _user_uri(attributes)):
            if not self._mention_ids:
                self.lossy.add("mention")
            yield Mention(uri, text)
        elif kind == "ri:url":
            yield Text(
                text or attributes.get("ri:value", ""), style.marks, attributes.get("ri:value", "")
            )
        else:
            self.lossy.add("ac:link")
            params = _params(
                space=attributes.get("ri:space-key"),
                anchor=element.attributes.get("ac:anchor"),
                text=text,
            )
            marker = "attachment" if kind == "ri:attachment" else "page"
            yield Marker(marker, _resource(element), params)

    def _heading(self, element: Element) -> list[Block]:
        inlines, lost = flatten(self.blocks(element))
        self.lossy |= lost - {"tableCell", "hardBreak"}
        return [Heading(int(element.tag[1]), inlines)]

    def _list(self, element: Element) -> list[Block]:
        items = [
            Item(self.blocks(child if child.tag == "li" else Element("li", {}, [child])))
            for child in element.elements()
        ]
        stray = "".join(child for child in element.children if isinstance(child, str)).strip()
        if stray:
            items.append(Item((Paragraph((Text(stray),)),)))
        start = element.attributes.get("start", "1")
        number = int(start) if re.fullmatch("[0-9]{1,8}", start) else 1
        return [ItemList(tuple(items), element.tag == "ol", number)] if items else []

    def _tasks(self, element: Element) -> list[Block]:
        items = []
        for task in element.elements():
            status, body = task.find("ac:task-status"), task.find("ac:task-body")
            checked = status is not None and status.text().strip() == "complete"
            items.append(Item(self.blocks(body if body is not None else task), checked))
        return [ItemList(tuple(items))] if items else []

    def _table(self, element: Element) -> list[Block]:
        rows = [[self._cell(cell) for cell in row.elements()] for row in _rows(element)]
        has_header = bool(rows) and bool(rows[0]) and all(cell.header for cell in rows[0])
        if any(cell.header for row in rows[has_header:] for cell in row):
            self.lossy.add("th")
        if any(cell.columns > 1 or cell.rows > 1 for row in rows for cell in row):
            self.lossy.add("mergedCells")
        cells = grid(rows)
        head, body = (cells[0], cells[1:]) if has_header else ((), cells)
        return [Table(head, tuple(body))] if cells else []

    def _cell(self, element: Element) -> Cell:
        inlines, lost = flatten(self.blocks(element))
        self.lossy |= lost
        return Cell(
            inlines, element.tag == "th", _span(element, "colspan"), _span(element, "rowspan")
        )

    def _inline_macro(self, element: Element) -> Marker:
        name, params = _macro_name(element), _macro_params(element)
        if name == "status":
            title = dict(params).get("title", "")
            if [key for key, _ in params] != ["title"]:
                self.lossy.add("macro:status")
            return Marker("status", title)
        self.lossy.add(f"macro:{name}")
        return Marker("macro", name, params)

    def _macro(self, element: Element) -> list[Block]:
        """A macro with a body."""
        name, params = _macro_name(element), _macro_params(element)
        plain, rich = element.find("ac:plain-text-body"), element.find("ac:rich-text-body")
        title = dict(params).get("title", "")
        head = _paragraph([Text(title, frozenset({Mark.STRONG}))])
        body = self.blocks(rich) if rich is not None else ()
        if name in {"code", "noformat"} and plain is not None:
            return self._code(name, params, plain.text(), head)
        if name in _PANELS and rich is not None:
            rest = [pair for pair in params if pair[0] != "title"]
            if params:
                self.lossy.add(f"macro:{name}")
            note = _paragraph([Marker("macro", name, tuple(rest))]) if rest else []
            return [Panel(_PANELS[name], (*note, *head, *body))]
        self.lossy.add(f"macro:{name}")
        if name == "expand" and [key for key, _ in params] in ([], ["title"]):
            return [*head, *body]
        marker = _paragraph([Marker("macro", name, params)])
        code = [CodeBlock(plain.text())] if plain is not None else []
        return [*marker, *body, *code]

    def _code(
        self, name: str, params: tuple[tuple[str, str], ...], text: str, head: list[Block]
    ) -> list[Block]:
        language = dict(params).get("language", "")
        rest = tuple(pair for pair in params if pair[0] not in {"language", "title"})
        if head or rest or name != "code":
            self.lossy.add(f"macro:{name}")
        note = _paragraph([Marker("macro", name, rest)]) if rest else []
        return [*note, *head, CodeBlock(text, language)]


_PLAIN = Text("")
_INLINE = (Text, Break, Image, Mention, Marker)


def _paragraph(inlines: list[Inline]) -> list[Block]:
    content = joined(inlines)
    return [Paragraph(content)] if content else []


def _styled(style: Text, text: str) -> Text:
    return Text(text, style.marks, style.href, style.title)


def _marked(style: Text, mark: Mark) -> Text:
    return Text("", style.marks | {mark}, style.href, style.title)


def _is_inline_macro(element: Element) -> bool:
    return element.tag in {"ac:structured-macro", "ac:macro"} and not (
        element.find("ac:plain-text-body") or element.find("ac:rich-text-body")
    )


def _macro_name(element: Element) -> str:
    return element.attributes.get("ac:name", "") or "unknown"


def _macro_params(element: Element) -> tuple[tuple[str, str], ...]:
    pairs = []
    for child in element.elements():
        if child.tag in {"ac:parameter", "ac:default-parameter"}:
            value = " ".join(filter(None, [child.text().strip(), _resource(child)]))
            pairs.append((child.attributes.get("ac:name", ""), value))
    return tuple(pairs)


def _resource(element: Element) -> str:
    """What the `ri:` elements below `element` name."""
    found = [
        _resource_of(child) if child.tag.startswith("ri:") else _resource(child)
        for child in element.elements()
    ]
    return " ".join(filter(None, found))


def _resource_of(element: Element) -> str:
    names = ("ri:content-title", "ri:filename", "ri:value", "ri:space-key", "ri:content-id")
    named = (element.attributes.get(name) for name in (*names, *_USER_URI))
    return next(filter(None, named), "")


def _params(**values: str | None) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in values.items() if value)


def _user_uri(attributes: dict[str, str]) -> str:
    for attribute, scheme in _USER_URI.items():
        if attributes.get(attribute):
            return f"{scheme}:{attributes[attribute]}"
    return ""


def _rows(element: Element) -> Iterator[Element]:
    for child in element.elements():
        if child.tag == "tr":
            yield child
        elif child.tag in {"thead", "tbody", "tfoot"}:
            yield from _rows(child)


def _span(element: Element, name: str) -> int:
    value = element.attributes.get(name, "1")
    return int(value) if re.fullmatch("[0-9]{1,4}", value) else 1
