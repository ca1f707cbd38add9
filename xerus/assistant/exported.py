"""A conversation as a file of its person's own: what the page shows, as Markdown or JSON."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, assert_never

import orjson
from markdown_it import MarkdownIt
from markupsafe import Markup

from xerus.assistant.conversations import ConversationRow
from xerus.assistant.entries import (
    ApprovalEntry,
    AsideEntry,
    AssistantEntry,
    CutEntry,
    Entry,
    ErrorEntry,
    NeedsConnectionEntry,
    NoticeEntry,
    PersonEntry,
    ToolEntry,
    UsageEntry,
)
from xerus.assistant.marks import without_marks
from xerus.tools.untrusted import clean, one_line

FORMAT = "xerus-conversation"
VERSION = 1


class Form(StrEnum):
    """What a conversation is exported as."""

    MARKDOWN = "markdown"
    JSON = "json"

    @property
    def ending(self) -> str:
        """The end of the file's name."""
        return {"markdown": "md", "json": "json"}[self]

    @property
    def media_type(self) -> str:
        """What the answer says that it is."""
        return {"markdown": "text/markdown; charset=utf-8", "json": "application/json"}[self]


# Forms of the same text for pages, names that only forms of pages use, and what a page adds by itself.
_OF_PAGES = frozenset(
    {"html", "blocks", "shown", "turn", "newest", "call_id", "call_ids", "url", "words"}
)
_UNSAFE_IN_NAMES = re.compile(r"""[\x00-\x1f\x7f<>:"/\\|?*%\s]+""")
_LONGEST_NAME = 60
_MARKDOWN = MarkdownIt("commonmark")
# Nothing that a viewer of the file would fetch or run by itself: an answer may repeat strangers.
_IMAGE = re.compile(r"!(?=\[)")
_TAG = re.compile(r"<(?=[a-z/!?])(?!(https?://|mailto:))", re.IGNORECASE)
_STATES = {
    "ok": "done",
    "failed": "failed",
    "declined": "not run",
    "cancelled": "ended early, changed nothing",
    "unknown": "ended early, may have changed something",
    "running": "running",
    "waiting": "waiting",
}


def exported(row: ConversationRow, entries: Sequence[Entry], form: Form, now: datetime) -> bytes:
    """Return the contents of the file."""
    match form:
        case Form.MARKDOWN:
            return "\n".join(_markdown(row, entries, now)).encode()
        case Form.JSON:
            return orjson.dumps(_json(row, entries, now), option=orjson.OPT_INDENT_2)
        case _:
            assert_never(form)


def name_of(row: ConversationRow, form: Form) -> str:
    """Return the file's name: the day of its beginning, the title as far as names go, part of the id.

    Such a name begins with a digit, so it hides nothing and is no device's on Windows.
    """
    words = _UNSAFE_IN_NAMES.sub(" ", one_line(row.title))[:_LONGEST_NAME].strip(" .")
    day = row.created_at.astimezone(UTC).date()
    return f"{day} {words or 'Untitled'} ({row.id[:8]}).{form.ending}"


def _json(row: ConversationRow, entries: Sequence[Entry], now: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "id": row.id,
        "title": row.title,
        "created_at": row.created_at,
        "last_used_at": row.used_at,
        "branched_from": row.origin_id or None,
        "exported_at": now,
        "entries": [_plain(entry) for entry in entries],
    }


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, without what only pages need."""
    if is_dataclass(value):
        kind = {"kind": value.kind} if hasattr(value, "kind") else {}
        shown = (one.name for one in fields(value) if one.name not in _OF_PAGES)
        return kind | {name: _plain(getattr(value, name)) for name in shown}
    if isinstance(value, Markup):
        return None
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value


def _markdown(row: ConversationRow, entries: Sequence[Entry], now: datetime) -> Iterator[str]:
    yield f"# {_inert(one_line(row.title) or 'Untitled')}"
    yield ""
    yield f"A conversation with Xerus, begun {_time(row.created_at)}, last used {_time(row.used_at)},"
    yield f"exported {_time(now)}. Its id is `{row.id}`."
    if row.origin_id:
        yield f"It was branched from `{row.origin_id}`."
    for entry in entries:
        yield ""
        yield from _written(entry)


def _written(entry: Entry) -> Iterator[str]:
    match entry:
        case PersonEntry():
            yield from _said("You", entry.at, _quoted(entry.text))
        case AssistantEntry():
            yield from _said(_inert(entry.author), entry.at, _inert(without_marks(entry.text)))
        case ToolEntry():
            yield from _called(entry)
        case ApprovalEntry():
            yield f"**Approval: {_inert(entry.title)}** (`{entry.tool}`): {_decision(entry)}"
            yield ""
            yield _fenced(entry.arguments, "json")
        case AsideEntry():
            yield from _earlier(entry)
        case _:
            yield from _noted(entry)


def _noted(
    entry: ErrorEntry | UsageEntry | CutEntry | NeedsConnectionEntry | NoticeEntry,
) -> Iterator[str]:
    match entry:
        case ErrorEntry():
            yield f"**No answer.** {_inert(entry.message)} {_inert(entry.hint)}".rstrip()
            if entry.correlation_id:
                yield f"Reference for support: `{entry.correlation_id}`"
        case UsageEntry():
            yield f"({_inert(', '.join(entry.models))}: {entry.words})"
        case CutEntry():
            yield f"**The answer was {entry.how}.**"
        case NeedsConnectionEntry():
            titles = ", ".join(map(_inert, entry.titles))
            yield f"**{_inert(entry.name)} had to be connected first** for: {titles} ({entry.state})"
        case NoticeEntry():
            yield _inert(entry.text)
        case _:
            assert_never(entry)


def _earlier(entry: AsideEntry) -> Iterator[str]:
    yield "## Earlier attempt, answered again below"
    for inner in entry.entries:
        yield ""
        yield from _written(inner)
    yield ""
    yield "(End of the earlier attempt.)"


def _said(who: str, at: datetime | None, text: str) -> Iterator[str]:
    yield f"## {who}{f' · {_time(at)}' if at else ''}"
    yield ""
    yield text


def _called(entry: ToolEntry) -> Iterator[str]:
    seconds = f", {entry.seconds:.1f} s" if entry.seconds is not None else ""
    at = f", {_time(entry.at)}" if entry.at else ""
    yield f"**{_inert(entry.title)}** (`{entry.name}`): {_STATES[entry.state]}{seconds}{at}"
    yield ""
    yield _fenced(entry.arguments, "json")
    if entry.result:
        yield ""
        yield _fenced(entry.result, "text")


def _decision(entry: ApprovalEntry) -> str:
    edited = ", as the person changed it" if entry.edited else ""
    at = f", {_time(entry.decided_at)}" if entry.decided_at else ""
    because = f", because: {_inert(one_line(entry.reason))}" if entry.reason else ""
    return f"{entry.state}{edited}{at}{because}"


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in _inert(text).splitlines())


def _fenced(text: str, language: str) -> str:
    """Return text in a fence that nothing in it closes."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{clean(text)}\n{fence}"


def _inert(text: str) -> str:
    """Return Markdown without images and HTML, outside of its code blocks."""
    shown = clean(text)
    code = {
        line
        for token in _MARKDOWN.parse(shown)
        if token.type in {"fence", "code_block"} and token.map
        for line in range(*token.map)
    }
    return "\n".join(
        line if n in code else _TAG.sub(r"\\<", _IMAGE.sub(r"\\!", line))
        for n, line in enumerate(shown.split("\n"))
    )
