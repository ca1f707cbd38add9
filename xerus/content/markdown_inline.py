"""Inline model content to Markdown, with no escape that the reader does not need."""

import operator
import re
from collections.abc import Callable, Sequence
from html import unescape

from xerus.content import markers
from xerus.content.document import (
    Break,
    Image,
    Inline,
    Inlines,
    Mark,
    Marker,
    Mention,
    Text,
    is_url,
    joined,
    plain,
)
from xerus.content.markdown_reader import ALERT, read_inlines

_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_SPECIAL = re.compile(r"[\\`*_~\[\]<&!]|https?(?=://)")
_ENTITY = re.compile(r"&(#\d{1,8}|#[xX][0-9a-fA-F]{1,8}|\w+);")
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9/:.?=&%#+,@-]*[A-Za-z0-9/]")
_AUTOLINK = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,31}:[^<>\x00-\x20\x7f]*")
_ENDS_URL = re.compile(r"[.,;:!?)]*(\s|$)")
_PLAIN_DESTINATION = re.compile(r"[^\s<>()\\\x00-\x1f\x7f&]+")
_DELIMITERS = {Mark.STRONG: "**", Mark.STRIKE: "~~"}

_Key = Mark | tuple[str, str]


def write_inlines(inlines: Inlines, *, mention_ids: bool = False) -> str:
    """One paragraph's content; a hard break is a backslash and a line end.

    Emphasis next to other punctuation can be read in several ways (CommonMark 6.2), so content
    with marks is read back, and other spellings are tried until one means the same.
    """
    if len(inlines) == 1 and isinstance(only := inlines[0], Text) and not (only.marks or only.href):
        return _Writer(mention_ids=mention_ids).plain(only.text)
    inlines = _safe_links(inlines)
    natural = _Writer(mention_ids=mention_ids).write(inlines)
    if not any(isinstance(inline, Text) and inline.marks - {Mark.CODE} for inline in inlines):
        return natural
    spellings: Sequence[Callable[[], str]] = (
        lambda: natural,
        lambda: _Writer(mention_ids=mention_ids, em="_").write(inlines),
        lambda: _Writer(mention_ids=mention_ids, encode_edges=True).write(inlines),
    )
    wanted = _without_spaces_in_marks(inlines)
    for spelling in spellings:
        written = spelling()
        if _without_spaces_in_marks(read_inlines(written)) == wanted:
            return written
    return natural


class _Writer:
    """One spelling of the emphasis in one paragraph."""

    def __init__(self, *, mention_ids: bool, em: str = "*", encode_edges: bool = False) -> None:
        self._delimiters = _DELIMITERS | {Mark.EM: em}
        self._mention_ids = mention_ids
        self._encode_edges = encode_edges
        self._links_possible = False

    def write(self, inlines: Inlines) -> str:
        text = plain(inlines)
        self._links_possible = "](" in text
        return self._span(inlines, frozenset())

    def plain(self, text: str) -> str:
        """Write text in no style."""
        self._links_possible = "](" in text
        return self._text(text, linked=False)

    def _span(self, inlines: Sequence[Inline], active: frozenset[_Key]) -> str:
        """Write a run; the mark that reaches furthest becomes the outer one."""
        parts = []
        at = 0
        while at < len(inlines):
            key, end = _longest(inlines, at, active)
            if key is None:
                following = inlines[at + 1] if at + 1 < len(inlines) else None
                parts.append(self._leaf(inlines[at], active, following))
            else:
                inner = self._span(inlines[at:end], active | {key})
                parts.append(self._wrapped(key, inner, inlines[at:end], _next_text(inlines, end)))
            at = end
        return "".join(parts)

    def _wrapped(self, key: _Key, inner: str, run: Sequence[Inline], following: str) -> str:
        if isinstance(key, tuple):
            return _link(key[0], key[1], inner, run, "x" if self._encode_edges else following)
        core = inner.strip()
        if not core:
            return inner
        start = inner.index(core)
        delimiter = self._delimiters[key]
        return f"{inner[:start]}{delimiter}{core}{delimiter}{inner[start + len(core) :]}"

    def _leaf(self, inline: Inline, active: frozenset[_Key], following: Inline | None) -> str:
        match inline:
            case Text() if Mark.CODE in inline.marks:
                return code_span(inline.text)
            case Text():
                linked = any(isinstance(key, tuple) for key in active)
                opens = isinstance(following, Image) or bool(getattr(following, "href", ""))
                return self._text(inline.text, linked=linked, bracket_follows=opens)
            case Break():
                return "\\\n"
            case Image():
                return f"![{self._text(inline.alt, linked=True)}]({_destination(inline.url)})"
            case Mention():
                return self._mention(inline)
            case Marker():
                return markers.show(inline)

    def _mention(self, mention: Mention) -> str:
        name = mention.name or mention.uri.partition(":")[2]
        if self._mention_ids:
            return f"@[{self._text(name, linked=True)}]({_destination(mention.uri)})"
        return "@" + self._text(name, linked=False)

    def _text(self, text: str, *, linked: bool, bracket_follows: bool = False) -> str:
        def escaped(match: re.Match[str]) -> str:
            return _escape(match, linked=linked, links_possible=self._links_possible)

        written = _SPECIAL.sub(escaped, text)
        if bracket_follows and written.endswith("!") and not written.endswith("\\!"):
            written = written[:-1] + "\\!"
        return _encode_edges(written) if self._encode_edges else written


