"""A person's conversations as a whole: the list of them, their names, their end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from xerus.assistant import conversation_store as kept
from xerus.assistant.sealing import Sealing
from xerus.assistant.signals import stop_run
from xerus.assistant.titles import chosen_title
from xerus.audit.events import Event, Fact
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Connection, Database
from xerus.db.roles import Role
from xerus.errors import NotFound
from xerus.ids import UserId
from xerus.vault.envelope import SealBroken
from xerus.vault.service import Vault

State = Literal["idle", "answering", "waiting"]

_AT_ONCE = 50
"""Conversations that one transaction deletes when all of them go."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a page of the list ends: when the last row was used, and its id."""

    at: datetime
    id: str


@dataclass(frozen=True, kw_only=True)
class ConversationRow:
    """One line of the list.

    Attributes:
        title: may be empty, where what is stored was damaged.
        state: "answering" while a run is under way, "waiting" while a call waits for the person.
        origin_id: the conversation that this one was branched from, '' if it was not.
        origin_turn: the turn of that one whose message is where they part.
        model: what its person chose to be answered by; '' if they did not.
    """

    id: str
    title: str
    created_at: datetime
    used_at: datetime
    state: State
    origin_id: str = ""
    origin_turn: int = 0
    model: str = ""

    @property
    def place(self) -> Place:
        """Where the list goes on after this row."""
        return Place(at=self.used_at, id=self.id)


@dataclass(frozen=True, kw_only=True)
class Kin:
    """A conversation that another one names: what it was branched from, or into."""

    id: str
    title: str


class Conversations:
    """What a person can do with conversations that are not being written at the moment, or are."""

    def __init__(
        self, *, db: Database, vault: Vault, audit: AuditLog, clock: Clock, days: int | None = None
    ) -> None:
        """Make it; `days` without use end a conversation (`retention`), None never."""
        self._db = db
        self._sealing = Sealing(vault=vault)
        self._audit = audit
        self._clock = clock
        self._days = days

    @property
    def days(self) -> int | None:
        """Days without use after which a conversation is deleted; None for never."""
        return self._days

    async def page(
        self, user_id: UserId, *, limit: int, before: Place | None = None
    ) -> list[ConversationRow]:
        """Return a person's conversations, the one last used first.

        Args:
            user_id: whose.
            limit: how many at most.
            before: only those after this place of the list; None for its beginning.
        """
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            found = await kept.page(
                conn,
                user_id=user_id,
                now=self._clock.now(),
                before=(before.at, before.id) if before else None,
                limit=limit,
            )
        return [await self._row(user_id, one) for one in found]

    async def count(self, user_id: UserId) -> int:
        """Return how many conversations a person has."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            return await kept.count(conn, user_id=user_id)

    async def row(self, user_id: UserId, conversation_id: str) -> ConversationRow:
        """Return one line of the list.

        Raises:
            NotFound: there is none with this id, or it is somebody else's.
        """
        key = checked_id(conversation_id)
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            found = await kept.row(
                conn, user_id=user_id, conversation_id=key, now=self._clock.now()
            )
        if found is None:
            raise no_such_conversation()
        return await self._row(user_id, found)

    async def rename(self, user_id: UserId, conversation_id: str, title: str) -> None:
        """Give a conversation another title, which no message changes any more.

        Raises:
            InvalidInput: the title is empty or too long.
            NotFound: there is no such conversation of this person.
        """
        key = checked_id(conversation_id)
        sealed = await self._sealing.title(user_id, key, chosen_title(title))
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            if not await kept.rename(conn, user_id=user_id, conversation_id=key, title=sealed):
                raise no_such_conversation()

    async def delete(self, user_id: UserId, conversation_id: str) -> None:
        """Delete a conversation with everything under it; nobody can restore it.

        What waits for approval expires, as the audit log tells. A run that is under way is told to
        stop, and has nowhere to write to.

        Raises:
            NotFound: there is no such conversation of this person.
        """
        key = checked_id(conversation_id)
        if not await self._delete(user_id, [key], conversation=key):
            raise no_such_conversation()

    async def delete_all(self, user_id: UserId) -> int:
        """Delete every conversation of a person; return how many there were."""
        deleted = 0
        while ids := await self._ids(user_id, _AT_ONCE):
            deleted += await self._delete(user_id, ids, conversations=len(ids))
        return deleted

    async def kin(self, user_id: UserId, row: ConversationRow) -> tuple[Kin | None, Sequence[Kin]]:
        """Return what a conversation was branched from, if that is there, and its own branches."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            origin = row.origin_id and await kept.row(
                conn, user_id=user_id, conversation_id=row.origin_id, now=self._clock.now()
            )
            found = await kept.branches(conn, user_id=user_id, conversation_id=row.id)
        branches = [await self._kin(user_id, one) for one in found]
        return (await self._kin(user_id, origin) if origin else None), branches

    async def _ids(self, user_id: UserId, limit: int) -> list[str]:
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            found = await kept.page(
                conn, user_id=user_id, now=self._clock.now(), before=None, limit=limit
            )
        return [one["id"] for one in found]

    async def _delete(self, user_id: UserId, ids: Sequence[str], **facts: Fact) -> int:
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            runs = await kept.lock(conn, user_id=user_id, ids=ids)
            asked = await kept.undecided(conn, user_id=user_id, ids=ids)
            deleted = await kept.delete(conn, user_id=user_id, ids=ids)
            if not deleted:
                return 0
            for run_id in runs:
                await stop_run(conn, run_id)
            for one in asked:
                await self._expired(conn, user_id, one)
            await self._audit.record(conn, Event.CONVERSATION_DELETED, user_id=user_id, **facts)
        return deleted

    async def _expired(self, conn: Connection, user_id: UserId, asked: dict[str, Any]) -> None:
        await self._audit.record(
            conn,
            Event.APPROVAL_EXPIRED,
            user_id=user_id,
            conversation=asked["conversation_id"],
            call=asked["id"],
            tool=asked["tool"][:80],
            cause="conversation_deleted",
        )

    async def _row(self, user_id: UserId, found: dict[str, Any]) -> ConversationRow:
        state: State = "waiting" if found["waiting"] else "idle"
        return ConversationRow(
            id=found["id"],
            title=await self._title(user_id, found),
            created_at=found["created_at"],
            used_at=found["updated_at"],
            state="answering" if found["running"] else state,
            origin_id=found["origin_id"] or "",
            origin_turn=found["origin_turn"] or 0,
            model=found["model"],
        )

    async def _kin(self, user_id: UserId, found: dict[str, Any]) -> Kin:
        return Kin(id=found["id"], title=await self._title(user_id, found))

    async def _title(self, user_id: UserId, found: dict[str, Any]) -> str:
        try:
            return await self._sealing.open_title(user_id, found["id"], found["title"])
        except SealBroken:
            # One damaged row must not take the list of all others away; opening it will tell.
            return ""


def checked_id(conversation_id: str) -> str:
    """Return an id in its one form.

    Raises:
        NotFound: it is none.
    """
    try:
        return str(UUID(conversation_id))
    except ValueError:
        raise no_such_conversation() from None


def no_such_conversation() -> NotFound:
    """Return what a person is told about a conversation that is not there, or not theirs."""
    return NotFound(
        "There is no such conversation.",
        hint="It may have been deleted. Choose another one from the list, or begin a new one.",
    )
