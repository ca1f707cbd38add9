"""The assistant behind the chat's pages, without a model."""

from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup

from tests.unit.web.fake_editing import FakeEditing
from xerus.accounts.users import User
from xerus.assistant.allowance import Today
from xerus.assistant.verdicts import Verdict as CallVerdict
from xerus.assistant.watching import Sight
from xerus.errors import NotFound
from xerus.ids import UserId


class FakeAssistant:
    is_demo = True
    models: Sequence[str] = ("",)
    total = ""
    tokens_today: Today | None = None
    examples: Sequence[str] = (
        "find open bugs in ENG",
        "show ENG-12",
        "create a task in ENG: Rotate the keys",
        "find pages about onboarding",
        "show page Release checklist",
        "am I connected",
    )

    def __init__(self, owner: UserId) -> None:
        self._owner = owner
        self.entries: dict[str, list[Any]] = {}
        self.editing = FakeEditing(owner)
        self.verdicts: list[CallVerdict] = []
        self.ran_out: list[UserId] = []
        self.running = False
        self.doing = ""

    async def look(self, user_id: UserId, conversation_id: str) -> Sight:
        if conversation_id not in self.entries or user_id != self._owner:
            raise NotFound("There is no such conversation.")
        return Sight(
            entries=self.entries[conversation_id],
            running=self.running,
            doing=self.doing,
            total=self.total,
        )

    async def today(self, user_id: UserId) -> Today | None:
        return self.tokens_today

    async def watch(self, user_id: UserId, conversation_id: str) -> AsyncIterator[Sight]:
        yield await self.look(user_id, conversation_id)

    async def finished(self, user_id: UserId, conversation_id: str) -> None:
        self.running = False

    async def stop(self, user_id: UserId, conversation_id: str) -> None:
        await self.look(user_id, conversation_id)
        self.running = False

    async def send(
        self, user: User, conversation_id: str | None, text: str, model: str = ""
    ) -> str:
        chosen = conversation_id or "talk"
        self.entries.setdefault(chosen, []).extend(
            (
                SimpleNamespace(kind="person", text=text),
                SimpleNamespace(
                    kind="assistant", author="Demo model", html=Markup("<p>Understood.</p>")
                ),
            )
        )
        return chosen

    async def again(self, user: User, conversation_id: str, model: str = "") -> None:
        await self.look(user.id, conversation_id)
        said = [one.text for one in self.entries[conversation_id] if one.kind == "person"]
        await self.send(user, conversation_id, said[-1])

    async def decide(
        self, user: User, conversation_id: str, verdicts: Sequence[CallVerdict]
    ) -> None:
        self.verdicts += verdicts

    async def run_out(self, user_id: UserId) -> None:
        self.ran_out.append(user_id)
