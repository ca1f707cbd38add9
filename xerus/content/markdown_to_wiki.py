"""Markdown to Jira wiki markup (Jira Data Center v2).

Wiki markup has no blocks inside list items and no quote inside a quote: code, tables and quotes in
an item stand behind it, and inner quotes and panels lose their frame.
"""

import itertools
import re
from collections.abc import Iterator

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

PANEL_TITLES = {
    "info": "Note",
    "note": "Important",
    "tip": "Tip",
    "warning": "Warning",
    "error": "Caution",
    "success": "Success",
    "custom": "",
}
_DELIMITERS = {Mark.STRONG: "*", Mark.EM: "_", Mark.STRIKE: "-"}
_SPECIAL = re.compile(r"[\\*_\-+^~{}\[\]|!&?]|\((?=(?:[xi/!?+\-yn]|\*[rgby]?|on|off)\))")
_LINE_START = re.compile(r"h[1-6]\.|bq\.|[*#-]+(?=\s|$)|\||-{4,}$")
_ENTITY = re.compile(r"&(#\d{1,8}|#[xX][0-9a-fA-F]{1,8}|\w+);")


def markdown_to_wiki(markdown: str) -> str:
    """Wiki markup that shows what the Markdown shows.

    `@[Name](username:ada)` becomes `[~ada]`, `[attachment: a.pdf]` `[^a.pdf]`, an alert a titled
    panel. Raises ContentTooLarge or ContentTooDeep.
    """
    return _blocks(read_markdown(markdown), framed=False)


def _blocks(blocks: Blocks, *, framed: bool) -> str:
    return "\n\n".join(filter(None, (_block(block, framed=framed) for block in blocks)))


def _block(block: Block, *, framed: bool) -> str:
    match block:
        case Paragraph():
            text = _guarded(_inlines(block.inlines))
        case Heading():
            text = f"h{block.level}. {_inlines(block.inlines)}".rstrip()
        case CodeBlock():
            text = _code(block)
        case Rule():
            text = "----"
        case Quote() | Panel() if framed:
            text = _blocks(block.blocks, framed=True)
        case Quote():
            text = f"{{quote}}\n{_blocks(block.blocks, framed=True)}\n{{quote}}"
        case Panel():
            title = PANEL_TITLES[block.kind]
            opening = f"{{panel:title={title}}}" if title else "{panel}"
            text = f"{opening}\n{_blocks(block.blocks, framed=True)}\n{{panel}}"
        case ItemList():
            text = "\n\n".join(_list(block, framed=framed))
        case Table():
            text = "\n".join(_table(block))
    return text


def _code(block: CodeBlock) -> str:
    """Literal text; its own end marker inside it cannot be escaped, only spelt apart."""
    if "{code" in block.text:
        text = block.text.replace("{noformat}", "{ noformat}")
        return f"{{noformat}}\n{text}\n{{noformat}}"
    language = re.sub(r"[^\w+#.-]", "", block.language)
    opening = f"{{code:{language}}}" if language else "{code}"
    return f"{opening}\n{block.text}\n{{code}}"


def _list(items: ItemList, *, framed: bool) -> Iterator[str]:
    """Runs of item lines, and between them the blocks that no item can hold."""
    parts = _items(items, "", framed=framed)
    for is_line, run in itertools.groupby(parts, lambda part: part[0]):
        yield ("\n" if is_line else "\n\n").join(text for _, text in run)


def _items(items: ItemList, prefix: str, *, framed: bool) -> Iterator[tuple[bool, str]]:
    prefix += "#" if items.ordered else "*"
    for item in items.items:
        yield from _item(item, prefix, framed=framed)


def _item(item: Item, prefix: str, *, framed: bool) -> Iterator[tuple[bool, str]]:
    box = "" if item.checked is None else "\\[x] " if item.checked else "\\[ ] "
    lead = list(itertools.takewhile(_is_line, item.blocks))
    lines = [_inlines(block.inlines) for block in lead if isinstance(block, Paragraph | Heading)]
    rest = item.blocks[len(lead) :]
    if lines or box or not (rest and isinstance(rest[0], ItemList)):
        yield True, f"{prefix} {box}{_BREAK.join(lines)}".rstrip()
    for block in rest:
        if isinstance(block, ItemList):
            yield from _items(block, prefix, framed=framed)
        else:
            yield False, _block(block, framed=framed)


