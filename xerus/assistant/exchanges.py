"""A person's message with everything up to the next one: what can be repeated, or branched from."""

from collections.abc import Sequence

from pydantic_ai.messages import ModelRequest, ModelResponse, UserPromptPart

from xerus.assistant.approvals import Approvals, Decision, waits_of
from xerus.assistant.history import is_harmless, is_unbegun
from xerus.assistant.turns import Turn

ALREADY_DONE = "Answer that again. What was changed for it is already done: do not do it again."
"""What a person is taken to say who repeats a request that has changed something."""


def asked(turn: Turn) -> str | None:
    """Return the person's message that a turn begins with; None where it follows a decision."""
    for message in turn.messages[:1]:
        for part in message.parts if isinstance(message, ModelRequest) else ():
            if isinstance(part, UserPromptPart) and isinstance(part.content, str):
                return part.content
    return None


def last_asked(turns: Sequence[Turn]) -> int | None:
    """Return the number of the turn that the person's last message began."""
    return next((n for n in range(len(turns) - 1, -1, -1) if asked(turns[n]) is not None), None)


def end_of(turns: Sequence[Turn], n: int) -> int:
    """Return the number of the turn after the last one that follows from the message of turn `n`."""
    later = range(n + 1, len(turns))
    return next((k for k in later if asked(turns[k]) is not None), len(turns))


def changed_something(turns: Sequence[Turn], approvals: Approvals, since: int) -> bool:
    """Whether a call of the turns from `since` on has changed something, or may have.

    One that was not approved has not, and one that lacked a connection was never sent.
    """
    return any(
        not _is_harmless(call.tool_call_id, n, turns, approvals)
        for n in range(since, len(turns))
        for message in turns[n].messages
        if isinstance(message, ModelResponse)
        for call in message.tool_calls
    )


def _is_harmless(call_id: str, n: int, turns: Sequence[Turn], approvals: Approvals) -> bool:
    waits = waits_of(turns, approvals, n, call_id)
    if waits and waits[-1].decision is not Decision.APPROVED:
        return True
    return is_unbegun(call_id, n, turns) or is_harmless(call_id, n, turns)
