"""Table cells for Markdown: one line each, and one place per column and row."""

from dataclasses import dataclass

from xerus.content.document import (
    Block,
    Blocks,
    Break,
    CodeBlock,
    Heading,
    Inline,
    Inlines,
    ItemList,
    Mark,
    Panel,
    Paragraph,
    Quote,
    Row,
    Rule,
    Table,
    Text,
    joined,
)

_MAX_SPAN = 50


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as its format has it, with the columns and rows it spans."""

    inlines: Inlines
    header: bool = False
    columns: int = 1
    rows: int = 1


def grid(rows: list[list[Cell]]) -> list[Row]:
    """The rows with empty cells where another cell spans, so that columns line up."""
    taken: dict[int, int] = {}
    lines: list[Row] = []
    for row in rows:
        cells: dict[int, Inlines] = {at: () for at, left in taken.items() if left > 0}
        taken = {at: left - 1 for at, left in taken.items() if left > 1}
        at = 0
        for cell in row:
            while at in cells:
                at += 1
            for column in range(at, at + min(max(cell.columns, 1), _MAX_SPAN)):
                cells[column] = cell.inlines if column == at else ()
                if cell.rows > 1:
                    taken[column] = min(cell.rows, len(rows)) - 1
        lines.append(tuple(cells.get(at, ()) for at in range(max(cells, default=-1) + 1)))
    return lines


def flatten(blocks: Blocks) -> tuple[Inlines, set[str]]:
    """Blocks as one line, and the names of the kinds that lost their shape in it."""
    inlines: list[Inline] = []
    lost: set[str] = set()
    for block in blocks:
        inner, kinds = _flat(block)
        lost |= kinds
        inlines += [Text(" "), *inner] if inlines else inner
    if len(blocks) > 1:
        lost.add("tableCell")
    return joined(inlines, breaks=False), lost | ({"hardBreak"} if Break() in inlines else set())


def _flat(block: Block) -> tuple[list[Inline], set[str]]:
    match block:
        case Paragraph():
            return list(block.inlines), set()
        case CodeBlock():
            return [Text(block.text, frozenset({Mark.CODE}))], {"codeBlock"}
        case Rule():
            return [Text("---")], {"rule"}
        case Heading():
            return list(block.inlines), {"heading"}
        case Quote() | Panel():
            inlines, lost = flatten(block.blocks)
            return list(inlines), lost | {type(block).__name__.lower()}
        case ItemList() | Table():
            return _flat_parts(block)


def _flat_parts(block: ItemList | Table) -> tuple[list[Inline], set[str]]:
    """List items behind bullets, cells between bars."""
    found: list[Inline] = []
    lost = {"list" if isinstance(block, ItemList) else "table"}
    if isinstance(block, Table):
        for cell in (cell for row in (block.header, *block.rows) for cell in row):
            found += [Text(" | "), *cell] if found else cell
        return found, lost
    for number, item in enumerate(block.items, block.start):
        inlines, inner = flatten(item.blocks)
        lost |= inner
        bullet = f"{number}. " if block.ordered else "• "
        if item.checked is not None:
            bullet = "[x] " if item.checked else "[ ] "
        found += [Text(f" {bullet}" if found else bullet), *inlines]
    return found, lost
