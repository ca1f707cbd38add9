"""Jira wiki markup (Data Center v2) to Markdown, with every macro and every text shown.

Any text is wiki markup: what does not parse is shown as the characters that it is.
"""

import re
from collections.abc import Callable

from xerus.content.bounds import MAX_DEPTH, check_markup, clean, too_deep
from xerus.content.document import (
    Block,
    Blocks,
    CodeBlock,
    Heading,
    Inlines,
    Item,
    ItemList,
    Mark,
    Marker,
    Panel,
    Paragraph,
    Quote,
    Rendered,
    Row,
    Rule,
    Table,
    Text,
    joined,
)
from xerus.content.markdown_to_wiki import PANEL_TITLES
from xerus.content.markdown_writer import write_markdown
from xerus.content.wiki_inline import InlineReader

_KIND_OF_TITLE = {title: kind for kind, title in PANEL_TITLES.items()}
_BLOCK_MACRO = re.compile(
    r"(?<!\\)\{(?P<name>code|noformat|quote|panel|info|note|tip|warning)(?P<params>:[^{}\n]*)?\}"
)
_HEADING = re.compile(r"\s*h([1-6])\.(?:\s+(.*)|$)")
_ITEM = re.compile(r"\s*([*#]+|-)(?:\s+(.*)|$)")
_RULE = re.compile(r"\s*-{4,}\s*$")
_TASK = re.compile(r"\\\[([ x])\](?:\s|$)")
# Bars inside links, monospace and pictures do not end a cell.
_CELL_PART = re.compile(
    r"\\.|\[[^\[\]\n]*\]|\{\{[^{}\n]*\}\}|\{[^{}\n]*\}|![^\s!|][^!\n]*!|(?P<bar>\|\|?)"
)
_MARKUP = "*_-+^~{}[]|!\\&"


def wiki_to_markdown(wiki: str, *, mention_ids: bool = False) -> Rendered:
    """Render wiki markup.

    With `mention_ids`, a mention can be written back; else it is the shorter `@name` and named in
    `lossy`. Raises ContentTooLarge or ContentTooDeep.
    """
    text = clean(wiki)
    check_markup(text, _MARKUP)
    reader = _Reader(mention_ids=mention_ids)
    markdown = write_markdown(reader.blocks(text), mention_ids=mention_ids)
    return Rendered(markdown, tuple(sorted(reader.lossy)))


class _Reader:
    """Reads one document and remembers what the model cannot carry."""

    def __init__(self, *, mention_ids: bool) -> None:
        self.lossy: set[str] = set()
        self._inline = InlineReader(self.lossy, mention_ids=mention_ids)

    def blocks(self, text: str) -> Blocks:
        """Text between block macros by lines, and each macro with its body."""
        found: list[Block] = []
        position = 0
        unclosed: set[str] = set()
        for match in _BLOCK_MACRO.finditer(text):
            name = match["name"]
            if match.start() < position or name in unclosed:
                continue
            end = text.find(f"{{{name}}}", match.end())
            if end < 0:
                unclosed.add(name)
                continue
            found += self._lines(text[position : match.start()])
            found += self._macro(name, (match["params"] or "")[1:], text[match.end() : end])
            position = end + len(name) + 2
        return (*found, *self._lines(text[position:]))

    def _macro(self, name: str, params: str, body: str) -> list[Block]:
        named = dict(part.partition("=")[::2] for part in params.split("|") if part)
        title = named.get("title", "")
        if name in {"code", "noformat"}:
            return self._code(name, named, body)
        if name == "quote":
            return [Quote(self.blocks(body))]
        if name == "panel" and title in _KIND_OF_TITLE and set(named) <= {"title"}:
            return [Panel(_KIND_OF_TITLE[title], self.blocks(body))]
        self.lossy.add(f"macro:{name}")
        kind = "custom" if name == "panel" else name
        return [Panel(kind, (*self._note(name, named, "title"), *self.blocks(body)))]

    def _code(self, name: str, named: dict[str, str], body: str) -> list[Block]:
        language = named.pop("language", "")
        bare = next((key for key, value in named.items() if not value), "")
        named.pop(bare, None)
        if named or name == "noformat":
            self.lossy.add(f"macro:{name}")
        text = body.removeprefix("\n").removesuffix("\n")
        return [*self._note(name, named, "title"), CodeBlock(text, language or bare)]

    def _note(self, name: str, named: dict[str, str], title: str) -> list[Block]:
        """A macro's other parameters as a marker, and its title as bold text."""
        rest = tuple(pair for pair in named.items() if pair[0] != title)
        found: list[Block] = [Paragraph((Marker("macro", name, rest),))] if rest else []
        if named.get(title):
            found.append(Paragraph((Text(named[title], frozenset({Mark.STRONG})),)))
        return found

    def _lines(self, text: str) -> Blocks:
        return _LineReader(self._inline.read).read(text)


