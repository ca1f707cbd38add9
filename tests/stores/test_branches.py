"""Answering again, and going on from an earlier place in a conversation of its own."""

import asyncio
from pathlib import Path

import pytest
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, UserPromptPart
from pydantic_ai.models.function import AgentInfo

from tests.stores.chatting import (
    Chat,
    calls,
    chatting,
    chatting_with,
    person,
    results,
    says,
    streamed,
    writes_then_reports,
)
from xerus.assistant.entries import AssistantEntry, Entry, PersonEntry
from xerus.assistant.exchanges import ALREADY_DONE
from xerus.db.database import Database
from xerus.errors import Conflict, NotFound
from xerus.ids import new_id

WRITTEN = [("write", {"text": "harmless"})]


def prompts(messages: list[ModelMessage]) -> list[str]:
    return [
        str(part.content)
        for message in messages
        if isinstance(message, ModelRequest)
        for part in message.parts
        if isinstance(part, UserPromptPart)
    ]


def echoes(messages: list[ModelMessage]) -> ModelResponse:
    """Say everything that the person has said, as far as it was told."""
    return says(" | ".join(prompts(messages)))


def asks_once(messages: list[ModelMessage]) -> ModelResponse:
    """Write for the first message, and report for any other."""
    if len(prompts(messages)) > 1:
        return says("Nothing more to do.")
    return writes_then_reports(messages)


def kinds(entries: list[Entry]) -> list[str]:
    return [entry.kind for entry in entries]


def texts(entries: list[Entry]) -> list[str]:
    return [entry.text for entry in entries if isinstance(entry, PersonEntry | AssistantEntry)]


async def turn_of(chat: Chat, conversation: str, text: str) -> int:
    entries = await chat.entries(conversation)
    [turn] = [one.turn for one in entries if isinstance(one, PersonEntry) and one.text == text]
    assert turn is not None
    return turn


async def test_an_answer_is_given_again_and_the_model_does_not_see_the_first(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, echoes) as chat:
        conversation = await chat.send("One")
        await chat.send("Two", conversation)

        await chat.again(conversation)
        await chat.again(conversation)

        entries = await chat.entries(conversation)
        answered = ["person", "assistant", "usage"]
        assert kinds(entries) == [*answered, "aside", "aside", *answered]
        assert texts(entries) == ["One", "One", "Two", "One | Two"]


async def test_a_failure_is_tried_again_with_the_same_message(
    database: Database, tmp_path: Path
) -> None:
    failing = [True]

    def script(messages: list[ModelMessage]) -> ModelResponse:
        if failing:
            failing.pop()
            raise ModelHTTPError(status_code=500, model_name="m")
        return echoes(messages)

    async with chatting(database, tmp_path, script) as chat:
        conversation = await chat.send("Hello")
        assert kinds(await chat.entries(conversation)) == ["person", "error"]

        await chat.again(conversation)

        assert texts(await chat.entries(conversation)) == ["Hello", "Hello"]


async def test_what_was_changed_is_never_changed_again_by_a_retry(
    database: Database, tmp_path: Path
) -> None:
    told: list[str] = []

    def script(messages: list[ModelMessage]) -> ModelResponse:
        told[:] = results(messages)
        return asks_once(messages)

    async with chatting(database, tmp_path, script) as chat:
        conversation = await chat.send("Write it")
        [waiting] = await chat.approvals(conversation)
        await chat.decide(conversation, waiting, approve=True)
        assert chat.tools.ran == WRITTEN

        await chat.again(conversation)

        assert chat.tools.ran == WRITTEN
        assert told == ["write done"]
        entries = await chat.entries(conversation)
        assert "aside" not in kinds(entries)
        assert texts(entries)[-2:] == [ALREADY_DONE, "Nothing more to do."]


