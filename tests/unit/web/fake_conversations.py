"""Conversations behind the pages, in memory."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from xerus.assistant.conversations import ConversationRow, Kin, Place, no_such_conversation
from xerus.assistant.exported import Form, name_of
from xerus.assistant.exporting import File
from xerus.assistant.searching import Found, Hit, Piece
from xerus.assistant.titles import chosen_title
from xerus.errors import InvalidInput, NotFound
from xerus.ids import UserId
from xerus.web.kept import Kept


class FakeConversations:
    """Those of one person: `rows`, and what the fake assistant has entries of."""

    def __init__(self, owner: UserId, now: datetime, entries: dict[str, list[Any]]) -> None:
        self._owner = owner
        self._now = now
        self.entries = entries
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
        for conversation_id in self.entries:
            if conversation_id not in self.rows:
                self.add(conversation_id, [*self.said(conversation_id), "Talk"][0][:40])
        return self.rows if user_id == self._owner else {}

    def said(self, conversation_id: str) -> list[str]:
        entries = self.entries.get(conversation_id, ())
        return [entry.text for entry in entries if entry.kind == "person"]

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
        self.entries.pop(conversation_id, None)

    async def delete_all(self, user_id: UserId) -> int:
        gone = list(self._all(user_id))
        for conversation_id in gone:
            await self.delete(user_id, conversation_id)
        return len(gone)


def _place(row: ConversationRow) -> tuple[datetime, str]:
    return row.used_at, row.id


class FakeBranching:
    """Branches without turns, of what `FakeConversations` has."""

    def __init__(self, conversations: FakeConversations) -> None:
        self._conversations = conversations

    async def message(self, user_id: UserId, conversation_id: str, turn: int) -> str:
        await self._conversations.row(user_id, conversation_id)
        said = self._conversations.said(conversation_id)
        if turn >= len(said):
            raise NotFound("There is no message of yours at this place of the conversation.")
        return said[turn]

    async def before(self, user_id: UserId, conversation_id: str, turn: int, text: str) -> str:
        await self.message(user_id, conversation_id, turn)
        self._conversations.add("branch", text, origin_id=conversation_id, origin_turn=turn)
        self._conversations.entries["branch"] = []
        return "branch"

    async def after(self, user_id: UserId, conversation_id: str, turn: int) -> str:
        text = await self.message(user_id, conversation_id, turn)
        return await self.before(user_id, conversation_id, turn, text)

    async def undo(self, user_id: UserId, conversation_id: str) -> None:
        await self._conversations.delete(user_id, conversation_id)


class FakeSearching:
    """Finds what has the words in its title; `found` is answered in its place where it is set."""

    def __init__(self, conversations: FakeConversations) -> None:
        self._conversations = conversations
        self.found: Found | None = None

    async def find(self, user_id: UserId, words: str, before: Place | None = None) -> Found:
        if not words.strip():
            raise InvalidInput("There is nothing to search for.", hint="Write a word or two.")
        if self.found is not None:
            return self.found
        rows = await self._conversations.page(user_id, limit=100, before=before)
        hits = [
            Hit(row=row, title=(Piece(text=row.title, matches=True),), spots=())
            for row in rows
            if words in row.title
        ]
        last = rows[-1] if rows else None
        return Found(hits=tuple(hits), searched=len(rows), back_to=last, more=None)


class FakeExporting:
    """Files that hold a title."""

    def __init__(self, conversations: FakeConversations) -> None:
        self._conversations = conversations

    async def file(self, user_id: UserId, conversation_id: str, form: Form) -> File:
        row = await self._conversations.row(user_id, conversation_id)
        return File(name=name_of(row, form), media_type=form.media_type, content=row.title.encode())

    async def archive(self, user_id: UserId) -> AsyncIterator[bytes]:
        rows = await self._conversations.page(user_id, limit=100)

        async def pieces() -> AsyncIterator[bytes]:
            for row in rows:
                yield row.title.encode()

        return pieces()


def kept_of(conversations: FakeConversations, searching: FakeSearching) -> Kept:
    """Everything around `conversations`."""
    return Kept(
        conversations=conversations,
        branching=FakeBranching(conversations),
        searching=searching,
        exporting=FakeExporting(conversations),
    )
