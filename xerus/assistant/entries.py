"""What a transcript consists of; the templates of the chat show one kind each."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, TypeAlias

from markupsafe import Markup

from xerus.assistant.changes import Line

CallState = Literal["running", "waiting", "ok", "failed", "declined", "cancelled", "unknown"]
"""`cancelled`: ended early and changed nothing; `unknown`: ended early and may have changed something."""
ApprovalState = Literal["waiting", "approved", "declined", "expired", "superseded", "disconnected"]
WaitState = Literal["waiting", "declined", "expired", "superseded", "disconnected"]


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

    `size` is that of the result in bytes; `allowed` says why a write ran without being asked
    about: "here", "always", or "", and then `target`, `rows` and `notes` what it was to change;
    `origin` names another server whose tool it is.
    """

    kind: ClassVar[str] = "tool"
    name: str
    title: str
    arguments: str
    result: str
    state: CallState
    seconds: float | None
    size: int | None = None
    allowed: str = ""
    target: str = ""
    rows: "tuple[ShownRow, ...]" = ()
    notes: tuple[str, ...] = ()
    origin: str = ""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ShownRow:
    """A row of a preview; `html` is a new text as it will look, in place of `after`."""

    name: str
    before: str | None
    after: str | None
    lines: tuple[Line, ...]
    html: Markup | None


@dataclass(frozen=True, kw_only=True)
class ApprovalEntry:
    """A call that a person has to decide about.

    Attributes:
        call_id, shown: what a decision names, and what it sends back so that it is about this call.
        target, rows, notes: what the call would change, in words (`changes.Preview`).
        arguments: exactly what is sent.
        account: as whom it would be made; '' where that is unknown.
        may_allow: whether the tool may be let run without asking.
        deletes: whether it deletes, so that it is decided about by itself.
        edited: whether the arguments are the person's and not the model's.
        reason: why they declined; '' where they did not say.
        origin: the other server whose tool it is; '' for one of ours.
    """

    kind: ClassVar[str] = "approval"
    call_id: str
    title: str
    tool: str
    target: str
    rows: tuple[ShownRow, ...]
    notes: tuple[str, ...]
    arguments: str
    expires_at: datetime
    state: ApprovalState
    shown: str = ""
    account: str = ""
    may_allow: bool = False
    deletes: bool = False
    edited: bool = False
    reason: str = ""
    origin: str = ""
    asked_at: datetime | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class NoticeEntry:
    """What was missing in an answer: other servers' tools, or for the model the oldest messages."""

    kind: ClassVar[str] = "notice"
    text: str
    tone: Literal["warn", "busy"] = "warn"


@dataclass(frozen=True, kw_only=True)
class NeedsConnectionEntry:
    """Calls that wait for one connection.

    Attributes:
        call_ids: what a decision about them names.
        titles: what they are called.
        name: what has to be connected.
        server: its short name, where it is another server and not Atlassian.
        lacking: scopes that have to be granted; empty where the connection itself is missing.
    """

    kind: ClassVar[str] = "needs_connection"
    call_ids: tuple[str, ...]
    titles: tuple[str, ...]
    asked_at: datetime
    expires_at: datetime
    state: WaitState
    lacking: tuple[str, ...] = ()
    name: str = "Atlassian"
    server: str = ""


@dataclass(frozen=True, kw_only=True)
class ErrorEntry:
    """A run that ended without an answer."""

    kind: ClassVar[str] = "error"
    message: str
    hint: str
    correlation_id: str


@dataclass(frozen=True, kw_only=True)
class UsageEntry:
    """What the answer to a message used so far, by `models`; `words` say all of it.

    `cost` is in US dollars, None where no price is known.
    """

    kind: ClassVar[str] = "usage"
    models: tuple[str, ...]
    words: str
    requests: int
    tokens_in: int
    cached: int
    tokens_out: int
    seconds: float
    cost: str | None


@dataclass(frozen=True, kw_only=True)
class CutEntry:
    """An answer that was ended early: by the person, with its process, or at the model's limit.

    `newest` where nothing came after it, so that one can go on from there; `unsure` where a call
    may have changed something.
    """

    kind: ClassVar[str] = "cut"
    how: Literal["stopped", "interrupted", "cut off"]
    newest: bool
    unsure: bool = False


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
    | NoticeEntry
    | ErrorEntry
    | UsageEntry
    | CutEntry
    | AsideEntry
)
