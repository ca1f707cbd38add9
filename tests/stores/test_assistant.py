import asyncio
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelMessage, ModelResponse
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
    verdict,
    writes_then_reports,
)
from tests.stores.databases import Fresh
from xerus.assistant.entries import AssistantEntry, ErrorEntry, ToolEntry
from xerus.assistant.turns import Turn, prompt_of
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import Conflict, InvalidInput, LimitReached, NotFound, TooLarge
from xerus.vault.envelope import SealBroken

TABLES = ("conversations", "conversation_turns", "approvals")
WRITTEN = [("write", {"text": "harmless"})]


async def test_a_read_runs_at_once_and_a_write_waits(database: Database, tmp_path: Path) -> None:
    def script(messages: list[ModelMessage]) -> ModelResponse:
        if results(messages):
            return says("Done.")
        return calls(("look", {"at": "it"}), ("write", {"text": "harmless"}))

    async with chatting(database, tmp_path, script) as chat:
        conversation = await chat.send("Do both")

        assert chat.tools.ran == [("look", {"at": "it"})]
        [waiting] = await chat.approvals(conversation)
        assert waiting.state == "waiting"
        assert [(row.name, row.after) for row in waiting.rows] == [("Text", "harmless")]

        await chat.decide(conversation, waiting, approve=True)

        assert chat.tools.ran == [("look", {"at": "it"}), *WRITTEN]
        assert await chat.events() == [
            "assistant:approval:asked",
            "assistant:approval:approved",
        ]


async def test_many_clicks_at_once_run_the_call_once(database: Database, tmp_path: Path) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write it")
        [waiting] = await chat.approvals(conversation)

        await asyncio.gather(
            *(chat.decide(conversation, waiting, approve=True) for _ in range(8)),
            return_exceptions=True,
        )

        assert chat.tools.ran == WRITTEN
        [entry] = await chat.approvals(conversation)
        assert entry.state == "approved"


