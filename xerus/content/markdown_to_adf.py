"""Markdown to Atlassian Document Format (Jira Cloud v3, Confluence Cloud `atlas_doc_format`).

ADF says which block may stand in which (`adf-full` schema 57.7). What may not stand where Markdown
put it becomes the nearest thing that may: its content stays, its frame goes.
"""

import itertools
from collections.abc import Iterator
from typing import Any

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
    joined,
)
from xerus.content.markdown_reader import read_markdown

Node = dict[str, Any]

_ANYWHERE = {"paragraph", "bulletList", "orderedList", "codeBlock"}
_ALLOWED = {
    "doc": _ANYWHERE | {"heading", "taskList", "rule", "table", "panel", "blockquote"},
    "listItem": _ANYWHERE | {"taskList"},
    "blockquote": _ANYWHERE,
    "panel": _ANYWHERE | {"heading", "taskList", "rule"},
}
_STATUS_COLOR = "neutral"


def markdown_to_adf(markdown: str) -> dict[str, Any]:
    """A valid ADF document.

    `@[Name](accountid:1)` becomes a mention, `[status: DONE]` a status, a GitHub alert a panel,
    an image a link to it. Raises ContentTooLarge or ContentTooDeep.
    """
    content = list(_Writer().blocks(read_markdown(markdown), "doc"))
    return {"version": 1, "type": "doc", "content": content}


class _Writer:
    """Writes one document; numbers its tasks, whose `localId` must differ."""

    def __init__(self) -> None:
        self._ids = map(str, itertools.count(1))

    def blocks(self, blocks: Blocks, parent: str) -> Iterator[Node]:
        """Blocks as nodes that `parent` may hold."""
        for block in blocks:
            yield from self._block(block, parent)

    def _block(self, block: Block, parent: str) -> Iterator[Node]:
        allowed = _ALLOWED[parent]
        match block:
            case Paragraph():
                yield _node("paragraph", _inlines(block.inlines))
            case Heading() if "heading" in allowed:
                yield _node("heading", _inlines(block.inlines), level=block.level)
            case Heading():
                yield from _paragraph(_strong(block.inlines))
            case CodeBlock():
                yield _code_block(block)
            case Rule():
                yield from [_node("rule")] if "rule" in allowed else _paragraph((Text("---"),))
            case Quote():
                yield from self._framed("blockquote", block.blocks, parent)
            case Panel():
                yield from self._framed("panel", block.blocks, parent, panelType=block.kind)
            case ItemList():
                yield from self._lists(block, parent)
            case Table():
                yield from self._table(block) if "table" in allowed else _lines(block)

    def _framed(self, kind: str, blocks: Blocks, parent: str, **attrs: Any) -> Iterator[Node]:
        if kind not in _ALLOWED[parent]:
            yield from self.blocks(blocks, parent)
            return
        content = list(self.blocks(blocks, kind)) or [_node("paragraph", [])]
        yield _node(kind, content, **attrs)

    def _lists(self, items: ItemList, parent: str) -> Iterator[Node]:
        """A list as runs of tasks and of plain items, which ADF keeps in lists of their own."""
        tasks_allowed = "taskList" in _ALLOWED[parent]
        number = items.start
        for is_task, run in itertools.groupby(items.items, lambda item: item.checked is not None):
            group = list(run)
            if is_task and tasks_allowed:
                yield self._task_list(group)
            elif items.ordered:
                content = [self._list_item(item) for item in group]
                yield _node("orderedList", content, **({"order": number} if number != 1 else {}))
            else:
                yield _node("bulletList", [self._list_item(item) for item in group])
            number += len(group)

    def _list_item(self, item: Item) -> Node:
        blocks = item.blocks
        if item.checked is not None:
            blocks = _boxed(blocks, "[x] " if item.checked else "[ ] ")
        content = list(self.blocks(blocks, "listItem"))
        return _node("listItem", content or [_node("paragraph", [])])

    def _task_list(self, items: list[Item]) -> Node:
        attrs = {"localId": next(self._ids)}
        content: list[Node] = []
        for item in items:
            content += self._task(item)
        return _node("taskList", content, **attrs)

    def _task(self, item: Item) -> Iterator[Node]:
        """A task holds one line; its sub-tasks follow it as a list."""
        line: list[Inline] = []
        nested: list[ItemList] = []
        for block in item.blocks:
            if isinstance(block, ItemList) and all(sub.checked is not None for sub in block.items):
                nested.append(block)
            else:
                line += [Break(), *_flat(block)] if line else _flat(block)
        state = "DONE" if item.checked else "TODO"
        attrs = {"localId": next(self._ids), "state": state}
        yield _node("taskItem", _inlines(joined(line)), **attrs)
        for sub in nested:
            yield self._task_list(list(sub.items))

    def _table(self, table: Table) -> Iterator[Node]:
        rows = [_row(row, "tableCell") for row in table.rows]
        if table.header:
            rows.insert(0, _row(table.header, "tableHeader"))
        if rows:
            yield _node("table", rows)