def _escape(match: re.Match[str], *, linked: bool, links_possible: bool) -> str:
    """One special character, with a backslash where it would mean something."""
    if match[0].startswith("http"):
        return match[0] if linked else match[0] + "\\"
    needed = (
        linked
        if match[0] in "[]" and linked
        else _means_something(match, links_possible=links_possible)
    )
    return "\\" + match[0] if needed else match[0]


def _means_something(match: re.Match[str], *, links_possible: bool) -> bool:
    text, at, character = match.string, match.start(), match[0]
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    needed = {
        "\\": not after or after in _PUNCTUATION,
        "`": True,
        "*": not (before.isspace() and after.isspace()),
        "_": not (before.isalnum() and after.isalnum()),
        "~": "~" in (before, after) or not before or not after,
        "]": False,
        "<": not after or after.isalpha() or after in "/!?",
        "!": after == "[",
    }
    if character == "&":
        entity = _ENTITY.match(text, at)
        return entity is not None and unescape(entity[0]) != entity[0]
    if character == "[":
        return links_possible or not after or _opens_marker(text, at)
    return needed[character]


def _opens_marker(text: str, at: int) -> bool:
    return bool(markers.MARKER.match(text, at) or ALERT.match(text, at))


def _encode_edges(text: str) -> str:
    """First and last letter as entities: a delimiter next to `&` or `;` opens and closes."""
    if text and text[-1].isalnum():
        text = f"{text[:-1]}&#{ord(text[-1])};"
    if text and text[0].isalnum():
        text = f"&#{ord(text[0])};{text[1:]}"
    return text


def code_span(text: str) -> str:
    """A code span whose fence is longer than any run of backticks in it (CommonMark 6.1)."""
    text = text.replace("\n", " ")
    runs = {len(run) for run in re.findall(r"`+", text)}
    fence = "`" * next(length for length in range(1, len(runs) + 2) if length not in runs)
    padded = text.startswith(" ") and text.endswith(" ") and bool(text.strip())
    pad = " " if padded or text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _link(href: str, title: str, inner: str, run: Sequence[Inline], following: str) -> str:
    if not title and plain(tuple(run)) == href and len(run) == 1 and _unmarked_link(run[0]):
        if _PLAIN_URL.fullmatch(href) and _ENDS_URL.match(following):
            return href
        if _AUTOLINK.fullmatch(href):
            return f"<{href}>"
    quoted = title.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    quoted = _ENTITY.sub(lambda entity: "\\" + entity[0], quoted)
    suffix = f' "{quoted}"' if title else ""
    return f"[{inner}]({_destination(href)}{suffix})"


def _unmarked_link(inline: Inline) -> bool:
    return isinstance(inline, Text) and Mark.CODE not in inline.marks


def _destination(url: str) -> str:
    if _PLAIN_DESTINATION.fullmatch(url):
        return url
    escaped = re.sub(r"[\\<>]", r"\\\g<0>", url.replace("\n", "%0A"))
    return f"<{_ENTITY.sub(lambda entity: chr(92) + entity[0], escaped)}>"


def _longest(
    inlines: Sequence[Inline], at: int, active: frozenset[_Key]
) -> tuple[_Key | None, int]:
    """The not yet active mark of the inline at `at` that reaches furthest, and where it ends."""
    best: tuple[_Key | None, int] = (None, at + 1)
    for key in _keys(inlines[at]):
        if key in active:
            continue
        end = at + 1
        while end < len(inlines) and key in _keys(inlines[end]):
            end += 1
        if best[0] is None or end > best[1]:
            best = (key, end)
    return best


def _keys(inline: Inline) -> list[_Key]:
    if not isinstance(inline, Text) or not (inline.marks or inline.href):
        return []
    marks = [mark for mark in (Mark.STRONG, Mark.EM, Mark.STRIKE) if mark in inline.marks]
    if not inline.href:
        return [*marks]
    # Of equals the link is the outer one: its brackets keep the delimiters apart from words. A
    # URL that is its own label needs no brackets, so there it is the inner one.
    link = (inline.href, inline.title)
    return [*marks, link] if inline.text == inline.href else [link, *marks]


def _next_text(inlines: Sequence[Inline], at: int) -> str:
    """What follows a run: a bare URL would swallow letters and marks behind it."""
    following = inlines[at] if at < len(inlines) else None
    if following is None or isinstance(following, Break):
        return ""
    return following.text if isinstance(following, Text) and not following.marks else "x"


def _safe_links(inlines: Inlines) -> Inlines:
    """Links that a browser would run as a script are shown as text instead."""
    shown = [_safe_link(inline) for inline in inlines]
    return joined(shown) if any(map(operator.is_not, shown, inlines)) else inlines


def _safe_link(inline: Inline) -> Inline:
    if isinstance(inline, Text) and inline.href and not is_url(inline.href):
        return Text(f"{inline.text} ({inline.href})", inline.marks)
    if isinstance(inline, Image) and not is_url(inline.url):
        return Text(f"{inline.alt} ({inline.url})")
    return inline


def _without_spaces_in_marks(inlines: Inlines) -> Inlines:
    """For comparison: whether a space is bold shows to nobody, and Markdown cannot always say."""
    found: list[Inline] = []
    for inline in inlines:
        if isinstance(inline, Text) and Mark.CODE not in inline.marks:
            for piece in re.split(r"(\s+)", inline.text):
                marks = inline.marks if piece.strip() else frozenset[Mark]()
                found.append(Text(piece, marks, inline.href, inline.title))
        elif isinstance(inline, Mention):
            found.append(Text(f"@{inline.name or inline.uri.partition(':')[2]}"))
        else:
            found.append(inline)
    return joined(found)