async def test_a_declined_call_does_not_run_and_cannot_be_approved_later(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write it")
        [waiting] = await chat.approvals(conversation)

        await chat.decide(conversation, waiting, approve=False)

        with pytest.raises(Conflict):
            await chat.decide(conversation, waiting, approve=True)
        assert chat.tools.ran == []
        assert "declined" in said(await chat.entries(conversation))


async def test_who_sends_too_much_is_told_when_to_go_on_and_the_model_is_not_asked(
    database: Database, tmp_path: Path
) -> None:
    def answers(_: list[ModelMessage]) -> ModelResponse:
        return says("Yes.")

    async with chatting(database, tmp_path, answers, messages_per_minute=2) as chat:
        conversation = await chat.send("One")
        await chat.send("Two", conversation)
        before = await chat.entries(conversation)

        with pytest.raises(LimitReached, match="2 requests in a minute by one person") as told:
            await chat.send("Three", conversation)

        assert 1 <= told.value.retry_after <= 30
        assert await chat.entries(conversation) == before


async def test_an_approval_that_ran_out_is_not_run_whatever_is_clicked(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write it")
        [waiting] = await chat.approvals(conversation)
        chat.clock.ahead = timedelta(minutes=31)
        [late] = await chat.approvals(conversation)
        assert late.state == "expired"

        await chat.decide(conversation, waiting, approve=True)

        assert chat.tools.ran == []
        assert "nobody approved it in time" in said(await chat.entries(conversation))


async def test_a_new_message_takes_the_place_of_a_waiting_call(
    database: Database, tmp_path: Path
) -> None:
    seen: list[list[str]] = []

    def script(messages: list[ModelMessage]) -> ModelResponse:
        seen.append(results(messages))
        return says("Understood.") if seen[-1] else calls(("write", {"text": "harmless"}))

    async with chatting(database, tmp_path, script) as chat:
        conversation = await chat.send("Write it")
        [waiting] = await chat.approvals(conversation)

        await chat.send("No, something else", conversation)

        assert "wrote something else" in seen[-1][0]
        with pytest.raises(Conflict, match="something else"):
            await chat.decide(conversation, waiting, approve=True)
        assert chat.tools.ran == []
        [entry] = await chat.approvals(conversation)
        assert entry.state == "superseded"
        assert (await chat.events())[-1] == "assistant:approval:expired"


async def test_two_waiting_calls_go_on_when_both_are_decided(
    database: Database, tmp_path: Path
) -> None:
    def script(messages: list[ModelMessage]) -> ModelResponse:
        if results(messages):
            return says(" / ".join(results(messages)))
        return calls(("write", {"text": "one"}), ("write", {"text": "two"}))

    async with chatting(database, tmp_path, script) as chat:
        conversation = await chat.send("Write both")
        one, two = await chat.approvals(conversation)

        await chat.decide(conversation, one, approve=True)
        assert chat.tools.ran == []
        await chat.decide(conversation, two, approve=False)

        assert chat.tools.ran == [("write", {"text": "one"})]
        assert "declined" in said(await chat.entries(conversation))


async def test_an_approved_call_waits_for_the_others_and_is_told_as_not_run_when_they_run_out(
    database: Database, tmp_path: Path
) -> None:
    def script(messages: list[ModelMessage]) -> ModelResponse:
        if told := results(messages):
            return says(" / ".join(told))
        return calls(("write", {"text": "one"}), ("write", {"text": "two"}))

    async with chatting(database, tmp_path, script) as chat:
        conversation = await chat.send("Write both")
        one, _ = await chat.approvals(conversation)
        await chat.decide(conversation, one, approve=True)
        assert await states(chat, conversation) == ["waiting"]

        chat.clock.ahead = timedelta(minutes=31)

        assert await states(chat, conversation) == ["declined"]
        await chat.send("Well?", conversation)
        assert "Not run: another call" in said(await chat.entries(conversation))
        assert chat.tools.ran == []


async def states(chat: Chat, conversation: str) -> list[str]:
    entries = await chat.entries(conversation)
    return [entry.state for entry in entries if isinstance(entry, ToolEntry)]


async def test_a_failing_model_leaves_the_message_and_the_next_one_works(
    database: Database, tmp_path: Path
) -> None:
    failing = [True]

    def script(_: list[ModelMessage]) -> ModelResponse:
        if failing:
            failing.pop()
            raise ModelHTTPError(status_code=500, model_name="m", body={"secret": "of theirs"})
        return says("Here I am.")

    async with chatting(database, tmp_path, script) as chat:
        conversation = await chat.send("Hello")
        kinds = [entry.kind for entry in await chat.entries(conversation)]
        assert kinds == ["person", "error"]
        [problem] = [one for one in await chat.entries(conversation) if isinstance(one, ErrorEntry)]
        assert "of theirs" not in problem.message + problem.hint
        assert problem.correlation_id

        await chat.send("Again", conversation)
        assert "Here I am." in said(await chat.entries(conversation))


async def test_a_model_that_never_stops_is_stopped(database: Database, tmp_path: Path) -> None:
    async with chatting(database, tmp_path, lambda _: calls(("look", {}))) as chat:
        conversation = await chat.send("Look for ever")

        last = (await chat.entries(conversation))[-1]
        assert isinstance(last, ErrorEntry)
        assert "too many steps" in last.message
        assert len(chat.tools.ran) <= 15


async def test_a_run_past_its_deadline_ends_in_words(database: Database, tmp_path: Path) -> None:
    async def hang(_: list[ModelMessage], __: AgentInfo) -> ModelResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async with chatting_with(database, tmp_path, streamed(hang), 0.2) as chat:
        conversation = await chat.send("Hello")

        last = (await chat.entries(conversation))[-1]
        assert isinstance(last, ErrorEntry)
        assert "too long" in last.message


async def test_one_answer_at_a_time_is_written(database: Database, tmp_path: Path) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait(_: list[ModelMessage], __: AgentInfo) -> ModelResponse:
        begun.set()
        await go_on.wait()
        return says("At last.")

    async with chatting_with(database, tmp_path, streamed(wait)) as chat:
        go_on.set()
        conversation = await chat.send("First")
        begun.clear()
        go_on.clear()
        second = asyncio.create_task(chat.send("Second", conversation))
        await begun.wait()

        with pytest.raises(Conflict, match="still answering"):
            await chat.send("Third", conversation)
        go_on.set()
        await second
        assert "Third" not in str(await chat.entries(conversation))


async def test_an_answer_is_finished_when_the_page_is_closed(
    database: Database, tmp_path: Path
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait(_: list[ModelMessage], __: AgentInfo) -> ModelResponse:
        begun.set()
        await go_on.wait()
        return says("Finished all the same.")

    async with chatting_with(database, tmp_path, streamed(wait)) as chat:
        request = asyncio.create_task(chat.send("Hello"))
        await begun.wait()
        request.cancel()
        go_on.set()
        await chat.assistant.drain()

        [row] = await chat.conversations.page(chat.user.id, limit=5)
        assert row.title == "Hello"
        assert "Finished all the same." in said(await chat.entries(row.id))


async def test_a_crash_in_a_call_is_shown_and_told_to_the_model(
    database: Database, tmp_path: Path
) -> None:
    told: list[str] = []

    def script(messages: list[ModelMessage]) -> ModelResponse:
        told[:] = results(messages)
        return says("I see.")

    async with chatting(database, tmp_path, script) as chat:
        conversation = await chat.send("Hello")
        # What a process leaves behind that is killed while a tool runs.
        journal = chat.assistant._journal
        lease = await journal.begin_message(chat.user.id, conversation, "Look")
        await journal.save(lease, Turn(messages=[*prompt_of("Look").messages, calls(("look", {}))]))
        assert (await the_call(chat, conversation)).state == "running"
        async with database.transaction(Role.APP, user_id=chat.user.id) as conn:
            await conn.execute("UPDATE conversations SET run_until = now() - interval '1 second'")

        dead = await the_call(chat, conversation)
        await chat.send("And now?", conversation)

        assert dead.state == "unknown"
        assert "not known" in dead.result
        assert "not known" in told[0]


async def test_a_run_that_lost_its_lease_writes_nothing(database: Database, tmp_path: Path) -> None:
    async with chatting(database, tmp_path, lambda _: says("Yes.")) as chat:
        conversation = await chat.send("Hello")
        journal = chat.assistant._journal
        lease = await journal.begin_message(chat.user.id, conversation, "Slow one")
        async with database.transaction(Role.APP, user_id=chat.user.id) as conn:
            await conn.execute("UPDATE conversations SET run_until = now() - interval '1 second'")
        await chat.send("Faster one", conversation)

        with pytest.raises(Conflict):
            await journal.finish(lease, prompt_of("Slow one"), [])


async def test_messages_that_cannot_be_taken_are_refused_in_words(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, lambda _: says("Yes.")) as chat:
        with pytest.raises(InvalidInput, match="empty"):
            await chat.send("  \n ")
        with pytest.raises(TooLarge, match="20,001"):
            await chat.send("x" * 20_001)
        for unknown in ("nonsense", "00000000-0000-4000-8000-000000000000"):
            with pytest.raises(NotFound):
                await chat.send("Hello", unknown)
            with pytest.raises(NotFound):
                await chat.entries(unknown)


async def test_nobody_reads_decides_or_lists_what_is_somebody_elses(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write it")
        [waiting] = await chat.approvals(conversation)
        stranger = person()

        assert await chat.conversations.page(stranger.id, limit=5) == []
        with pytest.raises(NotFound):
            await chat.assistant.open(stranger.id, conversation)
        with pytest.raises(NotFound):
            await chat.assistant.send(stranger, conversation, "Let me in")
        verdicts = [verdict(waiting, approve=True)]
        with pytest.raises(NotFound):
            await chat.assistant.decide(stranger, conversation, verdicts)
        async with database.transaction(Role.APP, user_id=stranger.id) as conn:
            for table in TABLES:
                cursor = await conn.execute(
                    sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))
                )
                assert await cursor.fetchall() == []
        assert chat.tools.ran == []


async def test_the_other_roles_cannot_read_a_conversation(database: Database) -> None:
    for role in (Role.GATE, Role.WORKER):
        for table in TABLES:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                async with database.transaction(role) as conn:
                    await conn.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))


