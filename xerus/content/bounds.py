"""How much of a foreign document is taken in, checked before any parser sees it.

Every parser here is close to linear, yet Python spends microseconds per markup character, so the
amount of markup is bounded as well as the bytes: half a megabyte of `*a*` would cost seconds.
"""

import re
from typing import Any

import orjson

from xerus.content.errors import ContentTooDeep, ContentTooLarge

MAX_BYTES = 512 * 1024
MAX_DEPTH = 60
MAX_BRACKETS = 16
MAX_LINES = 20_000
MAX_MARKUP = 60_000
MAX_NODES = 100_000

_SPLIT_HINT = "Split it into several documents or shorten it."
# What neither XML 1.0 (2.2) nor Markdown can carry; a lone surrogate cannot be encoded at all.
_UNCARRIABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """`text` with Unix line ends and with every character XML refuses shown as U+FFFD.

    Raises:
        ContentTooLarge: over `MAX_BYTES` of UTF-8.
    """
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise too_large(f"{MAX_BYTES // 1024} KiB")
    return printable(text.replace("\r\n", "\n").replace("\r", "\n"))


def printable(text: str) -> str:
    """`text` with every character XML refuses shown as U+FFFD."""
    if text.isprintable():  # none of them is, and this is five times faster
        return text
    return _UNCARRIABLE.sub("\ufffd", text)


def check_markup(text: str, characters: str) -> None:
    """Refuse text with more lines or markup `characters` than one conversion takes."""
    if text.count("\n") > MAX_LINES:
        raise too_large(f"{MAX_LINES} lines")
    if sum(text.count(character) for character in characters) > MAX_MARKUP:
        raise too_large(f"{MAX_MARKUP} markup characters")


def check_json(document: Any) -> None:
    """Refuse JSON that is too large or too deep; walks without recursion.

    Raises:
        ContentTooLarge: more text than `MAX_BYTES` or more nodes than `MAX_NODES`.
        ContentTooDeep: nested deeper than twice `MAX_DEPTH` nodes (two JSON levels each).
    """
    if _is_plainly_small(document):
        return
    pending = [(document, 0)]
    size = nodes = 0
    while pending:
        value, depth = pending.pop()
        nodes += 1
        if depth > 4 * MAX_DEPTH:
            raise too_deep()
        if isinstance(value, str):
            size += len(value)
        elif isinstance(value, dict):
            pending.extend((item, depth + 1) for item in value.values())
        elif isinstance(value, list):
            pending.extend((item, depth + 1) for item in value)
        if size > MAX_BYTES:
            raise too_large(f"{MAX_BYTES // 1024} KiB")
        if nodes + len(pending) > 8 * MAX_NODES:
            raise too_large(f"{MAX_NODES} nodes")


def _is_plainly_small(document: Any) -> bool:
    """Tell it from the JSON text, which is ten times faster than a walk; False where in doubt."""
    try:
        text = orjson.dumps(document)
    except orjson.JSONEncodeError:
        return False
    return len(text) <= MAX_BYTES and text.count(b"{") + text.count(b"[") <= 4 * MAX_DEPTH


def too_large(limit: str) -> ContentTooLarge:
    """The error for a document over `limit`."""
    return ContentTooLarge(f"The document is larger than {limit}.", hint=_SPLIT_HINT)


def too_deep() -> ContentTooDeep:
    """The error for a document nested deeper than `MAX_DEPTH`."""
    return ContentTooDeep(
        f"The document is nested deeper than {MAX_DEPTH} levels.",
        hint="Flatten its lists, quotes, tables or brackets.",
    )
