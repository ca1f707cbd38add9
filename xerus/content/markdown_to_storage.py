"""Markdown to Confluence storage format (XHTML with `ac:` macros and `ri:` resources).

Every character of the Markdown goes out escaped: raw HTML in it is text, never markup.
"""

import itertools
import re
from collections.abc import Iterator
from html import escape
from xml.sax.saxutils import quoteattr

from xerus.content import markers
from xerus.content.document import (
    Block,
    Blocks,
    Break,
    CodeBlock,
    Heading,
    Image,
    Inline,
    Inlines,
    Item,
    ItemList,
    Mark,
    Marker,
    Mention,
    Panel,
    Paragraph,
    Quote,
    Row,
    Rule,
    Table,
    Text,
)
from xerus.content.markdown_reader import read_markdown

_MACRO_OF_PANEL = {
    "info": "info",
    "note": "note",
    "tip": "tip",
    "warning": "warning",
    "error": "warning",
    "success": "tip",
    "custom": "panel",
}
_TAG_OF_MARK = {Mark.STRONG: "strong", Mark.EM: "em", Mark.STRIKE: "del", Mark.CODE: "code"}
_USER_ATTRIBUTE = {
    "accountid": "ri:account-id",
    "userkey": "ri:userkey",
    "username": "ri:username",
}


def markdown_to_storage(markdown: str) -> str:
    """Well-formed storage XHTML.

    `[macro: toc; maxLevel=2]` and `[status: DONE]` become macros, `[page: Title; space=DOCS]` and
    `[attachment: a.pdf]` links, `[image: a.png]` the attached picture, `@[Name](accountid:1)` a
    mention. Raises ContentTooLarge or ContentTooDeep.
    """
    return _Writer().blocks(read_markdown(markdown))


class _Writer:
    """Writes one document; numbers its tasks."""

    def __init__(self) -> None:
        self._ids = map(str, itertools.count(1))

    def blocks(self, blocks: Blocks) -> str:
        return "".join(map(self._block, blocks))

    def _block(self, block: Block) -> str:
        match block:
            case Paragraph(inlines=(Marker(kind="macro") as marker,)):
                text = _marker(marker)
            case Paragraph():
                text = _element("p", _inlines(block.inlines))
            case Heading():
                text = _element(f"h{block.level}", _inlines(block.inlines))
            case CodeBlock():
                text = _code_macro(block)
            case Rule():
                text = "<hr/>"
            case Quote():
                text = _element("blockquote", self.blocks(block.blocks))
            case Panel():
                body = _element("ac:rich-text-body", self.blocks(block.blocks))
                text = _macro(_MACRO_OF_PANEL[block.kind], (), body)
            case ItemList():
                text = "".join(self._lists(block))
            case Table():
                text = _element("table", _element("tbody", "".join(_rows(block))))
        return text

    def _lists(self, items: ItemList) -> Iterator[str]:
        """A list as runs of tasks and of plain items, which live in lists of their own."""
        number = items.start
        for is_task, run in itertools.groupby(items.items, lambda item: item.checked is not None):
            group = list(run)
            if is_task:
                yield _element("ac:task-list", "".join(map(self._task, group)))
            else:
                body = "".join(_element("li", self._body(item)) for item in group)
                start = f' start="{number}"' if items.ordered and number != 1 else ""
                yield _element("ol" if items.ordered else "ul", body, start)
            number += len(group)

    def _body(self, item: Item) -> str:
        """An item's content; its first paragraph stands bare, as the Confluence editor writes it."""
        first = item.blocks[0] if item.blocks else None
        if isinstance(first, Paragraph):
            return _inlines(first.inlines) + self.blocks(item.blocks[1:])
        return self.blocks(item.blocks)

    def _task(self, item: Item) -> str:
        status = "complete" if item.checked else "incomplete"
        return _element(
            "ac:task",
            _element("ac:task-id", next(self._ids))
            + _element("ac:task-status", status)
            + _element("ac:task-body", self._body(item)),
        )


def _element(tag: str, body: str, attributes: str = "") -> str:
    return f"<{tag}{attributes}>{body}</{tag}>"


def _rows(table: Table) -> Iterator[str]:
    if table.header:
        yield _row(table.header, "th")
    for row in table.rows:
        yield _row(row, "td")


def _row(row: Row, tag: str) -> str:
    return _element("tr", "".join(_element(tag, _inlines(cell)) for cell in row))


def _macro(name: str, params: tuple[tuple[str, str], ...], body: str = "") -> str:
    parameters = "".join(
        _element("ac:parameter", escape(value), f" ac:name={quoteattr(key)}")
        for key, value in params
    )
    return _element("ac:structured-macro", parameters + body, f" ac:name={quoteattr(name)}")


def _code_macro(block: CodeBlock) -> str:
    params = (("language", block.language),) if block.language else ()
    return _macro("code", params, _element("ac:plain-text-body", _cdata(block.text)))


def _cdata(text: str) -> str:
    """A CDATA section; `]]>` inside ends one and begins the next (XML 1.0 2.7)."""
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _inlines(inlines: Inlines) -> str:
    return "".join(map(_inline, inlines))


def _inline(inline: Inline) -> str:
    match inline:
        case Text():
            text = _text(inline)
        case Break():
            text = "<br/>"
        case Image():
            alt = f" ac:alt={quoteattr(inline.alt)}" if inline.alt else ""
            text = _element("ac:image", f"<ri:url ri:value={quoteattr(inline.url)}/>", alt)
        case Mention():
            scheme, _, user = inline.uri.partition(":")
            resource = f"<ri:user {_USER_ATTRIBUTE[scheme]}={quoteattr(user)}/>"
            text = _element("ac:link", resource)
        case Marker():
            text = _marker(inline)
    return text


def _text(text: Text) -> str:
    # XHTML shows a run of spaces as one; written as one, it also reads back the same.
    written = escape(re.sub(r"[ \t\n]+", " ", text.text), quote=False)
    for mark in reversed(Mark):
        if mark in text.marks:
            written = _element(_TAG_OF_MARK[mark], written)
    if text.href:
        title = f" title={quoteattr(text.title)}" if text.title else ""
        written = _element("a", written, f" href={quoteattr(text.href)}{title}")
    return written


def _marker(marker: Marker) -> str:
    params = dict(marker.params)
    attachment = f"<ri:attachment ri:filename={quoteattr(marker.value)}/>"
    match marker.kind:
        case "macro" if marker.value:
            text = _macro(marker.value, marker.params)
        case "status":
            text = _macro("status", (("title", marker.value), *marker.params))
        case "image":
            text = _element("ac:image", attachment)
        case "attachment":
            text = _element("ac:link", attachment + _link_body(params))
        case "page":
            space = f" ri:space-key={quoteattr(params['space'])}" if "space" in params else ""
            anchor = f" ac:anchor={quoteattr(params['anchor'])}" if "anchor" in params else ""
            page = f"<ri:page{space} ri:content-title={quoteattr(marker.value)}/>"
            text = _element("ac:link", page + _link_body(params), anchor)
        case "alert":
            text = f"[!{escape(marker.value)}]"
        case _:
            text = escape(markers.show(marker), quote=False)
    return text


def _link_body(params: dict[str, str]) -> str:
    if "text" not in params:
        return ""
    return _element("ac:plain-text-link-body", _cdata(params["text"]))
