"""How an answer of the chat goes on, is stopped, and is told from one whose process is gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic_ai.messages import ModelMessage
from pydantic_ai.models.function import AgentInfo, FunctionModel

from tests.stores.chatting import Chat, chatting_with
from tests.stores.connecting import until
from tests.stores.databases import Fresh
from xerus.assistant.entries import AssistantEntry
from xerus.db.database import Database
from xerus.db.notify import Listener


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
