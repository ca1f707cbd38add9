"""The assistant in this process, with a model at a simulated provider."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from tests.stores.chatting import Chat, chatting_with
from tests.support.model_servers import KEY, ModelServer
from xerus.assistant.asking import Patience
from xerus.assistant.entries import AssistantEntry
from xerus.assistant.model import Access, Providers
from xerus.db.database import Database


def providers_at(server: ModelServer) -> Providers:
    secret = SecretStr(KEY)
    return Providers(
        Access(
            anthropic_url=server.url,
            anthropic_api_key=secret,
            openai_url=server.url,
            openai_api_key=secret,
            compatible_url=server.url,
            compatible_api_key=secret,
        )
    )


@dataclass
class Wired:
    """An assistant, and the provider that its model is at."""

    chat: Chat
    server: ModelServer

    async def read(self, conversation: str) -> str:
        """Return all that the transcript shows, but for what the person wrote."""
        return "\n".join(
            " ".join(str(value) for value in vars(entry).values())
            for entry in await self.chat.entries(conversation)
            if entry.kind != "person"
        )

    async def said(self, conversation: str) -> str:
        """Return what the model said last."""
        entries = await self.chat.entries(conversation)
        return [one.text for one in entries if isinstance(one, AssistantEntry)][-1]


@asynccontextmanager
async def wired_to(
    kind: Callable[[], ModelServer],
    database: Database,
    folder: Path,
    patience: Patience | None = None,
    deadline_seconds: float = 30,
    window: int = 0,
) -> AsyncIterator[Wired]:
    async with kind() as server:
        providers = providers_at(server)
        try:
            async with chatting_with(
                database,
                folder,
                providers.model(f"{server.provider}:some-model"),
                deadline_seconds,
                patience=patience,
                window=window,
            ) as chat:
                yield Wired(chat, server)
        finally:
            await providers.close()
