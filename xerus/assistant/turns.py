"""One turn of a conversation: the messages of one run of the model, and what we noted beside them."""

from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import TypeAdapter
from pydantic_ai.messages import ModelMessage, ModelRequest, UserPromptPart


class Cut(StrEnum):
    """What ended a run before its answer was finished."""

    STOPPED = "stopped"
    """The person stopped it."""
    INTERRUPTED = "interrupted"
    """The process that wrote it ended."""
    LATE = "late"
    """It took longer than an answer may."""


@dataclass(kw_only=True)
class CallNote:
    """What the messages do not say about a call.

    Attributes:
        title: the tool's title for people.
        seconds: how long it took; None while it runs and where it never ran.
        facts: how what it would change stood when approval was asked for, by name.
        reads: whether the tool changes nothing.
        connect_url: where to connect Atlassian, when the call needed that first.
    """

    title: str
    seconds: float | None = None
    connect_url: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    reads: bool = False


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a run ended without an answer, in words for the person."""

    message: str
    hint: str = ""
    correlation_id: str = ""


@dataclass(kw_only=True)
class Turn:
    """A person's message or decision, and everything that followed from it.

    `cut` says what ended it early; what was written until then stays. `aside`: the person had it
    answered again, so it is history that the model no longer gets.
    """

    messages: list[ModelMessage] = field(default_factory=list)
    calls: dict[str, CallNote] = field(default_factory=dict)
    problem: Problem | None = None
    cut: Cut | None = None
    aside: bool = False

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
