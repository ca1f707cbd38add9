"""The messages as the model gets them: every call has a result, also one that never ran."""

from collections.abc import Sequence

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from xerus.assistant.approvals import Approvals, Decision
from xerus.assistant.turns import Cut, Turn

INTERRUPTED = "Interrupted: it is not known whether this was done. Look before it is tried again."
CANCELLED = "Cancelled before there was a result. It only reads, so nothing was changed."
_CUTS = {
    Cut.STOPPED: "[The person stopped this answer before it was finished.]",
    Cut.INTERRUPTED: "[A restart of the server cut this answer off before it was finished.]",
    Cut.LATE: "[This answer took too long and was cut off before it was finished.]",
}
"""What the model is told in place of the rest of an answer."""
_NOT_RUN = {
    Decision.APPROVED: INTERRUPTED,
    Decision.DECLINED: "Not run: the person declined it.",
    Decision.EXPIRED: "Not run: nobody approved it in time.",
    Decision.SUPERSEDED: "Not run: the person wrote something else instead of approving it.",
    None: "Not run: it was not approved.",
}


def not_run(decision: Decision | None) -> str:
    """Return what the model is told about a call that waited for approval and did not run."""
    return _NOT_RUN[decision]


def messages_of(
    turns: Sequence[Turn], approvals: Approvals, *, last_is_open: bool = False
) -> list[ModelMessage]:
    """Return all messages, with a result for each call that never got one.

    A provider refuses a history with a call that has no result, and a model that is not told
    believes that the call was made.

    Args:
        turns: the conversation, oldest first.
        approvals: those of the conversation.
        last_is_open: leave the calls of the last turn alone; their results come with the next run.
    """
    messages = [(n, message) for n, turn in enumerate(turns) for message in _told(turn)]
    result: list[ModelMessage] = []
    for index, (n, message) in enumerate(messages):
        result.append(message)
        if not isinstance(message, ModelResponse) or (last_is_open and n == len(turns) - 1):
            continue
        following = [later for _, later in messages[index + 1 :]]
        lacking = _without_result(message, following)
        if lacking:
            closed = [_closed(call, n, turns, approvals) for call in lacking]
            result.append(ModelRequest(parts=closed))
    return result


def is_harmless(call_id: str, n: int, turns: Sequence[Turn]) -> bool:
    """Whether a call of turn `n` that has no result only reads, which a note of it says."""
    notes = (turn.calls.get(call_id) for turn in turns[n : n + 2])
    return any(note.reads for note in notes if note)


def _told(turn: Turn) -> list[ModelMessage]:
    if turn.aside:
        return []
    if turn.cut is None:
        return turn.messages
    return [*turn.messages, ModelRequest(parts=[UserPromptPart(content=_CUTS[turn.cut])])]


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
    approval = approvals.get((n, call.tool_call_id))
    unknown = approval is None or approval.decision is Decision.APPROVED
    content = INTERRUPTED if approval is None else not_run(approval.decision)
    if is_harmless(call.tool_call_id, n, turns):
        content = CANCELLED
    return ToolReturnPart(
        tool_name=call.tool_name,
        tool_call_id=call.tool_call_id,
        content=content,
        outcome="interrupted" if unknown else "denied",
    )
