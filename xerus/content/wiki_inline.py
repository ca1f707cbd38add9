"""Inline Jira wiki markup to the model, in one pass without backtracking."""

import re
from collections.abc import Callable
from html import unescape

from xerus.content.document import (
    Break,
    Image,
    Inline,
    Inlines,
    Mark,
    Marker,
    Mention,
    Text,
    joined,
)

_MARKS = {"*": Mark.STRONG, "_": Mark.EM, "-": Mark.STRIKE, "??": Mark.EM}
# Formatting that Markdown has no word for: shown bare, named in `lossy`.
_BARE = {"+": "underline", "^": "superscript", "~": "subscript"}
_TOKEN = re.compile(
    r"""
      (?P<break>\\\\)
    | \\(?P<escaped>(?:[^\w\s]|_))
    | (?P<entity>&(?:\#\d{1,8}|\#[xX][0-9a-fA-F]{1,8}|[A-Za-z]\w{1,30});)
    | \{\{(?P<code>(?:\\(?:[^\w\s]|_)|[^{}\n])+)\}\}
    | \[~(?P<mention>[^\[\]|\n]+)\]
    | \[\^(?P<attachment>[^\[\]|\n]+)\]
    | \[(?P<link>(?:\\(?:[^\w\s]|_)|[^\[\]\n])+)\]
    | (?<!\w)!(?P<image>[^\s!|][^!|\n]*)(?P<options>\|[^!\n]*)?!
    | \{(?P<glued>[*_\-+^~]|\?\?)\}
    | \{(?P<macro>[A-Za-z][\w-]*)(?P<params>:[^{}\n]*)?\}
    | (?P<url>(?<!\w)https?://[^\s<>"'`|\\\[\]{}]+)
    | (?P<phrase>[*_\-+^~]|\?\?)
    """,
    re.VERBOSE,
)
_IMAGE_OPTION = re.compile(r"\|(?:.*,)?alt=([^,]*)")


class InlineReader:
    """Reads lines of one document; `lossy` collects what the model cannot carry."""

    def __init__(self, lossy: set[str], *, mention_ids: bool) -> None:
        self._lossy = lossy
        self._mention_ids = mention_ids
        self._found: list[Inline] = []
        self._open: dict[str, int] = {}

    def read(self, text: str) -> Inlines:
        """The inlines of one paragraph, item or cell; a line end is a break."""
        self._found, self._open = [], {}
        end = 0
        for match in _TOKEN.finditer(text):
            if match.start() < end:
                continue
            self._plain(text[end : match.start()])
            end = self._token(match)
        self._plain(text[end:])
        return joined(self._found)

    def _plain(self, text: str) -> None:
        lines = text.split("\n")
        self._found.append(Text(lines[0]))
        for line in lines[1:]:
            self._found += [Break(), Text(line)]

    def _token(self, match: re.Match[str]) -> int:
        kind = match.lastgroup if match.lastgroup not in {"options", "params"} else None
        kind = kind or ("image" if match["image"] else "macro")
        if kind in {"phrase", "glued"}:
            self._phrase(match, match[kind])
            return match.end()
        if kind == "url":
            return self._url(match)
        handlers: dict[str, Callable[[re.Match[str]], list[Inline]]] = {
            "break": lambda _: [Break()],
            "escaped": lambda found: [Text(found["escaped"])],
            "entity": lambda found: [Text(unescape(found["entity"]))],
            "code": lambda found: [Text(_unescaped(found["code"]), frozenset({Mark.CODE}))],
            "mention": self._mention,
            "attachment": self._attachment,
            "link": lambda found: self._link(found["link"]),
            "image": self._image,
            "macro": self._macro,
        }
        self._found += handlers[kind](match)
        return match.end()

    def _phrase(self, match: re.Match[str], character: str) -> None:
        """A formatting character opens at a word's start and closes at a word's end."""
        text = match.string
        before = text[match.start() - 1] if match.start() else " "
        after = text[match.end()] if match.end() < len(text) else " "
        glued = match["glued"] is not None
        if character in self._open and (glued or not (before.isspace() or after.isalnum())):
            self._close(character, self._open.pop(character))
        elif character not in self._open and (glued or not (before.isalnum() or after.isspace())):
            self._open[character] = len(self._found)
            self._found.append(Text(match[0]))
        else:
            self._found.append(Text(match[0]))

    def _close(self, character: str, start: int) -> None:
        """Everything since the opening takes the mark; what opened inside stays a character."""
        self._open = {other: at for other, at in self._open.items() if at < start}
        self._found[start] = Text("")
        if character in _BARE:
            self._lossy.add(_BARE[character])
            return
        if character == "??":
            self._lossy.add("citation")
        for at in range(start, len(self._found)):
            inline = self._found[at]
            if isinstance(inline, Text):
                marks = inline.marks | {_MARKS[character]}
                self._found[at] = Text(inline.text, marks, inline.href, inline.title)

    def _url(self, match: re.Match[str]) -> int:
        url = match["url"].rstrip("?!.,:;*_~'\")")
        self._found.append(Text(url, frozenset(), url))
        return match.start() + len(url)

    def _mention(self, match: re.Match[str]) -> list[Inline]:
        if not self._mention_ids:
            self._lossy.add("mention")
        name = match["mention"]
        uri = name if name.startswith("accountid:") else f"username:{name}"
        return [Mention(uri.replace(" ", "%20"), name.removeprefix("accountid:"))]

    def _attachment(self, match: re.Match[str]) -> list[Inline]:
        self._lossy.add("attachment")
        return [Marker("attachment", match["attachment"])]

    def _link(self, content: str) -> list[Inline]:
        """`[label|target]` or `[target]`; brackets around anything else are text."""
        label, bar, target = content.rpartition("|")
        target = target.strip()
        if not bar and not re.match(r"[A-Za-z][\w+.-]*:\S|#", target):
            return [Text("["), *self._inner(content), Text("]")]
        if not bar:
            return [Text(target, frozenset(), target)]
        inlines = self._inner(label)
        return [
            Text(inline.text, inline.marks, target) if isinstance(inline, Text) else inline
            for inline in inlines
        ] or [Text(target, frozenset(), target)]

    def _inner(self, text: str) -> Inlines:
        reader = InlineReader(self._lossy, mention_ids=self._mention_ids)
        return reader.read(text)

    def _image(self, match: re.Match[str]) -> list[Inline]:
        url, options = match["image"], match["options"] or ""
        alt = _IMAGE_OPTION.match(options)
        if "://" in url:
            return [Image(url, alt[1] if alt else "")]
        self._lossy.add("image")
        params = (("options", options[1:]),) if options else ()
        return [Marker("image", url, params)]

    def _macro(self, match: re.Match[str]) -> list[Inline]:
        name, params = match["macro"], (match["params"] or "")[1:]
        self._lossy.add(f"macro:{name}")
        if name == "color":
            return []
        pairs = (part.partition("=") for part in params.split("|") if part)
        named = tuple((key, value) if equals else ("", key) for key, equals, value in pairs)
        return [Marker("macro", name, named)]


def _unescaped(text: str) -> str:
    return unescape(re.sub(r"\\((?:[^\w\s]|_))", r"\1", text))
