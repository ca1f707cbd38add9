"""Markdown text to the model: CommonMark with GFM tables, strikethrough, tasks, alerts, bare URLs."""

import re
from collections import Counter
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from xerus.content import markers
from xerus.content.bounds import MAX_BRACKETS, MAX_DEPTH, check_markup, clean, too_deep
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
    is_url,
    joined,
    plain,
)

ALERTS = {
    "NOTE": "info",
    "IMPORTANT": "note",
    "TIP": "tip",
    "WARNING": "warning",
    "CAUTION": "error",
    "SUCCESS": "success",
    "CUSTOM": "custom",
}
ALERT = re.compile(rf"\[!({'|'.join(ALERTS)})\]")
MENTION = re.compile(r"(accountid|userkey|username):\S+")
BARE_URL = re.compile(r"(?<![\w/])https?://[^\s<>\"'`|\\]+")
_BREAK_TAG = re.compile(r"<br */?>", re.IGNORECASE)
_MARKS = {"strong": Mark.STRONG, "em": Mark.EM, "s": Mark.STRIKE}
_MARKUP = "*_~[]()|<>&\\`!"


def read_markdown(markdown: str) -> Blocks:
    """Parse a whole document.

    Raises:
        ContentTooLarge: more bytes, lines or markup than `bounds` allows.
        ContentTooDeep: blocks or brackets nested deeper than `MAX_DEPTH`.
    """
    text = clean(markdown)
    check_markup(text, _MARKUP)
    return _BlockReader(_PARSER.parse(text)).blocks()


def read_inlines(markdown: str) -> Inlines:
    """Parse one paragraph's content, of which the caller knows that it is no other block."""
    inlines = _inlines(_PARSER.parseInline(markdown)[0].children or [])
    if inlines and isinstance(inlines[0], Marker):
        inlines[0] = _without_alert(inlines[0])
    return joined(inlines)


def trim_url(url: str) -> str:
    """A bare URL without the punctuation that ends the sentence (GFM 6.9)."""
    trimmed = url.rstrip("?!.,:;*_~'\"")
    while trimmed.endswith((")", "]")) and trimmed.count(trimmed[-1]) > trimmed.count(
        "(" if trimmed[-1] == ")" else "["
    ):
        trimmed = trimmed[:-1].rstrip("?!.,:;*_~'\"")
    return trimmed


class _BlockReader:
    """Turns the flat token list of markdown-it into nested blocks."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def blocks(self) -> Blocks:
        """Blocks up to the closing token of the present one, which is consumed."""
        found: list[Block] = []
        while self._at < len(self._tokens):
            token = self._next()
            if token.nesting < 0:
                break
            block = self._block(token)
            if block != Paragraph(()):
                found.append(block)
        return tuple(found)

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _block(self, token: Token) -> Block:
        found: Block
        match token.type:
            case "paragraph_open":
                first_in_quote = self._tokens[self._at - 2].type == "blockquote_open"
                found = Paragraph(self._line(alert=first_in_quote))
            case "heading_open":
                found = Heading(int(token.tag[1]), self._line(breaks=False))
            case "fence" | "code_block":
                language = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
                found = CodeBlock(token.content.removesuffix("\n"), language)
            case "blockquote_open":
                found = _panel_or_quote(self.blocks())
            case "bullet_list_open":
                found = ItemList(self._items())
            case "ordered_list_open":
                start = int(token.attrs.get("start", 1))
                found = ItemList(self._items(), ordered=True, start=start)
            case "table_open":
                found = self._table()
            case _:
                found = Rule()
        return found

    def _line(self, *, breaks: bool = True, alert: bool = False) -> Inlines:
        inlines = _inlines(self._next().children or [])
        self._next()
        if not alert and inlines and isinstance(inlines[0], Marker):
            inlines[0] = _without_alert(inlines[0])
        return joined(inlines, breaks=breaks)

    def _items(self) -> tuple[Item, ...]:
        items = []
        while (token := self._next()).nesting > 0:
            items.append(Item(self.blocks(), token.meta.get("checked")))
        return tuple(items)

    def _table(self) -> Table:
        rows: list[Row] = []
        while (token := self._next()).type != "table_close":
            if token.type == "tr_open":
                rows.append(self._row())
        header = rows[0] if any(rows[0]) else ()
        return Table(header, tuple(rows[1:]))

    def _row(self) -> Row:
        cells = []
        while self._next().type != "tr_close":
            cells.append(self._line())
        return tuple(cells)


def _panel_or_quote(blocks: Blocks) -> Block:
    """A GitHub alert, when the quote's first line is `[!NOTE]` or alike; else a quote."""
    first = blocks[0] if blocks else None
    if not isinstance(first, Paragraph) or not isinstance(first.inlines[0], Marker):
        return Quote(blocks)
    marker = first.inlines[0]
    if marker.kind != "alert":
        return Quote(blocks)
    rest = joined(list(first.inlines[1:]))
    body = (Paragraph(rest), *blocks[1:]) if rest else blocks[1:]
    return Panel(ALERTS[marker.value], body)


