"""Text that other people wrote, marked as data.

Whoever may edit an issue or a page can put orders to a model into it. So such text never stands
among our own words: it is fenced, with its origin and its author, and cannot close its own fence.
"""

import re

# Invisible text reaches a model but no reader: controls, zero-width, bidirectional overrides, tags.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\U000e0000-\U000e01ef\ud800-\udfff]"
)
_FENCE = re.compile(r"<(?=\s*/?\s*untrusted)", re.IGNORECASE)
_LONGEST_ATTRIBUTE = 80


def clean(text: str) -> str:
    """Return `text` without characters that nobody can see."""
    if text.isascii() and text.replace("\n", "").isprintable():  # most are, and this is fast
        return text
    return _INVISIBLE.sub("", text)


def fenced(text: str, *, source: str, author: str = "", at: str = "") -> str:
    """Return `text` as a marked block.

    Args:
        text: what somebody wrote.
        source: where it comes from, in our words: "jira ENG-1 description".
        author: display name of who wrote it, '' when there are several or it is unknown.
        at: when, ISO 8601, may be empty.
    """
    attributes = {"source": source, "author": author, "at": at}
    given = "".join(f' {name}="{_attribute(value)}"' for name, value in attributes.items() if value)
    return f"<untrusted{given}>\n{_FENCE.sub('&lt;', clean(text)).strip()}\n</untrusted>"


def one_line(text: str) -> str:
    """Return `text` cleaned and on one line."""
    return " ".join(clean(text).split())


def _attribute(value: str) -> str:
    return re.sub(r'["<>]', "'", one_line(value))[:_LONGEST_ATTRIBUTE]
