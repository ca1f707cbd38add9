"""What a transcript consists of; the templates of the chat show one kind each."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, TypeAlias

from markupsafe import Markup

CallState = Literal["running", "ok", "failed", "declined", "cancelled", "unknown"]
"""`cancelled`: ended early and changed nothing; `unknown`: ended early and may have changed something."""
ApprovalState = Literal["waiting", "approved", "declined", "expired"]


@dataclass(frozen=True, kw_only=True)
class PersonEntry:
    """What the person wrote, at the beginning of turn `turn`; None where nothing can follow it."""

    kind: ClassVar[str] = "person"
    text: str
    turn: int | None = None
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class AssistantEntry:
    """What the model wrote, as sanitised HTML; `author` names it.

    `blocks` are the same cut into paragraphs, lists, tables and so on: what changes while it is
    written is the last of them, as a rule. `text` is what the model wrote.
    """

    kind: ClassVar[str] = "assistant"
    author: str
    html: Markup
    blocks: tuple[Markup, ...] = ()
    text: str = ""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ToolEntry:
    """A call: arguments and result as text, seconds None where it never ran or still does.

    `size` is that of the result in bytes.
    """

    kind: ClassVar[str] = "tool"
    name: str
    title: str
    arguments: str
    result: str
    state: CallState
    seconds: float | None
    size: int | None = None
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ApprovalEntry:
    """A call that a person has to decide about; `call_id` is what the decision names.

    `preview` says the arguments in words, `arguments` exactly as they are sent.
    """

    kind: ClassVar[str] = "approval"
    call_id: str
    title: str
    tool: str
    preview: tuple[tuple[str, str], ...]
    arguments: str
    expires_at: datetime
    state: ApprovalState


@dataclass(frozen=True, kw_only=True)
class NeedsConnectionEntry:
    """Atlassian has to be connected first, at `url`."""

    kind: ClassVar[str] = "needs_connection"
    text: str
    url: str


@dataclass(frozen=True, kw_only=True)
class ErrorEntry:
    """A run that ended without an answer."""

    kind: ClassVar[str] = "error"
    message: str
    hint: str
    correlation_id: str


@dataclass(frozen=True, kw_only=True)
class CutEntry:
    """An answer that was ended early: by the person, or because its process ended.

    `newest` where nothing came after it, so that one can go on from there.
    """

    kind: ClassVar[str] = "cut"
    how: Literal["stopped", "interrupted"]
    newest: bool


@dataclass(frozen=True, kw_only=True)
class AsideEntry:
    """What was there before the person had it answered again."""

    kind: ClassVar[str] = "aside"
    entries: "tuple[Entry, ...]"


Entry: TypeAlias = (
    PersonEntry
    | AssistantEntry
    | ToolEntry
    | ApprovalEntry
    | NeedsConnectionEntry
    | ErrorEntry
    | CutEntry
    | AsideEntry
)
