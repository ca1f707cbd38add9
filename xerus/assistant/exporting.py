"""A person takes their conversations away: one as a file, or all of them as an archive."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from xerus.assistant.conversations import ConversationRow, Conversations
from xerus.assistant.exported import Form, exported, name_of
from xerus.assistant.journal import Content
from xerus.assistant.transcript import transcript
from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.errors import NotFound
from xerus.ids import UserId
from xerus.limits.token_bucket import TokenBuckets
from xerus.tools.aside import aside
from xerus.vault.envelope import SealBroken

_PAGE = 50
_FILES_PER_MINUTE, _ARCHIVES_PER_MINUTE = 60, 4
_ALWAYS_ASIDE = 1
_UNREADABLE = "not readable.txt"


@dataclass(frozen=True, kw_only=True)
class File:
    """What is sent."""

    name: str
    media_type: str
    content: bytes


class Exporting:
    """Makes files of conversations, beside the event loop; never more than one in memory."""

    def __init__(
        self,
        *,
        conversations: Conversations,
        read: Callable[[UserId, str], Awaitable[Content]],
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        """Make it; `read` opens a conversation as it stands (`Assistant.content`)."""
        self._conversations = conversations
        self._read = read
        self._audit = audit
        self._clock = clock
        self._files = TokenBuckets(per_minute=_FILES_PER_MINUTE, whose="one person")
        self._archives = TokenBuckets(per_minute=_ARCHIVES_PER_MINUTE, whose="one person")

    async def file(self, user_id: UserId, conversation_id: str, form: Form) -> File:
        """Return one conversation.

        Raises:
            NotFound: there is no such conversation of this person.
            LimitReached: this person has exported too many.
        """
        row = await self._conversations.row(user_id, conversation_id)
        self._files.spend(user_id)
        content = await self._content(user_id, row, form)
        await self._audit.append(
            Event.CONVERSATION_EXPORTED, user_id=user_id, conversation=row.id, form=form.value
        )
        return File(name=name_of(row, form), media_type=form.media_type, content=content)

    async def archive(self, user_id: UserId) -> AsyncIterator[bytes]:
        """Begin an archive of all conversations, each in both forms; yield it piece by piece.

        What does not open is named in a file of the archive.

        Raises:
            LimitReached: this person has exported too often.
        """
        self._archives.spend(user_id)
        conversations = await self._conversations.count(user_id)
        await self._audit.append(
            Event.CONVERSATION_EXPORTED, user_id=user_id, conversations=conversations, form="zip"
        )
        return self._pieces(user_id)

    async def _pieces(self, user_id: UserId) -> AsyncIterator[bytes]:
        sink, unreadable = _Sink(), list[str]()
        archive = ZipFile(sink, "w", ZIP_DEFLATED)
        async for row in self._rows(user_id):
            try:
                for form in Form:
                    content = await self._content(user_id, row, form)
                    add = partial(_add, archive, name_of(row, form), content, row)
                    await aside(add, size=_ALWAYS_ASIDE, quick=0)
            except NotFound:  # deleted meanwhile
                continue
            except SealBroken:
                unreadable.append(row.id)
            yield sink.take()
        if unreadable:
            archive.writestr(_UNREADABLE, "\n".join(unreadable))
        archive.close()
        yield sink.take()

    async def _rows(self, user_id: UserId) -> AsyncIterator[ConversationRow]:
        before = None
        while rows := await self._conversations.page(user_id, limit=_PAGE, before=before):
            for row in rows:
                yield row
            before = rows[-1].place

    async def _content(self, user_id: UserId, row: ConversationRow, form: Form) -> bytes:
        content, now = await self._read(user_id, row.id), self._clock.now()
        make = partial(_made, row, content, form, now)
        return await aside(make, size=_ALWAYS_ASIDE, quick=0)


class _Sink:
    """What an archive writes to, in memory until it is taken; it cannot be rewound."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        """Take a part."""
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def close(self) -> None:
        """Do nothing: what was written is still to be taken."""

    def take(self) -> bytes:
        """Return what was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _made(row: ConversationRow, content: Content, form: Form, now: datetime) -> bytes:
    return exported(row, transcript(content, now=now), form, now)


def _add(archive: ZipFile, name: str, content: bytes, row: ConversationRow) -> None:
    info = ZipInfo(name, date_time=time.gmtime(row.used_at.timestamp())[:6])
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    archive.writestr(info, content)
