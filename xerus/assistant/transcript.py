"""Turns what is stored into what the page shows."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

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
from xerus.assistant.approvals import (
    Approval,
    Decision,
    Kind,
    until_the_model,
    waits_of,
    went_on,
)
from xerus.assistant.changes import Preview
from xerus.assistant.entries import (
    ApprovalEntry,
    AsideEntry,
    AssistantEntry,
    CallState,
    CutEntry,
    Entry,
    ErrorEntry,
    NeedsConnectionEntry,
    NoticeEntry,
    PersonEntry,
    ToolEntry,
    UsageEntry,
    WaitState,
)
from xerus.assistant.history import CANCELLED, INTERRUPTED, LEFT, UNUSABLE, is_harmless, is_unbegun
from xerus.assistant.journal import Content
from xerus.assistant.marks import readable
from xerus.assistant.preview import by_arguments, exact, rows_of
from xerus.assistant.rendering import blocks_of
from xerus.assistant.spending import in_words, together
from xerus.assistant.turns import CallNote, Cut, Turn, begun_in
from xerus.tools.untrusted import one_line

_SHORTENED = "Earlier messages were summarised for the model; you still see all of them."
_LEFT_OUT = (
    "Earlier messages were left out for the model, because they are too long for it and could not be"
    " summarised; you still see all of them. Say again what matters of them."
)
_OUTCOMES: dict[str, CallState] = {"success": "ok", "denied": "declined"}
_DECISIONS: dict[Decision, WaitState | None] = {
    Decision.APPROVED: None,
    Decision.DECLINED: "declined",
    Decision.EXPIRED: "expired",
    Decision.SUPERSEDED: "superseded",
    Decision.DISCONNECTED: "disconnected",
}
_HOW: dict[Cut, Literal["stopped", "interrupted", "cut off"]] = {
    Cut.STOPPED: "stopped",
    Cut.INTERRUPTED: "interrupted",
    Cut.LENGTH: "cut off",
}
_HELD: tuple[WaitState, ...] = ("declined", "expired", "superseded", "disconnected", "waiting")


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
        self._unsure = -1  # the newest turn with a call whose outcome nobody knows

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
                    if place == 0:
                        yield from self._notices(n)
                case ModelResponse():
                    yield from self._response(n, place, message)
        yield from self._used(n)
        yield from self._end(n, turn)

    def _used(self, n: int) -> Iterator[Entry]:
        """Say at the end of what followed from a message what all of that used."""
        turns = self._content.turns
        newest = n == len(turns) - 1
        if (newest and self._content.running) or not (newest or turns[n + 1].is_message):
            return
        begun = max((at for at in range(n + 1) if turns[at].is_message), default=0)
        spending = [turn for turn in turns[begun : n + 1] if turn.spent is not None]
        spent = together([turn.spent for turn in spending if turn.spent is not None])
        if spent is not None and spent.requests:
            yield UsageEntry(
                models=tuple(dict.fromkeys(turn.model or demo.NAME for turn in spending)),
                words=in_words(spent),
                requests=spent.requests,
                tokens_in=spent.tokens_in,
                cached=spent.cached,
                tokens_out=spent.tokens_out,
                seconds=round(spent.seconds, 2),
                cost=None if spent.cost is None else f"{spent.cost:f}",
            )

    def _notices(self, n: int) -> Iterator[Entry]:
        if how := self._content.turns[n].shortened:
            yield NoticeEntry(text=_SHORTENED if how.summary else _LEFT_OUT, tone="busy")
        told = {text for turn in self._content.turns[:n] for text in turn.notices}
        for text in self._content.turns[n].notices:
            if text not in told:
                yield NoticeEntry(text=text)

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
        waits = waits_of(self._content.turns, self._content.approvals, n, call.tool_call_id)
        shown = [wait for wait in waits if wait.kind is Kind.APPROVAL]
        if shown:
            yield self._approval(shown[-1], call)
            if waits[-1].kind is Kind.APPROVAL and waits[-1].decision is not Decision.APPROVED:
                return
        yield self._tool(n, call, result, waits)

    def _approval(self, wait: Approval, call: ToolCallPart) -> ApprovalEntry:
        note = self._asked(wait.turn, call)
        arguments = _arguments(call, wait)
        preview = wait.more.preview or note.preview or by_arguments(arguments)
        return ApprovalEntry(
            call_id=wait.id,
            title=note.title,
            tool=note.tool or call.tool_name,
            target=one_line(preview.target),
            rows=rows_of(preview),
            notes=tuple(preview.notes),
            arguments=exact(arguments),
            expires_at=wait.expires_at,
            state=self._state(wait) or "approved",
            shown=wait.shown,
            account=note.account,
            may_allow=note.may_allow,
            deletes=note.deletes,
            edited=wait.more.arguments is not None,
            reason=wait.more.reason,
            origin=note.origin,
            asked_at=wait.asked_at,
            decided_at=wait.decided_at,
        )

    def _state(self, wait: Approval) -> WaitState | None:
        """Return how a wait stands, None where it is over and the call went on."""
        if wait.decision is not None:
            return _DECISIONS[wait.decision]
        return "waiting" if wait.waits(self._now) else "expired"

    def _tool(
        self,
        n: int,
        call: ToolCallPart,
        result: ToolReturnPart | None,
        waits: Sequence[Approval],
    ) -> ToolEntry:
        note = self._note(n, call)
        state, text = self._outcome(n, call, result, waits)
        shown = note.preview if note.allowed and note.preview else Preview()
        return ToolEntry(
            name=note.tool or call.tool_name,
            title=note.title,
            arguments=exact(_arguments(call, waits[-1] if waits else None)),
            result=text,
            state=state,
            seconds=note.seconds if state in {"ok", "failed"} else None,
            size=None if result is None else len(text.encode()),
            at=result.timestamp if result is not None else None,
            allowed=note.allowed,
            target=one_line(shown.target),
            rows=rows_of(shown),
            notes=tuple(shown.notes),
            origin=note.origin,
        )

    def _outcome(
        self,
        n: int,
        call: ToolCallPart,
        result: ToolReturnPart | None,
        waits: Sequence[Approval],
    ) -> tuple[CallState, str]:
        if result is not None:
            return _OUTCOMES.get(result.outcome, "failed"), readable(_text(result))
        if waits and (held := self._held_up(waits[-1])):
            return held
        if self._content.running and not self._answered(n + 1):
            return "running", ""
        if is_unbegun(call.tool_call_id, n, self._content.turns):
            return "failed", UNUSABLE
        if is_harmless(call.tool_call_id, n, self._content.turns):
            return "cancelled", CANCELLED
        self._unsure = n
        return "unknown", INTERRUPTED

    def _held_up(self, wait: Approval) -> tuple[CallState, str] | None:
        """Return how a call stands that waited last and did not go on, None where it did."""
        match self._state(wait):
            case None if went_on(self._content.turns, wait):
                return None
            case None:
                waits = any(
                    one.waits(self._now)
                    for one in self._content.approvals.values()
                    if one.turn == wait.turn
                )
                return ("waiting", "") if waits else ("declined", LEFT)
            case "waiting":
                return "waiting", ""
            case _:
                return "declined", ""

    def _answered(self, n: int) -> bool:
        """Whether the model has spoken in a turn or after it."""
        return any(
            isinstance(message, ModelResponse)
            for turn in self._content.turns[n:]
            for message in turn.messages
        )

    def _end(self, n: int, turn: Turn) -> Iterator[Entry]:
        if turn.problem is not None:
            yield ErrorEntry(
                message=turn.problem.message,
                hint=turn.problem.hint,
                correlation_id=turn.problem.correlation_id,
            )
        newest = n == len(self._content.turns) - 1
        if how := _HOW.get(turn.cut) if turn.cut else None:
            unsure = self._unsure >= begun_in(self._content.turns, n)
            yield CutEntry(how=how, newest=newest, unsure=unsure)
        yield from self._held(n, turn)

    def _held(self, n: int, turn: Turn) -> Iterator[Entry]:
        """Say of the calls that waited here for the same connection; nothing once they went on."""
        held = [
            (wait, turn.calls[call_id])
            for (at, call_id), wait in self._content.approvals.items()
            if at == n and wait.kind is Kind.CONNECTION and call_id in turn.calls
        ]
        for state in _HELD:
            for server in dict.fromkeys(note.connects for _, note in held):
                group = [
                    one
                    for one in held
                    if one[1].connects == server and self._state(one[0]) == state
                ]
                if group:
                    yield _needs_connection(group, state)

    def _asked(self, n: int, call: ToolCallPart) -> CallNote:
        """Return the note of when approval was asked for."""
        return self._content.turns[n].calls.get(call.tool_call_id, CallNote(title=call.tool_name))

    def _note(self, n: int, call: ToolCallPart) -> CallNote:
        """Return the newest note: a call that waited ran in a turn after the one that made it."""
        found = CallNote(title=call.tool_name)
        for turn in until_the_model(self._content.turns, n):
            found = turn.calls.get(call.tool_call_id, found)
        return found

    def _result(self, n: int, place: int, call_id: str) -> ToolReturnPart | None:
        """Return the result that came after a response and before the next one."""
        following = self._content.turns[n].messages[place + 1 :]
        for turn in self._content.turns[n + 1 :]:
            following = following + turn.messages
        for message in following:
            if isinstance(message, ModelResponse):
                return None
            for part in message.parts:
                if isinstance(part, ToolReturnPart) and (part.tool_call_id == call_id):
                    return part
        return None


def _needs_connection(
    group: Sequence[tuple[Approval, CallNote]], state: WaitState
) -> NeedsConnectionEntry:
    notes = [note for _, note in group]
    return NeedsConnectionEntry(
        call_ids=tuple(wait.id for wait, _ in group),
        titles=tuple(dict.fromkeys(note.title for note in notes)),
        asked_at=max(wait.asked_at for wait, _ in group),
        expires_at=min(wait.expires_at for wait, _ in group),
        state=state,
        lacking=tuple(sorted({one for note in notes for one in note.lacking})),
        name=notes[0].connects_name or "Atlassian",
        server=notes[0].connects,
    )


def _arguments(call: ToolCallPart, wait: Approval | None) -> dict[str, Any]:
    """Return what a person made of a call, else what the model gave."""
    changed = wait.more.arguments if wait else None
    return call.args_as_dict() if changed is None else changed


def _written(request: ModelRequest, n: int | None) -> Iterator[Entry]:
    for part in request.parts:
        if isinstance(part, UserPromptPart) and isinstance(part.content, str):
            yield PersonEntry(text=part.content, turn=n, at=part.timestamp)


def _author(response: ModelResponse) -> str:
    return "Demo model" if response.model_name == demo.NAME else response.model_name or "Xerus"


def _text(result: ToolReturnPart) -> str:
    if result.outcome == "retried" and isinstance(result.content, list):
        wrong = "; ".join(str(one["msg"]) for one in result.content)
        return (
            f"Not run: the arguments were not as the tool wants them ({wrong}). The model was told."
        )
    return result.content if isinstance(result.content, str) else result.model_response_str()
