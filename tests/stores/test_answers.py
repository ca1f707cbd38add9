"""How an answer of the chat goes on, is stopped, and is told from one whose process is gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
    verdict,
)
from tests.stores.connecting import until
from tests.stores.databases import Fresh
from xerus.assistant.entries import AssistantEntry, CutEntry, Entry, ErrorEntry, ToolEntry
from xerus.assistant.turns import prompt_of
from xerus.db.database import Database
from xerus.db.notify import Listener
from xerus.db.roles import Role
from xerus.errors import Conflict, NotFound


class Slow:
    """A model that says words, waits to be let on, and says the rest."""

    def __init__(self, first: str = "Once upon a time", rest: str = " the end.") -> None:
        self.first, self.rest = first, rest
        self.waits, self.go_on = asyncio.Event(), asyncio.Event()
        self.told: list[ModelMessage] = []

    @property
    def model(self) -> FunctionModel:
        async def stream(messages: list[ModelMessage], _: AgentInfo) -> AsyncIterator[str]:
            self.told = messages
            for word in self.first.split(" "):
                yield word + " "
            self.waits.set()
            await self.go_on.wait()
            yield self.rest

        return FunctionModel(stream_function=stream)

    def read(self) -> str:
        return " ".join(
            str(part.content)
            for message in self.told
            for part in message.parts
            if hasattr(part, "content")
        )


async def begun(chat: Chat, text: str, conversation: str | None = None) -> str:
    return await chat.assistant.send(chat.user, conversation, text)


async def text_of(chat: Chat, conversation: str) -> str:
    return " ".join(
        entry.html
        for entry in await chat.entries(conversation)
        if isinstance(entry, AssistantEntry)
    )


async def test_what_is_written_so_far_is_there_to_read(database: Database, tmp_path: Path) -> None:
    slow = Slow()
    async with chatting_with(database, tmp_path, slow.model) as chat:
        conversation = await begun(chat, "Tell me")
        await slow.waits.wait()
        assert "Once upon a time" in await text_of(chat, conversation)
        slow.go_on.set()
        sights = [one async for one in chat.assistant.watch(chat.user.id, conversation)]
        assert not sights[-1].running
        assert "the end." in await text_of(chat, conversation)


async def test_another_process_sees_it_grow(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    slow = Slow()
    async with two(database, fresh, tmp_path, slow.model) as (here, there):
        conversation = await begun(here, "Tell me")
        await slow.waits.wait()

        async def seen() -> bool:
            return "Once upon a time" in await text_of(there, conversation)

        await until(seen)
        slow.go_on.set()
        await there.assistant.finished(here.user.id, conversation)
        assert "the end." in await text_of(there, conversation)


async def test_what_was_written_before_a_stop_stays_and_the_model_is_told(
    database: Database, tmp_path: Path
) -> None:
    slow = Slow()
    async with chatting_with(database, tmp_path, slow.model) as chat:
        conversation = await begun(chat, "Tell me")
        await slow.waits.wait()

        await chat.assistant.stop(chat.user.id, conversation)
        await chat.assistant.finished(chat.user.id, conversation)

        assert [entry.kind for entry in await chat.entries(conversation)] == [
            *("person", "assistant", "usage", "cut")
        ]
        slow.go_on.set()
        await chat.send("And then?", conversation)
        assert "Once upon a time" in slow.read()
        assert "This answer was stopped" in slow.read()
        assert how(await chat.entries(conversation)) == ["stopped"]


async def test_a_read_that_is_under_way_is_cancelled_by_a_stop_and_nothing_follows(
    database: Database, tmp_path: Path
) -> None:
    asked = 0

    def script(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        nonlocal asked
        asked += 1
        return says(" ".join(results(messages))) if asked > 1 else calls(("look", {"at": "it"}))

    async with chatting_with(database, tmp_path, streamed(script)) as chat:
        chat.tools.holds = True
        conversation = await begun(chat, "Look")
        await chat.tools.started.wait()

        await chat.assistant.stop(chat.user.id, conversation)
        await chat.assistant.finished(chat.user.id, conversation)

        assert (asked, chat.tools.done) == (1, [])
        [row] = await rows(chat, conversation)
        assert row.state == "cancelled"
        assert "nothing was changed" in row.result
        await chat.send("Well?", conversation)
        assert "nothing was changed" in await text_of(chat, conversation)


async def test_a_write_that_is_under_way_is_waited_for_by_a_stop_and_nothing_follows(
    database: Database, tmp_path: Path
) -> None:
    asked = 0

    def script(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        nonlocal asked
        asked += 1
        return says("Never said.") if asked > 1 else calls(("write", {"text": "harmless"}))

    async with chatting_with(database, tmp_path, streamed(script)) as chat:
        conversation = await begun(chat, "Write")
        await chat.assistant.finished(chat.user.id, conversation)
        [waiting] = await chat.approvals(conversation)
        chat.tools.holds = True
        await chat.assistant.decide(chat.user, conversation, [verdict(waiting, approve=True)])
        await chat.tools.started.wait()

        await chat.assistant.stop(chat.user.id, conversation)
        sight = await chat.assistant.look(chat.user.id, conversation)
        assert (sight.running, sight.stopping, chat.tools.done) == (True, True, [])
        chat.tools.may_end.set()
        await chat.assistant.finished(chat.user.id, conversation)

        assert (asked, chat.tools.done) == (1, ["write"])
        [row] = await rows(chat, conversation)
        assert (row.state, row.result) == ("ok", "write done")
        assert how(await chat.entries(conversation)) == ["stopped"]


async def test_a_stop_reaches_the_process_that_answers(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    slow = Slow()
    async with two(database, fresh, tmp_path, slow.model) as (here, there):
        conversation = await begun(here, "Tell me")
        await slow.waits.wait()

        await there.assistant.stop(here.user.id, conversation)
        await there.assistant.finished(here.user.id, conversation)

        assert how(await there.entries(conversation)) == ["stopped"]
        assert "Once upon a time" in await text_of(there, conversation)


async def test_a_stop_that_nobody_heard_is_found_when_the_lease_is_renewed(
    database: Database, tmp_path: Path
) -> None:
    slow = Slow()
    async with (
        chatting_with(database, tmp_path, slow.model) as here,
        chatting_with(database, tmp_path, slow.model) as there,
    ):
        conversation = await begun(here, "Tell me")
        await slow.waits.wait()

        await there.assistant.stop(here.user.id, conversation)
        await there.assistant.finished(here.user.id, conversation)

        assert how(await here.entries(conversation)) == ["stopped"]


async def test_an_answer_whose_process_is_gone_is_interrupted_at_once(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    async with two(database, fresh, tmp_path, Slow().model) as (here, there):
        lease = await here.assistant._journal.begin_message(here.user.id, None, "Tell me")
        assert (await there.assistant.look(here.user.id, lease.conversation_id)).running
        with pytest.raises(Conflict, match="still answering"):
            await begun(there, "Now?", lease.conversation_id)

        await died(here)
        await there.assistant.finished(here.user.id, lease.conversation_id)

        assert how(await there.entries(lease.conversation_id)) == ["interrupted"]
        with pytest.raises(Conflict):  # nothing that it still does is stored
            await here.assistant._journal.save(lease, prompt_of("Tell me"))


async def test_a_process_that_cannot_hear_calls_nobody_dead(
    database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    async with two(database, fresh, tmp_path, Slow().model) as (here, there):
        lease = await here.assistant._journal.begin_message(here.user.id, None, "Tell me")
        await died(there)
        await died(here)

        assert (await there.assistant.look(here.user.id, lease.conversation_id)).running


async def test_an_answer_of_a_process_that_hangs_is_given_up_after_its_lease(
    database: Database, tmp_path: Path
) -> None:
    slow = Slow()
    async with chatting_with(database, tmp_path, slow.model) as chat:
        lease = await chat.assistant._journal.begin_message(chat.user.id, None, "Tell me")
        async with database.transaction(Role.APP, user_id=chat.user.id) as conn:
            await conn.execute("UPDATE conversations SET run_until = now() - interval '1 second'")

        assert how(await chat.entries(lease.conversation_id)) == ["interrupted"]
        slow.go_on.set()
        await chat.send("Again", lease.conversation_id)
        assert "A restart of the server cut this answer off" in slow.read()


async def test_an_orderly_end_waits_for_an_answer_and_then_for_a_write_alone(
    database: Database, tmp_path: Path
) -> None:
    slow = Slow()
    async with chatting_with(database, tmp_path, slow.model) as chat:
        conversation = await begun(chat, "Tell me")
        await slow.waits.wait()

        chat.assistant._answers.closing(seconds=0)
        await chat.assistant.drain()

        assert how(await chat.entries(conversation)) == ["interrupted"]
        assert "Once upon a time" in await text_of(chat, conversation)


async def test_who_watches_is_let_go_before_the_process_ends(
    database: Database, tmp_path: Path
) -> None:
    slow = Slow()
    async with chatting_with(database, tmp_path, slow.model) as chat:
        conversation = await begun(chat, "Tell me")
        await slow.waits.wait()
        chat.assistant.closing()

        sights = [one async for one in chat.assistant.watch(chat.user.id, conversation)]

        assert [one.running for one in sights] == [True]
        slow.go_on.set()
        await chat.assistant.drain()
        assert "the end." in await text_of(chat, conversation)


async def test_a_defect_in_an_answer_is_told_with_a_reference(
    database: Database, tmp_path: Path
) -> None:
    def broken(_: list[ModelMessage], __: AgentInfo) -> ModelResponse:
        raise ZeroDivisionError("a secret of ours")

    async with chatting_with(database, tmp_path, streamed(broken)) as chat:
        conversation = await chat.send("Hello")

        last = (await chat.entries(conversation))[-1]
        assert isinstance(last, ErrorEntry)
        assert last.correlation_id
        assert "secret" not in f"{last.message} {last.hint}"


async def test_nobody_stops_or_watches_the_answer_of_somebody_else(
    database: Database, tmp_path: Path
) -> None:
    slow = Slow()
    async with chatting_with(database, tmp_path, slow.model) as chat:
        conversation = await begun(chat, "Tell me")
        await slow.waits.wait()
        stranger = person()

        with pytest.raises(NotFound):
            await chat.assistant.stop(stranger.id, conversation)
        with pytest.raises(NotFound):
            await anext(chat.assistant.watch(stranger.id, conversation))
        with pytest.raises(NotFound):
            await chat.assistant.finished(stranger.id, conversation)

        slow.go_on.set()
        await chat.assistant.finished(chat.user.id, conversation)
        assert how(await chat.entries(conversation)) == []


async def rows(chat: Chat, conversation: str) -> list[ToolEntry]:
    return [one for one in await chat.entries(conversation) if isinstance(one, ToolEntry)]


def how(entries: list[Entry]) -> list[str]:
    """How the answers that were ended early were ended."""
    return [entry.how for entry in entries if isinstance(entry, CutEntry)]


async def died(chat: Chat) -> None:
    """Close the connection by which a process is known to live, as its end does."""
    await chat.assistant._signals._listener.stop()


@asynccontextmanager
async def two(
    database: Database, fresh: Fresh, folder: Path, model: FunctionModel
) -> AsyncIterator[tuple[Chat, Chat]]:
    """Two processes' worth of assistant on one database, for the same person."""
    listeners = [Listener(direct_dsn=fresh.login) for _ in range(2)]
    async with (
        chatting_with(database, folder, model, listener=listeners[0]) as here,
        chatting_with(database, folder, model, listener=listeners[1]) as there,
    ):
        there.user = here.user
        for listener in listeners:
            await listener.start()
        try:
            yield here, there
        finally:
            for listener in listeners:
                await listener.stop()
