"""The model in which all formats meet: what Markdown can say, plus markers for the rest."""

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """Character formatting that Markdown carries."""

    STRONG = "strong"
    EM = "em"
    STRIKE = "strike"
    CODE = "code"

    __hash__ = str.__hash__  # Enum's own is Python code, and every run of text is asked for marks


@dataclass(frozen=True, slots=True)
class Text:
    """A run of characters in one style; `href` makes it (part of) a link."""

    text: str
    marks: frozenset[Mark] = frozenset()
    href: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Break:
    """A hard line break."""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture at a URL."""

    url: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A person: `uri` is `accountid:`, `userkey:` or `username:` plus the id."""

    uri: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Marker:
    """Something Markdown has no word for, shown as `[kind: value; parameter=value]`."""

    kind: str
    value: str
    params: tuple[tuple[str, str], ...] = ()


Inline = Text | Break | Image | Mention | Marker
Inlines = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Inline content."""

    inlines: Inlines


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 6."""

    level: int
    inlines: Inlines


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Literal text with an optional language."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal line."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation."""

    blocks: "Blocks"


@dataclass(frozen=True, slots=True)
class Panel:
    """A coloured box; `kind` is one of `PANEL_KINDS`."""

    kind: str
    blocks: "Blocks"


@dataclass(frozen=True, slots=True)
class Item:
    """A list item; `checked` is None unless it is a task."""

    blocks: "Blocks"
    checked: bool | None = None


@dataclass(frozen=True, slots=True)
class ItemList:
    """A bullet list, or a numbered one that begins at `start`."""

    items: tuple[Item, ...]
    ordered: bool = False
    start: int = 1


Row = tuple[Inlines, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; `header` is empty when the table has none."""

    header: Row
    rows: tuple[Row, ...]


Block = Paragraph | Heading | CodeBlock | Rule | Quote | Panel | ItemList | Table
Blocks = tuple[Block, ...]

PANEL_KINDS = ("info", "note", "tip", "warning", "error", "success", "custom")


@dataclass(frozen=True, slots=True)
class Rendered:
    """Markdown, and what it could not carry.

    Attributes:
        lossy: sorted names of the node, mark or macro types of which the Markdown shows only a
            marker or the bare text. Writing the Markdown back would lose them; empty means that
            a round trip is safe.
    """

    markdown: str
    lossy: tuple[str, ...]


def joined(inlines: list[Inline], *, breaks: bool = True) -> Inlines:
    """Canonical inline content: neighbours of one style merged, no space at the ends of a line.

    With `breaks` false, for headings and cells, a break becomes a space.
    """
    if len(inlines) == 1 and isinstance(only := inlines[0], Text) and Mark.CODE not in only.marks:
        text = only.text.strip()
        return () if not text else (only if text == only.text else _with_text(only, text),)
    merged: list[Inline] = []
    for inline in inlines:
        current = Text(" ") if isinstance(inline, Break) and not breaks else inline
        _append(merged, current)
    _trim_lines(merged)
    return tuple(merged)


def _append(merged: list[Inline], inline: Inline) -> None:
    last = merged[-1] if merged else None
    if not isinstance(inline, Text):
        merged.append(inline)
    elif inline.text and isinstance(last, Text) and _same_style(last, inline):
        merged[-1] = _with_text(last, last.text + inline.text)
    elif inline.text:
        merged.append(inline)


def _with_text(inline: Text, text: str) -> Text:
    return Text(text, inline.marks, inline.href, inline.title)


def _same_style(one: Text, other: Text) -> bool:
    return (one.marks, one.href, one.title) == (other.marks, other.href, other.title)


def _trim_lines(merged: list[Inline]) -> None:
    """Drop white space at line ends, and breaks at either end of the content."""
    while merged and _blank(merged[-1]):
        merged.pop()
    start = next((at for at, inline in enumerate(merged) if not _blank(inline)), 0)
    del merged[:start]
    for at, inline in enumerate(merged):
        if not isinstance(inline, Text) or Mark.CODE in inline.marks:
            continue
        text = inline.text
        if at == 0 or isinstance(merged[at - 1], Break):
            text = text.lstrip()
        if at == len(merged) - 1 or isinstance(merged[at + 1], Break):
            text = text.rstrip()
        if text != inline.text:
            merged[at] = _with_text(inline, text)
    merged[:] = [inline for inline in merged if not isinstance(inline, Text) or inline.text]


def _blank(inline: Inline) -> bool:
    if isinstance(inline, Text):
        return not inline.text.strip() and Mark.CODE not in inline.marks
    return isinstance(inline, Break)


def plain(inlines: Inlines) -> str:
    """The bare characters of inline content."""
    return "".join(
        inline.text if isinstance(inline, Text) else " " if isinstance(inline, Break) else ""
        for inline in inlines
    )


def is_url(text: str) -> bool:
    """Whether `text` is a link that is safe to follow in a browser."""
    scheme, colon, _ = text.partition(":")
    if not colon or "/" in scheme or "?" in scheme or "#" in scheme:
        return True
    return scheme.strip().lower() not in {"javascript", "vbscript", "data", "file"}
