"""The list of conversations, their names and their end, on the database."""

import asyncio
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models.function import AgentInfo

from tests.stores.chatting import (
    Chat,
    chatting,
    chatting_with,
    person,
    says,
    streamed,
    writes_then_reports,
)
from tests.stores.databases import Fresh
from xerus.assistant.retention import remove_unused
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import InvalidInput, NotFound
from xerus.ids import new_id

TABLES = ("conversations", "conversation_turns", "approvals")


def answers(_: list[ModelMessage]) -> ModelResponse:
    return says("Yes.")


def counts(fresh: Fresh) -> list[int]:
    with psycopg.connect(fresh.owner) as conn:
        found = [
            conn.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(one))).fetchall()
            for one in TABLES
        ]
    return [count for [(count,)] in found]


async def titles(chat: Chat, limit: int = 50) -> list[str]:
    return [row.title for row in await chat.conversations.page(chat.user.id, limit=limit)]


async def test_pages_of_the_list_meet_without_gap_or_repetition(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, answers) as chat:
        for n in range(7):
            await chat.send(f"Question {n}")
        # All at one instant: the ids alone say how the list goes on.
        seen, before = list[str](), None
        while rows := await chat.conversations.page(chat.user.id, limit=3, before=before):
            seen += [row.title for row in rows]
            before = rows[-1].place
            await chat.send("Asked while somebody turns the pages")

        assert sorted(seen) == [f"Question {n}" for n in range(7)]


async def test_a_message_brings_a_conversation_to_the_top_and_a_new_name_does_not(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, answers) as chat:
        first = await chat.send("First")
        chat.clock.ahead = timedelta(hours=1)
        second = await chat.send("Second")
        chat.clock.ahead = timedelta(hours=2)

        await chat.conversations.rename(chat.user.id, first, "  Renamed \u202e\u200b by\nme ")
        assert await titles(chat) == ["Second", "Renamed by me"]

        await chat.send("More", first)
        assert await titles(chat) == ["Renamed by me", "Second"]
        assert (await chat.conversations.row(chat.user.id, second)).title == "Second"


@pytest.mark.parametrize("title", ["", " \u200b\u202e\n ", "x" * 121, "x" * 20_000])
async def test_a_name_that_nobody_could_read_is_refused(
    database: Database, tmp_path: Path, title: str
) -> None:
    async with chatting(database, tmp_path, answers) as chat:
        conversation = await chat.send("Hello")
        with pytest.raises(InvalidInput):
            await chat.conversations.rename(chat.user.id, conversation, title)
        assert await titles(chat) == ["Hello"]