def _node(kind: str, content: list[Node] | None = None, **attrs: Any) -> Node:
    node: Node = {"type": kind}
    if attrs:
        node["attrs"] = attrs
    if content is not None:
        node["content"] = content
    return node


def _row(row: Row, kind: str) -> Node:
    return _node("tableRow", [_node(kind, [_node("paragraph", _inlines(cell))]) for cell in row])


def _code_block(block: CodeBlock) -> Node:
    attrs = {"language": block.language} if block.language else {}
    return _node("codeBlock", [{"type": "text", "text": block.text}] if block.text else [], **attrs)


def _paragraph(inlines: Inlines) -> Iterator[Node]:
    if inlines:
        yield _node("paragraph", _inlines(inlines))


def _lines(table: Table) -> Iterator[Node]:
    """A table where none may stand: a paragraph per row."""
    for inlines in _row_lines(table):
        yield from _paragraph(inlines)


def _row_lines(table: Table) -> Iterator[Inlines]:
    for row in (table.header, *table.rows):
        line: list[Inline] = []
        for cell in row:
            line += [Text(" | "), *cell] if line else cell
        yield joined(line)


def _strong(inlines: Inlines) -> Inlines:
    return joined(
        [
            Text(inline.text, inline.marks | {Mark.STRONG}, inline.href, inline.title)
            if isinstance(inline, Text)
            else inline
            for inline in inlines
        ]
    )


def _boxed(blocks: Blocks, box: str) -> Blocks:
    """A task where no task list may stand: the box as text."""
    first = blocks[0] if blocks else None
    if isinstance(first, Paragraph):
        return (Paragraph(joined([Text(box), *first.inlines])), *blocks[1:])
    return (Paragraph((Text(box.strip()),)), *blocks)


def _flat(block: Block) -> list[Inline]:
    """Any block as inline content, its lines apart by breaks."""
    match block:
        case Paragraph() | Heading():
            lines = [list(block.inlines)]
        case CodeBlock():
            lines = [
                [Text(line, frozenset({Mark.CODE}))] for line in block.text.split("\n") if line
            ]
        case Rule():
            lines = [[Text("---")]]
        case Quote() | Panel():
            lines = [_flat(inner) for inner in block.blocks]
        case ItemList():
            lines = [
                [Text("• ") if at == 0 else Text(""), *_flat(inner)]
                for item in block.items
                for at, inner in enumerate(item.blocks)
            ]
        case Table():
            lines = [list(row) for row in _row_lines(block)]
    return [inline for line in lines for inline in (Break(), *line)][1:]


def _inlines(inlines: Inlines) -> list[Node]:
    return [_inline(inline) for inline in joined(_unmarked_edges(inlines))]


def _unmarked_edges(inlines: Inlines) -> list[Inline]:
    """Code without other marks, and space at the edge of a mark outside it.

    ADF could not hold the first, Markdown could not say the second again.
    """
    alone = [_code_alone(inline) for inline in inlines]
    found: list[Inline] = []
    for at, inline in enumerate(alone):
        if not isinstance(inline, Text) or Mark.CODE in inline.marks:
            found.append(inline)
            continue
        core = inline.text.strip()
        start = inline.text.find(core)
        before = _marks(alone[at - 1]) if at else frozenset[Mark]()
        after = _marks(alone[at + 1]) if at + 1 < len(alone) else frozenset[Mark]()
        if not core:
            after &= before
        edges = (
            (inline.text[:start], inline.marks & before),
            (core, inline.marks),
            (inline.text[start + len(core) :], inline.marks & after),
        )
        found += [Text(text, marks, inline.href, inline.title) for text, marks in edges]
    return found


def _code_alone(inline: Inline) -> Inline:
    if not isinstance(inline, Text) or Mark.CODE not in inline.marks:
        return inline
    return Text(inline.text, frozenset({Mark.CODE}), inline.href, inline.title)


def _marks(inline: Inline) -> frozenset[Mark]:
    return inline.marks if isinstance(inline, Text) else frozenset()


def _inline(inline: Inline) -> Node:
    match inline:
        case Text():
            node = _text(inline)
        case Break():
            node = {"type": "hardBreak"}
        case Image():
            node = _text(Text(inline.alt or inline.url, href=inline.url))
        case Mention():
            account_id = inline.uri.partition(":")[2]
            node = _node("mention", id=account_id, text=f"@{inline.name or account_id}")
        case Marker(kind="status") if inline.value:
            node = _node("status", text=inline.value, color=_STATUS_COLOR)
        case Marker(kind="alert"):
            node = _text(Text(f"[!{inline.value}]"))
        case Marker():
            node = _text(Text(markers.show(inline)))
    return node


def _text(text: Text) -> Node:
    marks: list[Node] = []
    if text.href:
        title = {"title": text.title} if text.title else {}
        marks.append({"type": "link", "attrs": {"href": text.href, **title}})
    marks += [{"type": mark.value} for mark in Mark if mark in text.marks]
    node: Node = {"type": "text", "text": text.text}
    return {**node, "marks": marks} if marks else node