def _without_alert(marker: Marker) -> Inline:
    """`[!NOTE]` is text anywhere but at the start of a quote."""
    return Text(f"[!{marker.value}]") if marker.kind == "alert" else marker


def _inlines(tokens: Sequence[Token]) -> list[Inline]:
    """Inline tokens to model inlines, in order and not yet joined."""
    found: list[Inline] = []
    depth: Counter[Mark] = Counter()
    link: Token | None = None
    for token in tokens:
        if token.type == "link_open":
            link, link_start = token, len(found)
        elif token.type == "link_close" and link is not None:
            found[link_start:] = _link(link, found[link_start:])
            if isinstance(found[-1], Mention):
                _drop_at_sign(found)
            link = None
        elif token.nesting:
            depth[_MARKS[token.tag]] += token.nesting
        else:
            marks = frozenset(mark for mark, count in depth.items() if count > 0)
            found += _leaf(token, marks, linked=link is not None)
    return found


def _leaf(token: Token, marks: frozenset[Mark], *, linked: bool) -> list[Inline]:
    found: list[Inline]
    match token.type:
        case "code_inline":
            found = [Text(token.content, marks | {Mark.CODE})]
        case "softbreak":
            found = [Text(" ", marks)]
        case "hardbreak":
            found = [Break()]
        case "marker":
            found = [token.meta["marker"]]
        case "image":
            alt = plain(tuple(_inlines(token.children or [])))
            url = str(token.attrs["src"])
            found = [Text(alt or url, marks)] if linked else [Image(url, alt)]
        case "text" if not linked:
            found = _with_bare_urls(token.content, marks)
        case _:
            found = [Text(token.content, marks)]
    return found


def _link(token: Token, inlines: list[Inline]) -> list[Inline]:
    """Give `inlines` the link's target; a target that names a person is a mention."""
    href, title = str(token.attrs["href"]), str(token.attrs.get("title", ""))
    if MENTION.fullmatch(href):
        return [Mention(href, plain(tuple(inlines)))]
    if not href:
        return inlines
    linked: list[Inline] = [
        Text(inline.text, inline.marks, href, title) if isinstance(inline, Text) else inline
        for inline in inlines
    ]
    return linked or [Text(href, frozenset(), href, title)]


def _drop_at_sign(found: list[Inline]) -> None:
    """`@[Name](accountid:1)`: the sign before the bracket belongs to the mention."""
    before = found[-2] if len(found) > 1 else None
    if isinstance(before, Text) and before.text.endswith("@"):
        found[-2] = Text(before.text[:-1], before.marks)


def _with_bare_urls(text: str, marks: frozenset[Mark]) -> list[Inline]:
    found: list[Inline] = []
    end = 0
    for match in BARE_URL.finditer(text):
        url = trim_url(match[0])
        if url.endswith("://"):
            continue
        found += [Text(text[end : match.start()], marks), Text(url, marks, url)]
        end = match.start() + len(url)
    return [*found, Text(text[end:], marks)]


def _marker_rule(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 (markdown-it calls it so)
    """Inline rule: `[status: DONE]` and the first line of an alert."""
    if state.src[state.pos] != "[":
        return False
    if (read := markers.read(state.src, state.pos)) is not None:
        marker, end = read
    elif state.pos == 0 and (alert := ALERT.match(state.src)):
        marker, end = Marker("alert", alert[1]), alert.end()
        if state.src[end : end + 1] not in {"", "\n"}:
            return False
    else:
        return False
    if not silent:
        state.push("marker", "", 0).meta["marker"] = marker
    state.pos = end
    return True


def _break_rule(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 (markdown-it calls it so)
    """Inline rule: `<br>` is a hard break, the only way to have one in a table cell."""
    match = _BREAK_TAG.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = match.end()
    return True


def _bounds_rule(state: StateCore) -> None:
    """Core rule between blocks and inlines: markdown-it would cut deeper blocks off in silence."""
    for token in state.tokens:
        if token.level > MAX_DEPTH or (
            token.type == "inline" and _bracket_depth(token.content) > MAX_BRACKETS
        ):
            raise too_deep()


def _bracket_depth(text: str) -> int:
    """How many `[` stand open at most; each costs the link rule another look ahead."""
    if text.count("[") <= MAX_BRACKETS:
        return 0
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]]", text):
        depth = depth + 1 if bracket == "[" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest


def _parser() -> MarkdownIt:
    # Three levels above the cap: the parser must still show what is refused.
    options = {"html": False, "tasklists": True, "maxNesting": MAX_DEPTH + 3}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    # Escaped characters stay tokens of their own, so that `https\://` is no link.
    parser.disable("text_join")
    parser.core.ruler.after("block", "bounds", _bounds_rule)
    parser.inline.ruler.before("link", "marker", _marker_rule)
    parser.inline.ruler.before("autolink", "break", _break_rule)
    parser.normalizeLink = parser.normalizeLinkText = str  # type: ignore[method-assign,assignment]
    parser.validateLink = is_url  # type: ignore[method-assign,assignment]
    # At its first use the parser gathers its rules, during which another thread would find some.
    parser.parse("now")
    return parser


_PARSER = _parser()
