"""Conversations behind the pages, in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from xerus.assistant.conversations import ConversationRow, Kin, Place, no_such_conversation
from xerus.assistant.titles import chosen_title
from xerus.ids import UserId


class FakeConversations:
    """Those of one person: `rows`, and what the fake assistant has entries of."""

    def __init__(self, owner: UserId, now: datetime, entries: dict[str, list[Any]]) -> None:
        self._owner = owner
        self._now = now
        self._entries = entries
        self.days: int | None = None
        self.rows: dict[str, ConversationRow] = {}

    def add(self, conversation_id: str, title: str, **more: object) -> None:
        row = ConversationRow(
            id=conversation_id,
            title=title,
            created_at=self._now,
            used_at=self._now,
            state="idle",
        )
        self.rows[conversation_id] = replace(row, **more)  # type: ignore[arg-type]  # as given

    def _all(self, user_id: UserId) -> dict[str, ConversationRow]:
        for conversation_id, entries in self._entries.items():
            if conversation_id not in self.rows:
                said = [entry.text for entry in entries if entry.kind == "person"]
                self.add(conversation_id, said[0][:40] if said else "Talk")
        return self.rows if user_id == self._owner else {}

    async def page(
        self, user_id: UserId, *, limit: int, before: Place | None = None
    ) -> Sequence[ConversationRow]:
        found = sorted(self._all(user_id).values(), key=_place, reverse=True)
        return [row for row in found if not before or _place(row) < (before.at, before.id)][:limit]

    async def row(self, user_id: UserId, conversation_id: str) -> ConversationRow:
        rows = self._all(user_id)
        if conversation_id not in rows:
            raise no_such_conversation()
        return rows[conversation_id]

    async def kin(self, user_id: UserId, row: ConversationRow) -> tuple[Kin | None, Sequence[Kin]]:
        origin = self.rows.get(row.origin_id)
        branches = [
            Kin(id=one.id, title=one.title) for one in self.rows.values() if one.origin_id == row.id
        ]
        return (Kin(id=origin.id, title=origin.title) if origin else None), branches

    async def rename(self, user_id: UserId, conversation_id: str, title: str) -> None:
        row = await self.row(user_id, conversation_id)
        self.rows[conversation_id] = replace(row, title=chosen_title(title))

    async def delete(self, user_id: UserId, conversation_id: str) -> None:
        await self.row(user_id, conversation_id)
        del self.rows[conversation_id]
        self._entries.pop(conversation_id, None)

    async def delete_all(self, user_id: UserId) -> int:
        gone = list(self._all(user_id))
        for conversation_id in gone:
            await self.delete(user_id, conversation_id)
        return len(gone)


def _place(row: ConversationRow) -> tuple[datetime, str]:
    return row.used_at, row.id