async def test_no_word_of_a_conversation_stands_in_the_database(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    def script(messages: list[ModelMessage]) -> ModelResponse:
        if results(messages):
            return says("canary-of-the-model")
        return calls(("look", {"at": "canary-of-a-read"}), ("write", {"text": "canary-of-a-write"}))

    async with chatting(database, tmp_path, script) as chat:
        conversation = await chat.send("canary-of-the-person")
        [waiting] = await chat.approvals(conversation)
        await chat.decide(conversation, waiting, approve=True)
        assert "canary-of-the-model" in said(await chat.entries(conversation))

    stored = await everything(fresh)
    assert conversation in stored
    assert "canary" not in stored
    assert b"canary".hex() not in stored


async def test_a_turn_pasted_into_another_row_does_not_open(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, lambda _: says("Yes.")) as chat:
        one, other = await chat.send("One"), await chat.send("Other")
        async with database.transaction(Role.APP, user_id=chat.user.id) as conn:
            await conn.execute(
                "UPDATE conversation_turns SET content = (SELECT content FROM conversation_turns"
                " WHERE conversation_id = %s) WHERE conversation_id = %s",
                (one, other),
            )

        with pytest.raises(SealBroken):
            await chat.entries(other)


async def test_an_approval_pasted_from_another_call_runs_nothing(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        one, other = await chat.send("One"), await chat.send("Other")
        [waiting] = await chat.approvals(other)
        async with database.transaction(Role.APP, user_id=chat.user.id) as conn:
            await conn.execute(
                "UPDATE approvals SET call = (SELECT call FROM approvals"
                " WHERE conversation_id = %s) WHERE conversation_id = %s",
                (one, other),
            )

        with pytest.raises(SealBroken):
            await chat.decide(other, waiting, approve=True)
        assert chat.tools.ran == []


async def the_call(chat: Chat, conversation: str) -> ToolEntry:
    [call] = [one for one in await chat.entries(conversation) if isinstance(one, ToolEntry)]
    return call


def said(entries: object) -> str:
    assert isinstance(entries, list)
    return "\n".join(entry.html for entry in entries if isinstance(entry, AssistantEntry))


async def everything(fresh: Fresh) -> str:
    """Every row of the assistant's tables and of the audit log as text."""
    async with await psycopg.AsyncConnection.connect(fresh.owner) as conn:
        await conn.execute("SET ROLE xerus_owner")
        found = []
        cursor = await conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in await cursor.fetchall():
            await conn.execute(
                sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY").format(sql.Identifier(table))
            )
            rows = await conn.execute(
                sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))
            )
            found += [row[0] for row in await rows.fetchall()]
        await conn.rollback()
        return "\n".join(found)
