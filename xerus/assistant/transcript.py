"""Turns what is stored into what the page shows."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from markupsafe import Markup
from pydantic_ai.messages import (
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from xerus.assistant import demo
from xerus.assistant.approvals import Approval, Decision
from xerus.assistant.entries import (
    ApprovalEntry,
    ApprovalState,
    AsideEntry,
    AssistantEntry,
    CallState,
    CutEntry,
    Entry,
    ErrorEntry,
    NeedsConnectionEntry,
    PersonEntry,
    ToolEntry,
)
from xerus.assistant.history import CANCELLED, INTERRUPTED, is_harmless
from xerus.assistant.journal import Content
from xerus.assistant.marks import readable
from xerus.assistant.preview import exact, preview
from xerus.assistant.rendering import blocks_of
from xerus.assistant.turns import CallNote, Cut, Turn

_OUTCOMES: dict[str, CallState] = {"success": "ok", "denied": "declined"}
_DECISIONS: dict[Decision, ApprovalState] = {
    Decision.APPROVED: "approved",
    Decision.DECLINED: "declined",
    Decision.EXPIRED: "expired",
    Decision.SUPERSEDED: "expired",
}
_CONNECT = "Xerus needs your permission at Atlassian first. Nothing was sent. Ask again after it."


def transcript(
    content: Content, *, now: datetime, since: int = 0, until: int | None = None
) -> list[Entry]:
    """Return the entries of a conversation's turns from `since` to before `until`, oldest first."""
    page = _Page(content, now)
    return [entry for n in range(len(content.turns))[since:until] for entry in page.turn(n)]


class _Page:
    def __init__(self, content: Content, now: datetime) -> None:
        self._content = content
        self._now = now

    def turn(self, n: int) -> Iterator[Entry]:
        """Yield the entries of a turn; of one that was set aside, one entry that holds them."""
        if self._content.turns[n].aside:
            yield AsideEntry(entries=tuple(self._entries(n)))
        else:
            yield from self._entries(n)

    def _entries(self, n: int) -> Iterator[Entry]:
        turn = self._content.turns[n]
        for place, message in enumerate(turn.messages):
            match message:
                case ModelRequest():
                    yield from _written(message, None if turn.aside else n)
                case ModelResponse():
                    yield from self._response(n, place, message)
        yield from self._end(n, turn)

    def _response(self, n: int, place: int, response: ModelResponse) -> Iterator[Entry]:
        for part in response.parts:
            match part:
                case TextPart() if part.content.strip():
                    blocks = blocks_of(part.content)
                    html = Markup("").join(blocks)
                    yield AssistantEntry(
                        author=_author(response),
                        html=html,
                        blocks=blocks,
                        text=part.content,
                        at=response.timestamp,
                    )
                case ToolCallPart():
                    yield from self._call(n, part, self._result(n, place, part.tool_call_id))
                case _:
                    pass

    def _call(self, n: int, call: ToolCallPart, result: ToolReturnPart | None) -> Iterator[Entry]:
        approval = self._content.approvals.get((n, call.tool_call_id))
        note = self._note(n, call)
        if approval is not None:
            yield self._approval(approval, note, call)
            if approval.decision is not Decision.APPROVED:
                return
        yield self._tool(n, call, result, note)

    def _approval(self, approval: Approval, note: CallNote, call: ToolCallPart) -> ApprovalEntry:
        if approval.decision is not None:
            state = _DECISIONS[approval.decision]
        else:
            state = "waiting" if approval.waits(self._now) else "expired"
        return ApprovalEntry(
            call_id=approval.id,
            title=note.title,
            tool=call.tool_name,
            preview=preview(call.args_as_dict(), self._asked(approval.turn, call).facts),
            arguments=exact(call.args_as_dict()),
            expires_at=approval.expires_at,
            state=state,
        )

    def _tool(
        self, n: int, call: ToolCallPart, result: ToolReturnPart | None, note: CallNote
    ) -> ToolEntry:
        turns, size = self._content.turns, None
        state: CallState
        if result is not None:
            text = readable(_text(result))
            state, size = _OUTCOMES.get(result.outcome, "failed"), len(text.encode())
        elif self._content.running and n >= len(turns) - 2:
            state, text = "running", ""
        elif is_harmless(call.tool_call_id, n, turns):
            state, text = "cancelled", CANCELLED
        else:
            state, text = "unknown", INTERRUPTED
        return ToolEntry(
            name=call.tool_name,
            title=note.title,
            arguments=exact(call.args_as_dict()),
            result=text,
            state=state,
            seconds=note.seconds if state in {"ok", "failed"} else None,
            size=size,
            at=result.timestamp if result is not None else None,
        )

    def _end(self, n: int, turn: Turn) -> Iterator[Entry]:
        if turn.problem is not None:
            yield ErrorEntry(
                message=turn.problem.message,
                hint=turn.problem.hint,
                correlation_id=turn.problem.correlation_id,
            )
        newest = n == len(self._content.turns) - 1
        if turn.cut in {Cut.STOPPED, Cut.INTERRUPTED}:
            how: Literal["stopped", "interrupted"] = (
                "stopped" if turn.cut is Cut.STOPPED else "interrupted"
            )
            yield CutEntry(how=how, newest=newest)
        url = next((note.connect_url for note in turn.calls.values() if note.connect_url), "")
        # Only the newest is an invitation; older ones are history and would be many buttons.
        if url and newest:
            yield NeedsConnectionEntry(text=_CONNECT, url=url)

    def _asked(self, n: int, call: ToolCallPart) -> CallNote:
        """Return the note of when approval was asked for."""
        return self._content.turns[n].calls.get(call.tool_call_id, CallNote(title=call.tool_name))

    def _note(self, n: int, call: ToolCallPart) -> CallNote:
        """Return the newest note: an approved call ran in the turn after the one that asked."""
        for turn in reversed(self._content.turns[n : n + 2]):
            if call.tool_call_id in turn.calls:
                return turn.calls[call.tool_call_id]
        return CallNote(title=call.tool_name)

    def _result(self, n: int, place: int, call_id: str) -> ToolReturnPart | None:
        """Return the result that came after a response and before the next one."""
        turns = self._content.turns
        following = turns[n].messages[place + 1 :] + (
            turns[n + 1].messages if n + 1 < len(turns) else []
        )
        for message in following:
            if isinstance(message, ModelResponse):
                return None
            for part in message.parts:
                if isinstance(part, ToolReturnPart) and (part.tool_call_id == call_id):
                    return part
        return None


def _written(request: ModelRequest, n: int | None) -> Iterator[Entry]:
    for part in request.parts:
        if isinstance(part, UserPromptPart) and isinstance(part.content, str):
            yield PersonEntry(text=part.content, turn=n, at=part.timestamp)


def _author(response: ModelResponse) -> str:
    return "Demo model" if response.model_name == demo.NAME else response.model_name or "Xerus"


def _text(result: ToolReturnPart) -> str:
    return result.content if isinstance(result.content, str) else result.model_response_str()
