"""The messages as the model gets them: every call has a result, also one that never ran."""

from collections.abc import Sequence
from dataclasses import replace

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from xerus.assistant.approvals import (
    Approval,
    Approvals,
    Decision,
    Kind,
    until_the_model,
    waits_of,
    went_on,
)
from xerus.assistant.turns import CallNote, Cut, Turn

INTERRUPTED = "Interrupted: it is not known whether this was done. Look before it is tried again."
CANCELLED = "Cancelled before there was a result. It only reads, so nothing was changed."
UNUSABLE = "Not run: the call was not as its tool wants it, or there is no such tool."
LEFT = "Not run: another call of the same answer, which had to be decided as well, was not."
_CUTS = {
    Cut.STOPPED: "[This answer was stopped before it was finished.]",
    Cut.INTERRUPTED: "[A restart of the server cut this answer off before it was finished.]",
    Cut.LATE: "[This answer took too long and was cut off before it was finished.]",
    Cut.LENGTH: "[This answer was cut off because it reached the most that may be written at once.]",
}
"""What the model is told in place of the rest of an answer."""
_NOT_APPROVED = {
    Decision.APPROVED: INTERRUPTED,
    Decision.DECLINED: "Not run: the person declined it.",
    Decision.EXPIRED: "Not run: nobody approved it in time.",
    Decision.SUPERSEDED: "Not run: the person wrote something else instead of approving it.",
    Decision.DISCONNECTED: "Not run: the person disconnected Atlassian before approving it.",
    None: "Not run: it was not approved.",
}
_NOT_CONNECTED = {
    Decision.APPROVED: INTERRUPTED,
    Decision.DECLINED: "Not run: the person gave it up instead of connecting the account that it needs.",
    Decision.EXPIRED: "Not run: the account that it needs was not connected in time.",
    Decision.SUPERSEDED: "Not run: the person wrote something else instead of connecting the account"
    " that it needs.",
    Decision.DISCONNECTED: "Not run: the account that it needs is not connected.",
    None: "Not run: the account that it needs is not connected.",
}
_WORDS = {Kind.APPROVAL: _NOT_APPROVED, Kind.CONNECTION: _NOT_CONNECTED}


def not_run(wait: Approval) -> str:
    """Return what the model is told about a call that waited and did not run."""
    told = _WORDS[wait.kind][wait.decision]
    return f"{told} The person says: {wait.more.reason}" if wait.more.reason else told


def messages_of(
    turns: Sequence[Turn], approvals: Approvals, *, last_is_open: bool = False
) -> list[ModelMessage]:
    """Return all messages, with a result for each call that never got one.

    A provider refuses a history with a call that has no result, and a model that is not told
    believes that the call was made.

    Args:
        turns: the conversation, oldest first.
        approvals: those of the conversation.
        last_is_open: leave the last response's calls alone; their results come with the next run.
    """
    messages = [(n, message) for n, turn in enumerate(turns) for message in _told(turn)]
    last = max(
        (index for index, (_, one) in enumerate(messages) if isinstance(one, ModelResponse)),
        default=-1,
    )
    result: list[ModelMessage] = []
    for index, (n, message) in enumerate(messages):
        if last_is_open and index > last + 1:
            result[-1] = _joined(result[-1], message)
            continue
        result.append(message)
        if not isinstance(message, ModelResponse) or (last_is_open and index == last):
            continue
        following = [later for _, later in messages[index + 1 :]]
        if lacking := _without_result(message, following):
            closed = [_closed(call, n, turns, approvals) for call in lacking]
            result.append(ModelRequest(parts=closed))
    return result


def is_harmless(call_id: str, n: int, turns: Sequence[Turn]) -> bool:
    """Whether a call of turn `n` that has no result only reads, which a note of it says."""
    return any(note.reads for note in _notes(call_id, n, turns))


def is_unbegun(call_id: str, n: int, turns: Sequence[Turn]) -> bool:
    """Whether a call of turn `n` was never sent: it is noted before, and that run came to its end.

    One that was cut off may have been sent in the moment before its note was stored.
    """
    return bool(turns[n].problem and not turns[n].cut) and not any(_notes(call_id, n, turns))


def _notes(call_id: str, n: int, turns: Sequence[Turn]) -> list[CallNote]:
    notes = (turn.calls.get(call_id) for turn in until_the_model(turns, n))
    return [note for note in notes if note]


def tidied(messages: Sequence[ModelMessage]) -> list[ModelMessage]:
    """Return the messages without responses that say nothing, which no provider takes back."""
    return [one for one in messages if not (isinstance(one, ModelResponse) and _is_empty(one))]


def _is_empty(response: ModelResponse) -> bool:
    return all(isinstance(part, TextPart) and not part.content.strip() for part in response.parts)


def _told(turn: Turn) -> list[ModelMessage]:
    if turn.aside:
        return []
    if turn.cut is None:
        return turn.messages
    return [*turn.messages, ModelRequest(parts=[UserPromptPart(content=_CUTS[turn.cut])])]


def _joined(one: ModelMessage, other: ModelMessage) -> ModelMessage:
    """Return two requests as one: the library looks for results in the first one only."""
    assert isinstance(one, ModelRequest)
    assert isinstance(other, ModelRequest)
    return replace(one, parts=[*one.parts, *other.parts])


def answered(message: ModelMessage) -> set[str]:
    """Return the ids of the calls whose results a message brings."""
    if not isinstance(message, ModelRequest):
        return set()
    return {part.tool_call_id for part in message.parts if isinstance(part, ToolReturnPart)}


def _without_result(
    response: ModelResponse, following: Sequence[ModelMessage]
) -> list[ToolCallPart]:
    given: set[str] = set()
    for message in following:
        if isinstance(message, ModelResponse):
            break
        given |= answered(message)
    return [call for call in response.tool_calls if call.tool_call_id not in given]


def _closed(
    call: ToolCallPart, n: int, turns: Sequence[Turn], approvals: Approvals
) -> ToolReturnPart:
    waits = waits_of(turns, approvals, n, call.tool_call_id)
    unknown = not waits or waits[-1].decision is Decision.APPROVED
    content = not_run(waits[-1]) if waits else INTERRUPTED
    if unknown and waits and not went_on(turns, waits[-1]):
        unknown, content = False, LEFT
    elif unknown and is_unbegun(call.tool_call_id, n, turns):
        unknown, content = False, UNUSABLE
    elif unknown and is_harmless(call.tool_call_id, n, turns):
        content = CANCELLED
    return ToolReturnPart(
        tool_name=call.tool_name,
        tool_call_id=call.tool_call_id,
        content=content,
        outcome="interrupted" if unknown else "denied",
    )