async def test_a_declined_call_is_asked_about_anew_by_a_retry(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write it")
        [waiting] = await chat.approvals(conversation)
        await chat.decide(conversation, waiting, approve=False)

        await chat.again(conversation)

        assert chat.tools.ran == []
        [again] = await chat.approvals(conversation)
        assert again.state == "waiting"
        assert again.call_id != waiting.call_id
        with pytest.raises(Conflict):
            await chat.decide(conversation, waiting, approve=True)


async def test_a_call_that_waits_is_superseded_by_a_retry(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write it")
        [waiting] = await chat.approvals(conversation)

        await chat.again(conversation)

        with pytest.raises(Conflict, match="something else"):
            await chat.decide(conversation, waiting, approve=True)
        assert chat.tools.ran == []
        [again] = await chat.approvals(conversation)
        assert again.state == "waiting"


async def test_nothing_is_retried_or_branched_off_while_it_is_written(
    database: Database, tmp_path: Path
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        if len(prompts(messages)) > 1:
            begun.set()
            await go_on.wait()
        return echoes(messages)

    async with chatting_with(database, tmp_path, streamed(wait)) as chat:
        conversation = await chat.send("One")
        asked = asyncio.create_task(chat.send("Two", conversation))
        await begun.wait()

        with pytest.raises(Conflict):
            await chat.again(conversation)
        with pytest.raises(Conflict):
            await chat.branching.after(chat.user.id, conversation, 1)
        earlier = await chat.branching.after(chat.user.id, conversation, 0)
        go_on.set()
        await asked
        assert texts(await chat.entries(earlier)) == ["One", "One"]


async def test_a_branch_has_what_came_before_and_both_go_on_by_themselves(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, echoes) as chat:
        conversation = await chat.send("One")
        await chat.send("Two", conversation)
        await chat.send("Three", conversation)
        turn = await turn_of(chat, conversation, "Two")

        branch = await chat.branching.before(chat.user.id, conversation, turn, "Other")
        await chat.send("Other", branch)
        copy = await chat.branching.after(chat.user.id, conversation, turn)

        assert texts(await chat.entries(branch)) == ["One", "One", "Other", "One | Other"]
        assert texts(await chat.entries(copy)) == ["One", "One", "Two", "One | Two"]
        assert texts(await chat.entries(conversation))[-1] == "One | Two | Three"
        await chat.send("Four", conversation)
        assert texts(await chat.entries(copy))[-1] == "One | Two"


async def test_a_branch_and_its_origin_name_each_other_until_one_is_deleted(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, echoes) as chat:
        conversation = await chat.send("One")
        branch = await chat.branching.before(chat.user.id, conversation, 0, "Other")
        user_id = chat.user.id
        origin = await chat.conversations.row(user_id, conversation)
        row = await chat.conversations.row(user_id, branch)

        assert row.title == "Other"
        origin_of_branch, _ = await chat.conversations.kin(user_id, row)
        _, branches = await chat.conversations.kin(user_id, origin)
        assert origin_of_branch is not None
        assert (origin_of_branch.id, origin_of_branch.title) == (conversation, "One")
        assert [one.id for one in branches] == [branch]

        await chat.conversations.delete(user_id, conversation)
        assert await chat.conversations.kin(user_id, row) == (None, [])
        assert (await chat.conversations.row(user_id, branch)).origin_id == conversation


async def test_decisions_come_along_and_a_call_that_waits_does_not(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write it")
        [waiting] = await chat.approvals(conversation)
        await chat.decide(conversation, waiting, approve=True)
        await chat.send("And once more", conversation)

        copy = await chat.branching.after(chat.user.id, conversation, 2)

        approved, other = await chat.approvals(copy)
        assert (approved.state, other.state) == ("approved", "superseded")
        for call in (approved, other):
            await asyncio.gather(chat.decide(copy, call, approve=True), return_exceptions=True)
        assert chat.tools.ran == WRITTEN
        [_, still] = await chat.approvals(conversation)
        assert still.state == "waiting"


async def test_a_branch_whose_message_is_not_taken_leaves_nothing(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, echoes) as chat:
        conversation = await chat.send("One")
        branch = await chat.branching.before(chat.user.id, conversation, 0, "Other")
        await chat.branching.undo(chat.user.id, branch)
        assert [row.id for row in await chat.conversations.page(chat.user.id, limit=5)] == [
            conversation
        ]


async def test_there_is_no_branch_where_there_is_no_message_of_ones_own(
    database: Database, tmp_path: Path
) -> None:
    def script(messages: list[ModelMessage]) -> ModelResponse:
        return says("Looked.") if results(messages) else calls(("look", {}))

    async with chatting(database, tmp_path, script) as chat:
        conversation = await chat.send("Look")
        await chat.again(conversation)
        user_id, stranger = chat.user.id, person()
        for turn in (0, 7, -1):  # set aside, not there, not a number of one
            with pytest.raises(NotFound):
                await chat.branching.after(user_id, conversation, turn)
            with pytest.raises(NotFound):
                await chat.branching.before(user_id, conversation, turn, "x")
        for asked in (conversation, new_id(), "no id"):
            with pytest.raises(NotFound):
                await chat.branching.message(stranger.id, asked, 1)
            with pytest.raises(NotFound):
                await chat.branching.after(stranger.id, asked, 1)
            with pytest.raises(NotFound):
                await chat.assistant.again(stranger, asked)
        assert await chat.conversations.page(stranger.id, limit=5) == []