def _is_line(block: Block) -> bool:
    return isinstance(block, Paragraph | Heading)


def _table(table: Table) -> Iterator[str]:
    if table.header:
        yield _row(table.header, "||")
    for row in table.rows:
        yield _row(row, "|")


def _row(row: Row, bar: str) -> str:
    return bar + "".join(f"{_inlines(cell) or ' '}{bar}" for cell in row)


def _guarded(text: str) -> str:
    """A paragraph whose first characters open no other block."""
    if not _LINE_START.match(text):
        return text
    return f"&#{ord(text[0])};{text[1:]}" if text[0].isalpha() else "\\" + text


def _inlines(inlines: Inlines) -> str:
    parts: list[str] = []
    for at, inline in enumerate(inlines):
        before = parts[-1][-1:] if parts else ""
        following = inlines[at + 1] if at + 1 < len(inlines) else None
        after = following.text[:1] if isinstance(following, Text) else ""
        parts.append(_inline(inline, glued=_is_glued(before, inline, after)))
    return "".join(parts)


def _is_glued(before: str, inline: Inline, after: str) -> bool:
    """Whether a word goes on at either end, where only `{*}` may mark a part of it."""
    if not isinstance(inline, Text):
        return False
    at_start = before.isalnum() and not inline.text[:1].isspace()
    return at_start or (after.isalnum() and not inline.text[-1:].isspace())


def _inline(inline: Inline, *, glued: bool) -> str:
    match inline:
        case Text():
            text = _text(inline, glued=glued)
        case Break():
            text = _BREAK
        case Image():
            alt = f"|alt={_target(inline.alt)}" if inline.alt else ""
            text = f"!{_target(inline.url)}{alt}!"
        case Mention():
            text = f"[~{_target(inline.uri.partition(':')[2])}]"
        case Marker():
            text = _marker(inline)
    return text


def _marker(marker: Marker) -> str:
    match marker.kind:
        case "attachment":
            text = f"[^{_target(marker.value)}]"
        case "image":
            text = f"!{_target(marker.value)}!"
        case "macro" if re.fullmatch(r"[A-Za-z][\w-]*", marker.value):
            params = "|".join(f"{name}={value}" if name else value for name, value in marker.params)
            shown = re.sub(r"[{}\n]", " ", params)
            text = f"{{{marker.value}:{shown}}}" if shown else f"{{{marker.value}}}"
        case "alert":
            text = _escaped(f"[!{marker.value}]")
        case _:
            text = _escaped(markers.show(marker))
    return text


def _text(text: Text, *, glued: bool) -> str:
    core = text.text if Mark.CODE in text.marks else text.text.strip()
    if not core:
        return text.text
    start = text.text.index(core)
    written = _escaped(core)
    if Mark.CODE in text.marks:
        written = "{{" + written + "}}"
    for mark in reversed(_DELIMITERS):
        if mark in text.marks:
            delimiter = f"{{{_DELIMITERS[mark]}}}" if glued else _DELIMITERS[mark]
            written = f"{delimiter}{written}{delimiter}"
    if text.href:
        target = _target(text.href)
        written = f"[{target}]" if _is_own_label(text) else f"[{written}|{target}]"
    return text.text[:start] + written + text.text[start + len(core) :]


def _is_own_label(text: Text) -> bool:
    return text.text == text.href and not text.marks and ":" in text.href


def _target(target: str) -> str:
    """A link target or file name without the characters that would end it."""
    return re.sub(r"[\[\]|{}!\\\s]", lambda found: f"%{ord(found[0]):02X}", target)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    """One special character, escaped where it would mean something."""
    text, at, character = match.string, match.start(), match[0]
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if character == "\\":
        return character if after.isalnum() or after == " " else "&#92;"
    if character == "&":
        return "&#38;" if _ENTITY.match(text, at) else character
    if character in "*_-+^~":
        needed = not before.isalnum() and not after.isspace()
    elif character == "?":
        needed = after == "?"
    elif character == "!":
        needed = bool(after) and not after.isspace()
    else:
        needed = True
    return "\\" + character if needed else character


_BREAK = "\\\\"