class _LineReader:
    """Groups lines into paragraphs, lists and tables."""

    def __init__(self, inline: Callable[[str], Inlines]) -> None:
        self._inline = inline
        self._found: list[Block] = []
        self._paragraph: list[str] = []
        self._items: list[tuple[str, list[str]]] = []
        self._rows: list[str] = []

    def read(self, text: str) -> Blocks:
        for line in text.split("\n"):
            self._line(line)
        self._flush()
        return tuple(self._found)

    def _line(self, line: str) -> None:
        if not line.strip():
            self._flush()
        elif heading := _HEADING.match(line):
            self._flush()
            inlines = joined(list(self._inline(heading[2] or "")), breaks=False)
            self._found.append(Heading(int(heading[1]), inlines))
        elif _RULE.match(line):
            self._flush()
            self._found.append(Rule())
        elif line.lstrip().startswith("bq. "):
            self._flush()
            self._found.append(Quote((Paragraph(self._inline(line.lstrip()[4:])),)))
        elif item := _ITEM.match(line):
            self._flush(keep_items=True)
            self._items.append((item[1], [item[2] or ""]))
        elif line.lstrip().startswith("|"):
            self._flush(keep_rows=True)
            self._rows.append(line.strip())
        elif self._items:
            self._items[-1][1].append(line)
        else:
            self._flush(keep_paragraph=True)
            self._paragraph.append(line)

    def _flush(
        self, *, keep_items: bool = False, keep_rows: bool = False, keep_paragraph: bool = False
    ) -> None:
        if self._paragraph and not keep_paragraph:
            inlines = self._inline("\n".join(self._paragraph))
            self._found += [Paragraph(inlines)] if inlines else []
            self._paragraph = []
        if self._items and not keep_items:
            self._found += self._lists(self._items, 1)
            self._items = []
        if self._rows and not keep_rows:
            self._found.append(self._table(self._rows))
            self._rows = []

    def _lists(self, lines: list[tuple[str, list[str]]], level: int) -> list[Block]:
        """Item lines whose prefix has at least `level` characters as nested lists."""
        if level > MAX_DEPTH // 2:
            raise too_deep()
        found: list[Block] = []
        at = 0
        while at < len(lines):
            kind = lines[at][0][level - 1]
            end = at
            while end < len(lines) and lines[end][0][level - 1] == kind:
                end += 1
            items = self._list_items(lines[at:end], level)
            found.append(ItemList(tuple(items), ordered=kind == "#"))
            at = end
        return found

    def _list_items(self, lines: list[tuple[str, list[str]]], level: int) -> list[Item]:
        items: list[Item] = []
        at = 0
        while at < len(lines):
            blocks: list[Block] = []
            checked = None
            if len(lines[at][0]) == level:
                content, checked = _task("\n".join(lines[at][1]))
                inlines = self._inline(content)
                blocks += [Paragraph(inlines)] if inlines else []
                at += 1
            end = at
            while end < len(lines) and len(lines[end][0]) > level:
                end += 1
            blocks += self._lists(lines[at:end], level + 1)
            items.append(Item(tuple(blocks), checked))
            at = end
        return items

    def _table(self, lines: list[str]) -> Table:
        rows = [self._row(line) for line in lines]
        header = rows.pop(0) if lines[0].startswith("||") else ()
        return Table(header, tuple(rows))

    def _row(self, line: str) -> Row:
        cells = []
        start = 0
        for match in _CELL_PART.finditer(line):
            if match["bar"]:
                cells.append(line[start : match.start()])
                start = match.end()
        rest = line[start:]
        cells = [*cells[1:], *([rest] if rest.strip() else [])]
        return tuple(joined(list(self._inline(cell)), breaks=False) for cell in cells)


def _task(content: str) -> tuple[str, bool | None]:
    match = _TASK.match(content)
    return (content[match.end() :], match[1] == "x") if match else (content, None)