async def test_the_list_says_what_answers_and_what_waits(
    database: Database, tmp_path: Path
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        begun.set()
        await go_on.wait()
        return writes_then_reports(messages)

    async with chatting_with(database, tmp_path, streamed(wait)) as chat:
        asked = asyncio.create_task(chat.send("Write it"))
        await begun.wait()
        [row] = await chat.conversations.page(chat.user.id, limit=5)
        assert row.state == "answering"

        go_on.set()
        await asked
        await chat.assistant.drain()
        [row] = await chat.conversations.page(chat.user.id, limit=5)
        assert row.state == "waiting"

        chat.clock.ahead = timedelta(minutes=31)
        [row] = await chat.conversations.page(chat.user.id, limit=5)
        assert row.state == "idle"


async def test_nothing_of_a_deleted_conversation_is_left(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write it")
        [waiting] = await chat.approvals(conversation)
        assert counts(fresh) == [1, 1, 1]

        await chat.conversations.delete(chat.user.id, conversation)

        assert counts(fresh) == [0, 0, 0]
        assert (await chat.events())[-2:] == [
            "assistant:approval:expired",
            "assistant:conversation:deleted",
        ]
        with pytest.raises(NotFound):
            await chat.decide(conversation, waiting, approve=True)
        with pytest.raises(NotFound):
            await chat.send("Are you there?", conversation)
        assert chat.tools.ran == []
        assert counts(fresh) == [0, 0, 0]


async def test_what_cannot_be_opened_can_be_deleted(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write it")
        with psycopg.connect(fresh.owner) as conn:
            conn.execute("UPDATE approvals SET call = 'damaged'")
            conn.execute("UPDATE conversations SET title = 'damaged'")

        assert await titles(chat) == [""]
        await chat.conversations.delete(chat.user.id, conversation)
        assert counts(fresh) == [0, 0, 0]


async def test_an_answer_under_way_ends_with_its_conversation(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        begun.set()
        await go_on.wait()
        return writes_then_reports(messages)

    async with chatting_with(database, tmp_path, streamed(wait)) as chat:
        asked = asyncio.create_task(chat.send("Write it"))
        await begun.wait()
        [row] = await chat.conversations.page(chat.user.id, limit=5)

        await chat.conversations.delete(chat.user.id, row.id)
        go_on.set()
        with pytest.raises(NotFound):
            await asked
        await chat.assistant.drain()

        assert counts(fresh) == [0, 0, 0]
        assert "assistant:approval:asked" not in await chat.events()


async def test_deleting_all_takes_those_of_one_person(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, answers) as chat:
        for n in range(60):
            await chat.send(f"Question {n}")
        other = person()
        await chat.assistant.send(other, None, "Mine")

        assert await chat.conversations.delete_all(chat.user.id) == 60

        assert counts(fresh)[0] == 1
        assert [row.title for row in await chat.conversations.page(other.id, limit=5)] == ["Mine"]


async def test_nothing_of_somebody_elses_is_renamed_deleted_or_looked_at(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, answers) as chat:
        conversation = await chat.send("Mine")
        stranger = person().id
        for asked in (conversation, new_id(), "no id", ""):
            with pytest.raises(NotFound):
                await chat.conversations.row(stranger, asked)
            with pytest.raises(NotFound):
                await chat.conversations.rename(stranger, asked, "Taken over")
            with pytest.raises(NotFound):
                await chat.conversations.delete(stranger, asked)
        assert await chat.conversations.delete_all(stranger) == 0
        assert await titles(chat) == ["Mine"]


async def test_what_was_not_used_for_long_goes_with_all_of_it_and_its_person_is_told(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        old = await chat.send("Write it")
        await chat.send("And that")
        other = person()
        await chat.assistant.send(other, None, "Mine")
        chat.clock.ahead = timedelta(days=40)
        await chat.send("Still in use", old)
        chat.clock.ahead = timedelta(days=100)

        removed = await remove_unused(database, chat.audit, chat.clock.now() - timedelta(days=90))

        assert removed == 2
        assert await titles(chat) == ["Write it"]
        assert counts(fresh)[0] == 1
        for user_id in (chat.user.id, other.id):
            told = (await chat.audit.recent(user_id, limit=1))[0]
            assert (told.event, told.facts["conversations"]) == (
                "assistant:conversations:removed",
                1,
            )
        assert await remove_unused(database, chat.audit, chat.clock.now()) == 1
        assert counts(fresh) == [0, 0, 0]


async def test_old_conversations_go_in_small_batches(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, answers) as chat:
        await chat.send("Hello")
        with psycopg.connect(fresh.owner) as conn:
            conn.execute(
                "INSERT INTO conversations (user_id, id, title, created_at, updated_at)"
                " SELECT user_id, gen_random_uuid(), title, created_at, updated_at"
                " FROM conversations, generate_series(1, 149)"
            )
        chat.clock.ahead = timedelta(days=2)
        gone = [await remove_unused(database, chat.audit, chat.clock.now()) for _ in range(3)]
        assert gone == [100, 50, 0]


async def test_the_gate_that_deletes_conversations_cannot_read_or_change_them(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        await chat.send("Write it")
        for statement in (
            "SELECT title FROM conversations",
            "SELECT model FROM conversations",
            "UPDATE conversations SET run_id = NULL",
            "UPDATE conversations SET updated_at = now()",
            "SELECT content FROM conversation_turns",
            "SELECT call FROM approvals",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                async with database.transaction(Role.GATE) as conn:
                    await conn.execute(statement)
