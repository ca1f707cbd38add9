"""Which model answers a conversation: chosen for it, kept with it, and gone one day."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models.function import AgentInfo, FunctionModel

from tests.stores.chatting import Chat, calls, chatting_with, results, says, streamed
from xerus.assistant.entries import AssistantEntry
from xerus.db.database import Database
from xerus.errors import Conflict, InvalidInput


def model(name: str) -> FunctionModel:
    """A model that says its name."""

    def respond(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        return says(f"I am {name}.")

    return streamed(respond)


def models(*names: str) -> Mapping[str, FunctionModel]:
    return {name: model(name) for name in names}


async def said(chat: Chat, conversation: str) -> list[str]:
    entries = await chat.entries(conversation)
    return [entry.text for entry in entries if isinstance(entry, AssistantEntry)]


async def test_a_choice_is_kept_with_its_conversation_and_with_no_other(
    database: Database, tmp_path: Path
) -> None:
    async with chatting_with(database, tmp_path, models("a:one", "b:two")) as chat:
        chosen = await chat.send("Who?", model="b:two")
        await chat.send("And now?", chosen)
        other = await chat.send("Who?")
        branch = await chat.branching.after(chat.user.id, chosen, 0)
        await chat.send("And here?", branch)
        await chat.send("Back", chosen, model="a:one")
        await chat.again(chosen, model="b:two")

        assert await said(chat, chosen) == ["I am b:two."] * 2 + ["I am b:two."]
        assert await said(chat, other) == ["I am a:one."]
        assert await said(chat, branch) == ["I am b:two."] * 2
        assert (await chat.conversations.row(chat.user.id, chosen)).model == "b:two"
        assert (await chat.conversations.row(chat.user.id, other)).model == ""


async def test_a_model_that_is_not_configured_is_refused_before_anything_is_stored(
    database: Database, tmp_path: Path
) -> None:
    async with chatting_with(database, tmp_path, models("a:one", "b:two")) as chat:
        conversation = await chat.send("Who?")
        before = await chat.entries(conversation)
        for wrong in ("c:three", "two", "A:ONE", "demo"):
            with pytest.raises(InvalidInput, match="not configured"):
                await chat.send("Who?", conversation, model=wrong)
            with pytest.raises(InvalidInput, match="not configured"):
                await chat.again(conversation, model=wrong)
        assert await chat.entries(conversation) == before
        assert await chat.conversations.count(chat.user.id) == 1


async def test_the_default_answers_for_a_model_that_is_configured_no_more(
    database: Database, tmp_path: Path
) -> None:
    async with chatting_with(database, tmp_path, models("a:one", "b:two")) as chat:
        conversation = await chat.send("Who?", model="b:two")
        user = chat.user
    async with chatting_with(database, tmp_path, models("c:three")) as chat:
        chat.user = user
        await chat.send("And now?", conversation)
        assert await said(chat, conversation) == ["I am b:two.", "I am c:three."]
        assert (await chat.conversations.row(user.id, conversation)).model == "b:two"


async def test_a_tab_that_chooses_amid_an_answer_changes_nothing_of_it(
    database: Database, tmp_path: Path
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        begun.set()
        await go_on.wait()
        return says("Done.") if results(messages) else calls(("look", {}))

    both = {"a:one": streamed(wait), **models("b:two")}
    async with chatting_with(database, tmp_path, both) as chat:
        answering = asyncio.create_task(chat.send("First"))
        await begun.wait()
        [row] = await chat.conversations.page(chat.user.id, limit=1)
        with pytest.raises(Conflict, match="still answering"):
            await chat.send("Second", row.id, model="b:two")
        go_on.set()
        await answering
        assert await said(chat, row.id) == ["Done."]
        assert (await chat.conversations.row(chat.user.id, row.id)).model == ""
