"""Which model answers a conversation, what that uses, and how much of it a person may have a day."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models.function import AgentInfo, FunctionModel

from tests.stores.chatting import (
    Chat,
    calls,
    chatting_with,
    person,
    results,
    says,
    streamed,
    writes_then_reports,
)
from xerus.assistant import removal
from xerus.assistant.demo import demo_model
from xerus.assistant.entries import AssistantEntry, UsageEntry
from xerus.assistant.prices import Prices
from xerus.assistant.spending import Spent
from xerus.assistant.turns import Turn, prompt_of
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import Conflict, InvalidInput, LimitReached
from xerus.ids import UserId
from xerus.settings.model_prices import ModelPrice


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


async def used(chat: Chat, conversation: str) -> list[UsageEntry]:
    entries = await chat.entries(conversation)
    return [entry for entry in entries if isinstance(entry, UsageEntry)]


async def counted(database: Database, user_id: UserId) -> list[dict[str, object]]:
    """The rows of a person, whom no other row belongs to."""
    async with database.transaction(Role.APP, user_id=user_id) as conn:
        cursor = await conn.execute(
            "SELECT user_id::text, model, messages, requests, tokens_in, tokens_out, cost"
            " FROM model_use ORDER BY model"
        )
        rows = await cursor.fetchall()
    assert {row.pop("user_id") for row in rows} <= {user_id}
    return rows


async def test_what_follows_from_one_message_is_one_sum_and_counted_for_its_person_alone(
    database: Database, tmp_path: Path
) -> None:
    def respond(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        return writes_then_reports(messages)

    free = ModelPrice(model="a:one", tokens_in=Decimal(0), tokens_out=Decimal(0))
    prices = Prices({"a:one": free})
    async with chatting_with(
        database, tmp_path, {"a:one": streamed(respond)}, prices=prices
    ) as chat:
        conversation = await chat.send("Write")
        [asked] = await used(chat, conversation)
        [call] = await chat.approvals(conversation)
        await chat.decide(conversation, call, approve=True)
        [whole] = await used(chat, conversation)

        assert (asked.requests, whole.requests) == (1, 2)
        assert whole.tokens_in > asked.tokens_in > 0
        assert whole.cost == "0"
        assert whole.words.endswith(" · $0")
        [row] = await counted(database, chat.user.id)
        assert row == {
            "model": "a:one",
            "messages": 1,
            "requests": 2,
            "tokens_in": whole.tokens_in,
            "tokens_out": whole.tokens_out,
            "cost": 0,
        }
        assert await counted(database, person().id) == []

        await chat.conversations.delete(chat.user.id, conversation)
        assert await counted(database, chat.user.id) == [row]
        async with database.transaction(Role.GATE) as conn:
            await removal.erase(conn, chat.user.id)
        assert await counted(database, chat.user.id) == []


async def test_the_demo_model_costs_nothing_and_uses_no_tokens(
    database: Database, tmp_path: Path
) -> None:
    async with chatting_with(database, tmp_path, demo_model(), tokens_per_day=1) as chat:
        conversation = await chat.send("Hello")
        await chat.send("Hello again", conversation)
        [one, _] = await used(chat, conversation)
        assert one.words.endswith("Demo model: no cost")
        assert "tokens" not in one.words
        today = await chat.assistant.today(chat.user.id)
        assert today is not None
        assert today.used == 0


async def test_what_a_dead_process_had_used_is_counted_once(
    database: Database, tmp_path: Path
) -> None:
    async with chatting_with(database, tmp_path, models("a:one")) as chat:
        conversation = await chat.send("Hello")
        before = await counted(database, chat.user.id)
        journal = chat.assistant._journal
        lease = await journal.begin_message(chat.user.id, conversation, "Look")
        spent = Spent(requests=1, tokens_in=1_000, tokens_out=10)
        left = Turn(
            messages=[*prompt_of("Look").messages, says("I look.")], spent=spent, model="a:one"
        )
        await journal.save(lease, left)
        async with database.transaction(Role.APP, user_id=chat.user.id) as conn:
            await conn.execute("UPDATE conversations SET run_until = now() - interval '1 second'")

        for _ in range(2):
            assert "At least 1,000 tokens in" in (await used(chat, conversation))[-1].words
        with pytest.raises(Conflict):
            await journal.finish(lease, left, [])

        [was], [row] = before, await counted(database, chat.user.id)
        assert row["tokens_in"] == int(str(was["tokens_in"])) + 1_000
        assert row["messages"] == 2


async def test_who_has_used_up_the_tokens_of_the_day_is_told_before_the_model_is_asked(
    database: Database, tmp_path: Path
) -> None:
    asked = 0

    def respond(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        nonlocal asked
        asked += 1
        return writes_then_reports(messages)

    async with chatting_with(database, tmp_path, streamed(respond), tokens_per_day=10) as chat:
        conversation = await chat.send("Write")
        [call] = await chat.approvals(conversation)
        before = await chat.entries(conversation)

        with pytest.raises(LimitReached, match=r"used \d\d of the 10 tokens") as told:
            await chat.send("More", conversation)
        with pytest.raises(LimitReached):
            await chat.send("Elsewhere")
        with pytest.raises(LimitReached):
            await chat.again(conversation)
        assert "00:00 UTC" in told.value.hint
        assert 0 < told.value.retry_after <= 24 * 3600 + 1
        assert await chat.entries(conversation) == before
        assert asked == 1

        await chat.decide(conversation, call, approve=True)
        assert asked == 2
        mine, chat.user = chat.user, person()
        await chat.send("Mine")
        chat.user = mine
        chat.clock.ahead += timedelta(days=1)
        await chat.send("Tomorrow", conversation)
        assert asked == 4
