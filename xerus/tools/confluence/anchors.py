"""Where a text stands on a page: an inline comment needs a text that stands there once."""

from collections.abc import Iterator
from typing import Any

from xerus.errors import InvalidInput
from xerus.tools.choices import ChoiceNeeded
from xerus.tools.untrusted import one_line

_AROUND = 30
_MOST_SHOWN = 8


def check_unique(document: Any, text: str) -> None:
    """Return if `text` stands exactly once in the blocks of an ADF document.

    Raises:
        InvalidInput: it does not stand there.
        ChoiceNeeded: it does several times; the choices are longer texts around it.
    """
    found = [around for block in _blocks(document) for around in _occurrences(block, text)]
    if not found:
        raise InvalidInput(
            "anchor: no paragraph of the page has this text. Nothing was added.",
            hint="Copy it from confluence_get_page, without Markdown marks.",
        )
    if len(found) > 1:
        raise ChoiceNeeded(
            f"anchor: the page has this text {len(found)} times. Nothing was added.",
            said="; ".join(map(one_line, found[:_MOST_SHOWN])),
        )


def _blocks(node: Any) -> Iterator[str]:
    """Yield the text of each paragraph, heading or other node that holds text itself."""
    children = [child for child in node.get("content") or [] if isinstance(child, dict)]
    if any(child.get("type") == "text" for child in children):
        yield "".join(str(child.get("text") or " ") for child in children)
        return
    for child in children:
        yield from _blocks(child)


def _occurrences(block: str, text: str) -> Iterator[str]:
    start = block.find(text)
    while start >= 0:
        yield block[max(0, start - _AROUND) : start + len(text) + _AROUND]
        start = block.find(text, start + len(text))
