"""From what was decided about calls that waited to what a run is to do with them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic_ai import DeferredToolResults, ToolApproved, ToolDenied
from pydantic_ai.messages import ModelMessage, ModelResponse, ToolCallPart

from xerus.assistant.approvals import Approval, Decision, Kind, More
from xerus.assistant.calls import call_hash
from xerus.assistant.history import messages_of, not_run
from xerus.assistant.journal import Content, Waiting
from xerus.assistant.turns import CallNote, Turn

CHANGED = "Not run: this is not what the person approved."


@dataclass(frozen=True, kw_only=True)
class Approved:
    """What a person approved: one call, as whom it was then, and whether they changed it.

    `definition` is the digest of the tool, where another server has it.
    """

    call_hash: bytes
    account: str = ""
    definition: str = ""
    edited: bool = False


@dataclass(kw_only=True)
class Decided:
    """What a run does with the calls that waited.

    Attributes:
        history: everything before it, the calls still open.
        results: for the library, by the model's id of the call.
        approved: the calls that may run, by that id.
        resumed: those that waited for a connection and are to be begun anew, by that id.
        asked: the titles of the tools of all these, by name.
        changed: arguments that a person put in the place of the model's.
    """

    history: list[ModelMessage] = field(default_factory=list)
    results: DeferredToolResults | None = None
    approved: dict[str, Approved] = field(default_factory=dict)
    resumed: set[str] = field(default_factory=set)
    asked: dict[str, str] = field(default_factory=dict)
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)


def decided(content: Content, turn: int) -> Decided:
    """Return what is to become of the calls that waited at the end of a turn."""
    found = Decided(
        history=messages_of(content.turns[: turn + 1], content.approvals, last_is_open=True),
        results=DeferredToolResults(),
    )
    for call in _last_calls(found.history):
        wait = content.approvals.get((turn, call.tool_call_id))
        if wait is not None:
            note = content.turns[turn].calls.get(call.tool_call_id)
            _decide(found, call, wait, note or CallNote(title=call.tool_name))
    return found


def waiting(calls: Sequence[ToolCallPart], turn: Turn, decisions: Decided) -> list[Waiting]:
    """Return the calls with which a run ended, as they are to be stored."""
    return [_waiting(call, turn, decisions) for call in calls]


def _waiting(call: ToolCallPart, turn: Turn, decisions: Decided) -> Waiting:
    changed = decisions.changed.get(call.tool_call_id)
    return Waiting(
        call_id=call.tool_call_id,
        tool=call.tool_name,
        kind=Kind(turn.calls[call.tool_call_id].waits_for or Kind.APPROVAL),
        arguments=call.args_as_dict() if changed is None else changed,
        more=More(arguments=changed),
    )


def _decide(found: Decided, call: ToolCallPart, wait: Approval, note: CallNote) -> None:
    assert found.results is not None
    call_id, changed = call.tool_call_id, wait.more.arguments
    arguments = call.args_as_dict() if changed is None else changed
    if wait.decision is not Decision.APPROVED:
        found.results.approvals[call_id] = ToolDenied(not_run(wait))
    elif wait.call_hash != call_hash(call.tool_name, arguments):
        found.results.approvals[call_id] = ToolDenied(CHANGED)
    else:
        found.results.approvals[call_id] = ToolApproved(override_args=changed)
        found.asked[call.tool_name] = note.title
        if changed is not None:
            found.changed[call_id] = changed
        if wait.kind is Kind.CONNECTION:
            found.resumed.add(call_id)
        else:
            found.approved[call_id] = Approved(
                call_hash=wait.call_hash,
                account=note.account,
                definition=note.definition,
                edited=changed is not None,
            )


def _last_calls(history: Sequence[ModelMessage]) -> list[ToolCallPart]:
    responses = [message for message in history if isinstance(message, ModelResponse)]
    return list(responses[-1].tool_calls) if responses else []
