from datetime import UTC, datetime

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from xerus.assistant.alternating import joined
from xerus.assistant.approvals import Approval, Decision
from xerus.assistant.changes import Preview
from xerus.assistant.history import messages_of
from xerus.assistant.turns import CallNote, Problem, Turn, prompt_of

CALL = ToolCallPart(tool_name="write", args={"a": 1}, tool_call_id="c1")


def approval(decision: Decision | None) -> Approval:
    return Approval(
        id="a1",
        turn=0,
        call_id="c1",
        tool="write",
        call_hash=b"",
        asked_at=datetime(2026, 1, 1, tzinfo=UTC),
        expires_at=datetime(2026, 1, 1, tzinfo=UTC),
        decision=decision,
    )


def closing(decision: Decision | None, *following: Turn) -> ToolReturnPart:
    asked = Turn(messages=[*prompt_of("x").messages, ModelResponse(parts=[CALL])])
    turns = [asked, *following, prompt_of("y")]
    messages = messages_of(turns, {(0, "c1"): approval(decision)})
    closed = messages[2]
    assert isinstance(closed, ModelRequest)
    [part] = closed.parts
    assert isinstance(part, ToolReturnPart)
    return part


def test_a_superseded_call_is_told_as_not_run() -> None:
    part = closing(Decision.SUPERSEDED)
    assert part.outcome == "denied"
    assert "Not run" in str(part.content)


def test_an_approved_call_without_result_is_told_as_unknown() -> None:
    part = closing(Decision.APPROVED, Turn())
    assert part.outcome == "interrupted"
    assert "not known" in str(part.content)


def test_an_approved_call_that_nothing_followed_is_told_as_not_run() -> None:
    part = closing(Decision.APPROVED)
    assert part.outcome == "denied"
    assert "Not run" in str(part.content)


def test_an_open_last_turn_is_left_alone() -> None:
    turns = [Turn(messages=[ModelResponse(parts=[CALL])])]
    assert len(messages_of(turns, {}, last_is_open=True)) == 1
    assert len(messages_of(turns, {})) == 2


def test_a_turn_survives_being_stored() -> None:
    turn = Turn(
        messages=[*prompt_of("Grüße").messages, ModelResponse(parts=[CALL])],
        calls={"c1": CallNote(title="Write", seconds=0.5, preview=Preview(target="ENG-1"))},
        problem=Problem(message="m", hint="h", correlation_id="c"),
    )
    assert Turn.from_json(turn.to_json()) == turn


def test_a_template_that_takes_turns_gets_one_text_of_the_persons_side() -> None:
    first = ModelRequest(parts=[UserPromptPart("one")])
    second = ModelRequest(parts=[UserPromptPart("two")])
    answer = ModelResponse(parts=[TextPart("answer")])
    apart: list[ModelMessage] = [first, second, answer, second]
    together: list[ModelMessage] = [
        ModelRequest(parts=[*first.parts, *second.parts]),
        answer,
        second,
    ]
    for messages in (apart, together):
        texts = [getattr(part, "content", "") for one in joined(messages) for part in one.parts]
        assert texts == ["one\n\ntwo", "answer", "two"]
