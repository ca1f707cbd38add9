"""A call that waits for a person, and what became of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from pydantic import TypeAdapter
from pydantic_ai.messages import ModelResponse

from xerus.assistant.changes import Preview
from xerus.assistant.turns import Turn

LIFE = timedelta(minutes=30)


class Kind(StrEnum):
    """What a call waits for."""

    APPROVAL = "approval"
    CONNECTION = "connection"


class Decision(StrEnum):
    """How a wait ended.

    APPROVED: of a call that waited for a connection, that it went on. SUPERSEDED: the person wrote
    something else instead. DISCONNECTED: Atlassian was disconnected meanwhile.
    """

    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    DISCONNECTED = "disconnected"


@dataclass(kw_only=True)
class More:
    """What a person changed of a call, and said of it.

    Attributes:
        arguments: in place of those that the model gave; None while they are the model's.
        preview: of the changed call.
        reason: why it was declined, for the model; may be empty.
    """

    arguments: dict[str, Any] | None = None
    preview: Preview | None = None
    reason: str = ""

    def to_json(self) -> bytes:
        """Return what is sealed and stored."""
        return _MORE.dump_json(self)

    @staticmethod
    def from_json(content: bytes) -> "More":
        """Read what `to_json` made."""
        return _MORE.validate_json(content)


_MORE = TypeAdapter(More)


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One wait as stored.

    Attributes:
        id: what a page names it by; never the model's own id of the call.
        turn: number of the turn whose run ended with the wait.
        call_hash: `calls.call_hash` of what was shown.
    """

    id: str
    turn: int
    call_id: str
    tool: str
    call_hash: bytes
    asked_at: datetime
    expires_at: datetime
    decision: Decision | None
    decided_at: datetime | None = None
    kind: Kind = Kind.APPROVAL
    more: More = field(default_factory=More)

    @property
    def shown(self) -> str:
        """What a form sends back, so that it decides about the call that it shows."""
        return self.call_hash.hex()

    def waits(self, now: datetime) -> bool:
        """Whether the person can still decide."""
        return self.decision is None and now < self.expires_at


Approvals: TypeAlias = dict[tuple[int, str], Approval]
"""The waits of a conversation by turn and the model's id of the call."""


def until_the_model(turns: Sequence[Turn], n: int) -> Iterator[Turn]:
    """Yield turn `n` and those after it, up to the one in which the model speaks again."""
    for later, turn in enumerate(turns[n:]):
        yield turn
        if later and any(isinstance(one, ModelResponse) for one in turn.messages):
            return


def waits_of(
    turns: Sequence[Turn], approvals: Approvals, turn: int, call_id: str
) -> list[Approval]:
    """Return the waits of a call that the last response of a turn made, oldest first.

    A call may wait again after it went on: for its connection, then for its approval. It waits at
    the end of a run, so until the model has spoken again each turn may bring one more.
    """
    found: list[Approval] = []
    for n in range(turn, len(turns)):
        if n > turn and any(isinstance(one, ModelResponse) for one in turns[n].messages):
            break
        if wait := approvals.get((n, call_id)):
            found.append(wait)
    return found


def went_on(turns: Sequence[Turn], wait: Approval) -> bool:
    """Whether a run followed the decision: it begins once no other call of that turn waits."""
    return wait.turn + 1 < len(turns) and not turns[wait.turn + 1].is_message
