"""One turn of a conversation: the messages of one run of the model, and what we noted beside them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import TypeAdapter
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, UserPromptPart

from xerus.assistant.changes import Preview
from xerus.assistant.spending import Spent


class Cut(StrEnum):
    """What ended a run before its answer was finished."""

    STOPPED = "stopped"
    """The person stopped it, or an administrator who turned off their access."""
    INTERRUPTED = "interrupted"
    """The process that wrote it ended."""
    LATE = "late"
    """It took longer than an answer may."""
    LENGTH = "length"
    """The model had written as much as it may at once."""


@dataclass(kw_only=True)
class CallNote:
    """What the messages do not say about a call.

    Attributes:
        title: the tool's title for people.
        server, tool: whose tool it is and what that server calls it; a policy names both.
        seconds: how long it took; None while it runs and where it never ran.
        reads: whether the tool changes nothing.
        waits_for: what the call waits for, when the run ended before it.
        may_allow: whether the person may let the tool run without being asked.
        deletes: whether it deletes, so that it is decided about by itself.
        preview: what it would change, when approval was asked for.
        account: as whom it would be done then; '' where that is unknown.
        lacking: the scopes at Atlassian without which it cannot run, when it waits for them.
        allowed: why a write ran without being asked about: "here" or "always".
        origin: name and host of the server, for a tool of another one.
        definition: digest of that tool's definition.
        connects, connects_name: short name and name of the server that it waits for the connection
            of; '' where that is Atlassian.
    """

    title: str
    server: str = "xerus"
    tool: str = ""
    seconds: float | None = None
    reads: bool = False
    waits_for: Literal["", "approval", "connection"] = ""
    may_allow: bool = False
    deletes: bool = False
    preview: Preview | None = None
    account: str = ""
    lacking: list[str] = field(default_factory=list)
    allowed: Literal["", "here", "always"] = ""
    origin: str = ""
    definition: str = ""
    connects: str = ""
    connects_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a run ended without an answer, in words for the person."""

    message: str
    hint: str = ""
    correlation_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Shortened:
    """What the model gets, from a turn on, in place of the oldest turns.

    Attributes:
        before: the number of the first turn that it still gets as it is.
        summary: a model's account of those before; '' where they are left out.
        input_tokens, output_tokens: what that took, as the provider counts.
        cost: the same in US dollars, by the list prices; None where there is none.
    """

    before: int
    summary: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = None


@dataclass(kw_only=True)
class Turn:
    """A person's message or decision, and everything that followed from it.

    `cut` says what ended it early; what was written until then stays. `aside`: the person had it
    answered again, so it is history that the model no longer gets. `notices` say what of other
    servers' tools was missing in it. `model` answers in it, named as the settings name it, and
    `spent` is what that used, None where it was not asked. `doing` says what it waits for while it
    is written, '' as a rule. `shortened`: the conversation was too long for the model when this turn
    was begun.
    """

    messages: list[ModelMessage] = field(default_factory=list)
    calls: dict[str, CallNote] = field(default_factory=dict)
    problem: Problem | None = None
    cut: Cut | None = None
    aside: bool = False
    notices: list[str] = field(default_factory=list)
    model: str = ""
    doing: str = ""
    shortened: Shortened | None = None
    spent: Spent | None = None

    @property
    def is_message(self) -> bool:
        """Whether it begins with what a person wrote, and does not go on with calls that waited."""
        return any(_is_asked(message) for message in self.messages)

    def cut_off(self, cut: Cut | None) -> None:
        """End it early, None without a word for it; not all that it used may have been told then."""
        self.cut = cut
        if self.spent is not None:
            self.spent = replace(self.spent, cut=True)

    def to_json(self) -> bytes:
        """Return what is sealed and stored."""
        return _TURN.dump_json(self)

    @staticmethod
    def from_json(content: bytes) -> "Turn":
        """Read what `to_json` made."""
        return _TURN.validate_json(content)


_TURN = TypeAdapter(Turn)


def prompt_of(text: str) -> Turn:
    """Return the turn of a message that nobody has answered yet."""
    return Turn(messages=[ModelRequest(parts=[UserPromptPart(content=text)])])


def begun_in(turns: Sequence[Turn], n: int) -> int:
    """Return the turn whose calls turn `n` goes on with; `n` where it answers a message.

    A call that waited, for an approval or a connection, runs in a later turn than the one that
    made it; those between hold nothing that the model said.
    """
    if n < 0 or turns[n].is_message:
        return max(n, 0)
    for before in range(n - 1, -1, -1):
        if any(isinstance(message, ModelResponse) for message in turns[before].messages):
            return before
    return 0


def _is_asked(message: ModelMessage) -> bool:
    return any(isinstance(part, UserPromptPart) for part in message.parts)
