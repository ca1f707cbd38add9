"""Looking at a conversation while an answer is being written in it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

from pydantic_ai.messages import TextPart

from xerus.assistant.entries import Entry
from xerus.assistant.journal import Content
from xerus.assistant.signals import Signals
from xerus.assistant.spending import in_words, together
from xerus.assistant.transcript import transcript
from xerus.assistant.turns import begun_in
from xerus.clock import Clock
from xerus.tools.aside import QUICK_MARKDOWN, aside

_QUIET_SECONDS = 10.0
_LEAST_PAUSE = 0.1
_SHARE = 10
"""Looking takes at most a tenth of the time, however long the answer has become."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """A conversation at a moment.

    Attributes:
        entries: its entries from `since` on.
        since: how many entries come before; these do not change while an answer is written.
        running: whether an answer is being written.
        stopping: whether it was asked to end.
        doing: what it waits for, '' as a rule.
        total: what its answers used together, in words; '' where the last one says it already.
    """

    entries: Sequence[Entry]
    since: int = 0
    running: bool = False
    stopping: bool = False
    doing: str = ""
    total: str = ""


async def whole(content: Content, clock: Clock) -> Sight:
    """Return all of a conversation."""
    return Sight(
        entries=await _entries(content, clock),
        running=content.running,
        stopping=content.stopping,
        doing=_doing(content),
        total=_total(content),
    )


def _total(content: Content) -> str:
    answers = sum(turn.is_message for turn in content.turns if turn.spent is not None)
    spent = together([turn.spent for turn in content.turns if turn.spent is not None])
    return in_words(spent) if spent is not None and answers > 1 else ""


class Watches:
    """Yields how conversations look while they are being written in."""

    def __init__(self, *, signals: Signals, clock: Clock) -> None:
        self._signals = signals
        self._clock = clock
        self._closed = False

    async def watch(
        self, conversation_id: str, read: Callable[[], Awaitable[Content]]
    ) -> AsyncIterator[Sight]:
        """Yield the end of a conversation, now and at each change.

        The last sight is of a conversation in which no answer is being written, or of one that
        still is when this process is about to stop. Whoever takes long sees the newest state next,
        not each one. A sight may be like the one before.
        """
        since: int | None = None
        with self._signals.watch(conversation_id) as changed:
            while True:
                changed.clear()
                content = await read()
                begun = perf_counter()
                first = begun_in(content.turns, len(content.turns) - 1)
                if since is None:
                    since = len(await _entries(content, self._clock, until=first))
                yield Sight(
                    entries=await _entries(content, self._clock, since=first),
                    since=since,
                    running=content.running,
                    stopping=content.stopping,
                    doing=_doing(content),
                )
                if self._closed or not content.running:
                    return
                await asyncio.sleep(max(_LEAST_PAUSE, _SHARE * (perf_counter() - begun)))
                await self._signals.pause(changed, _QUIET_SECONDS)

    def close(self) -> None:
        """Let every watch end soon: this process is about to stop."""
        self._closed = True


def _doing(content: Content) -> str:
    return content.turns[-1].doing if content.running and content.turns else ""


async def _entries(
    content: Content, clock: Clock, since: int = 0, until: int | None = None
) -> list[Entry]:
    """Return the entries of these turns; others do not wait while long Markdown is rendered."""
    texts = (
        len(part.content)
        for turn in content.turns[since:until]
        for message in turn.messages
        for part in message.parts
        if isinstance(part, TextPart)
    )
    now = clock.now()
    return await aside(
        lambda: transcript(content, now=now, since=since, until=until),
        size=sum(texts),
        quick=QUICK_MARKDOWN,
    )
