"""What the pages about kept conversations call; `app` passes the real service.

Every role loads this file, and only the web role the assistant: its types are named, not imported.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from xerus.errors import InvalidInput
from xerus.ids import UserId

if TYPE_CHECKING:
    from xerus.assistant.conversations import ConversationRow, Kin, Place
    from xerus.assistant.exported import Form
    from xerus.assistant.exporting import File
    from xerus.assistant.searching import Found


class ConversationService(Protocol):
    """`assistant.conversations.Conversations`."""

    @property
    def days(self) -> int | None:
        """Days without use after which a conversation is deleted; None for never."""

    async def page(
        self, user_id: UserId, *, limit: int, before: Place | None = None
    ) -> Sequence[ConversationRow]:
        """Return a person's conversations, the one last used first."""

    async def row(self, user_id: UserId, conversation_id: str) -> ConversationRow:
        """Return one of them; raises NotFound for anybody else."""

    async def kin(self, user_id: UserId, row: ConversationRow) -> tuple[Kin | None, Sequence[Kin]]:
        """Return what one was branched from, and what was branched from it."""

    async def rename(self, user_id: UserId, conversation_id: str, title: str) -> None:
        """Give one another title; raises InvalidInput, NotFound."""

    async def delete(self, user_id: UserId, conversation_id: str) -> None:
        """Delete one; raises NotFound."""

    async def delete_all(self, user_id: UserId) -> int:
        """Delete all of a person's; return how many there were."""


class BranchingService(Protocol):
    """`assistant.branching.Branching`."""

    async def message(self, user_id: UserId, conversation_id: str, turn: int) -> str:
        """Return what the person wrote at the beginning of a turn; raises NotFound."""

    async def before(self, user_id: UserId, conversation_id: str, turn: int, text: str) -> str:
        """Branch before the message of a turn, for `text`; return the new id; raises NotFound."""

    async def after(self, user_id: UserId, conversation_id: str, turn: int) -> str:
        """Branch after the answer to the message of a turn; raises NotFound, Conflict."""

    async def undo(self, user_id: UserId, conversation_id: str) -> None:
        """Remove a branch whose first message was not taken."""


class SearchService(Protocol):
    """`assistant.searching.Searching`."""

    async def find(self, user_id: UserId, words: str, before: Place | None = None) -> Found:
        """Return conversations with all the words; raises InvalidInput, LimitReached."""


class ExportService(Protocol):
    """`assistant.exporting.Exporting`."""

    async def file(self, user_id: UserId, conversation_id: str, form: Form) -> File:
        """Return one conversation; raises NotFound, LimitReached."""

    async def archive(self, user_id: UserId) -> AsyncIterator[bytes]:
        """Begin an archive of all, piece by piece; raises LimitReached."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Everything that is done with whole conversations."""

    conversations: ConversationService
    branching: BranchingService
    searching: SearchService
    exporting: ExportService


@dataclass(frozen=True, kw_only=True)
class Group:
    """Conversations of one day or month, with the words for it."""

    words: str
    rows: Sequence[ConversationRow]


_WEEK = timedelta(days=7)
_BESIDE = 30


def grouped(rows: Sequence[ConversationRow], now: datetime) -> list[Group]:
    """Return the rows, the last used first, by days in UTC: today, yesterday, a week, months."""
    groups: dict[str, list[ConversationRow]] = {}
    for row in rows:
        groups.setdefault(_words(row.used_at, now), []).append(row)
    return [Group(words=words, rows=found) for words, found in groups.items()]


def _words(used_at: datetime, now: datetime) -> str:
    day, today = used_at.astimezone(UTC).date(), now.astimezone(UTC).date()
    if day >= today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    if day > today - _WEEK:
        return "Previous 7 days"
    return f"{day:%B %Y}"


def kept_for(days: int | None) -> str:
    """Return how long conversations are kept, as the pages say it."""
    if days is None:
        return "They are kept until you delete them."
    last = "the day" if days == 1 else f"{days} days"
    return f"Each is deleted {last} after its last message."


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What stands around a transcript: the list beside it, and what is known of it as a whole.

    Attributes:
        current: the conversation that is open; None for one that is not begun.
        older: where the list goes on, '' where it does not.
        kept_for: how long conversations are kept, in words.
        origin: what `current` was branched from, if that is still there.
        branches: what was branched from `current`.
    """

    groups: Sequence[Group]
    current: ConversationRow | None
    older: str
    kept_for: str
    origin: Kin | None = None
    branches: Sequence[Kin] = ()


async def beside(
    service: ConversationService, user_id: UserId, conversation_id: str | None, now: datetime
) -> Beside:
    """Return what stands around a transcript.

    Raises:
        NotFound: there is no such conversation of this person.
    """
    current = await service.row(user_id, conversation_id) if conversation_id else None
    origin, branches = await service.kin(user_id, current) if current else (None, ())
    rows = await service.page(user_id, limit=_BESIDE + 1)
    return Beside(
        groups=grouped(rows[:_BESIDE], now),
        current=current,
        older=address_of(rows[_BESIDE - 1].place) if len(rows) > _BESIDE else "",
        kept_for=kept_for(service.days),
        origin=origin,
        branches=branches,
    )


def address_of(place: Place) -> str:
    """Return a place of the list as the addresses of pages carry it."""
    return f"{place.at.astimezone(UTC):%Y%m%dT%H%M%S.%f}.{place.id}"


def place_at(text: str) -> Place | None:
    """Return the place that an address carries; None where it carries none.

    Raises:
        InvalidInput: it is no place.
    """
    from xerus.assistant.conversations import Place  # noqa: PLC0415 - the first lines say why

    if not text:
        return None
    when, _, conversation_id = text.rpartition(".")
    try:
        at = datetime.strptime(when, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
        return Place(at=at, id=str(UUID(conversation_id)))
    except ValueError as error:
        raise InvalidInput(
            "This address names no place in the list.", hint="Open Conversations from the chat."
        ) from error
