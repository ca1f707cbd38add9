"""The model to compact Markdown that reads back as the same model."""

import re
from collections.abc import Iterator

from xerus.content.document import (
    Block,
    Blocks,
    CodeBlock,
    Heading,
    Inlines,
    Item,
    ItemList,
    Panel,
    Paragraph,
    Quote,
    Row,
    Rule,
    Table,
)
from xerus.content.markdown_inline import write_inlines
from xerus.content.markdown_reader import ALERTS

_ALERT_OF = {kind: alert for alert, kind in ALERTS.items()}
# Line starts that would open another block (CommonMark 4 and 5, GFM 4.10).
_OPENS_BLOCK = re.compile(
    r"(#{1,6}(?=\s|$)|>|[-+](?=\s|$)|=+\s*$|[-=](?=[-=\s]*$)|[|:-](?=[-:|\s]*$)"
    r"|\[[ xX]\](?=\s)|\[[^\]]*\]:)"
)
_NUMBERED = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_CLOSING_HASHES = re.compile(r"(^|\s)(#+)$")


def write_markdown(blocks: Blocks, *, mention_ids: bool = False) -> str:
    """The whole document, without trailing white space.

    With `mention_ids`, a person is `@[Name](accountid:1)`, which can be written back; without,
    the shorter `@Name`.
    """
    return _Writer(mention_ids=mention_ids).blocks(blocks)


class _Writer:
    def __init__(self, *, mention_ids: bool) -> None:
        self._mention_ids = mention_ids

    def blocks(self, blocks: Blocks, *, in_item: bool = False, ruled: bool = False) -> str:
        parts: list[str] = []
        previous: Block | None = None
        alternate = False
        for block in blocks:
            alternate = _same_list(previous, block) and not alternate
            text = self._block(block, alternate=alternate, ruled=ruled and previous is None)
            if not text:
                continue
            if parts:
                tight = in_item and isinstance(previous, Paragraph) and _interrupts(block)
                parts.append("\n" if tight else "\n\n")
            parts.append(text)
            previous = block
        return "".join(parts)

    def _block(self, block: Block, *, alternate: bool, ruled: bool) -> str:
        match block:
            case Paragraph():
                text = "\n".join(map(_guarded, self._inlines(block.inlines).split("\n")))
            case Heading():
                text = f"{'#' * block.level} {self._heading(block.inlines)}".rstrip()
            case CodeBlock():
                text = _fenced(block)
            case Rule():
                # `- ---` would be a line itself, `---` below `[!NOTE]` a heading.
                text = "___" if ruled else "---"
            case Quote():
                text = _quoted(self.blocks(block.blocks)) or ">"
            case Panel():
                body = self.blocks(block.blocks, ruled=True)
                # A list that begins with another number than 1 does not end a paragraph
                # (CommonMark 5.3), so it would go on the line of the alert.
                gap = "\n" if block.blocks and isinstance(block.blocks[0], ItemList) else ""
                text = _quoted(f"[!{_ALERT_OF[block.kind]}]\n{gap}{body}".rstrip("\n"))
            case ItemList():
                text = "\n".join(self._items(block, alternate=alternate))
            case Table():
                text = "\n".join(self._rows(block))
        return text

    def _inlines(self, inlines: Inlines) -> str:
        return write_inlines(inlines, mention_ids=self._mention_ids)

    def _heading(self, inlines: Inlines) -> str:
        text = self._inlines(inlines).replace("\\\n", " ")
        return _CLOSING_HASHES.sub(r"\1\\\2", text)

    def _items(self, items: ItemList, *, alternate: bool) -> Iterator[str]:
        for number, item in enumerate(items.items, items.start):
            if items.ordered:
                marker = f"{number}{')' if alternate else '.'} "
            else:
                marker = "* " if alternate else "- "
            yield self._item(item, marker)

    def _item(self, item: Item, marker: str) -> str:
        box = "" if item.checked is None else "[x] " if item.checked else "[ ] "
        body = self.blocks(item.blocks, in_item=True, ruled=True)
        lines = body.split("\n")
        indent = " " * len(marker)
        rest = [indent + line if line else "" for line in lines[1:]]
        first = marker + box + lines[0]
        # An empty task keeps its space: `- [ ]` alone is text.
        return "\n".join([first if body or box else first.rstrip(), *rest])

    def _rows(self, table: Table) -> Iterator[str]:
        columns = max((len(row) for row in (table.header, *table.rows)), default=0)
        yield self._row(table.header, columns)
        yield "|" + "---|" * columns
        for row in table.rows:
            yield self._row(row, columns)

    def _row(self, row: Row, columns: int) -> str:
        cells = [self._cell(cell) for cell in row]
        cells += [""] * (columns - len(cells))
        return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)

    def _cell(self, cell: Inlines) -> str:
        return self._inlines(cell).replace("\\\n", " ").replace("|", "\\|")


def _guarded(line: str) -> str:
    """A paragraph's line, so that its start opens no other block."""
    numbered = _NUMBERED.match(line)
    if numbered:
        return f"{numbered[1]}\\{line[len(numbered[1]) :]}"
    return "\\" + line if _OPENS_BLOCK.match(line) else line


def _fenced(block: CodeBlock) -> str:
    runs = [len(run) for run in re.findall(r"`{3,}", block.text)]
    fence = "`" * (max(runs, default=2) + 1)
    language = re.sub(r"[\s`]", "", block.language)
    body = f"{block.text}\n" if block.text else ""
    return f"{fence}{language}\n{body}{fence}"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n")) if text else ""


def _same_list(previous: Block | None, block: Block) -> bool:
    """Whether two neighbours would run together; another list marker keeps them apart."""
    return (
        isinstance(previous, ItemList)
        and isinstance(block, ItemList)
        and previous.ordered == block.ordered
    )


def _interrupts(block: Block) -> bool:
    """Whether a list may follow a paragraph without a blank line (CommonMark 5.2)."""
    if not isinstance(block, ItemList) or (block.ordered and block.start != 1):
        return False
    return bool(block.items[0].blocks)
