"""Looking at a conversation while an answer is being written in it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

from xerus.assistant.entries import Entry
from xerus.assistant.journal import Content
from xerus.assistant.signals import Signals
from xerus.assistant.transcript import transcript
from xerus.clock import Clock

_QUIET_SECONDS = 10.0
_LEAST_PAUSE = 0.1
_SHARE = 10
"""Looking takes at most a tenth of the time, however long the answer has become."""
_TURNS_THAT_CHANGE = 2
"""The last turn, and the one before it, whose approved calls run in the last."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """A conversation at a moment.

    Attributes:
        entries: its entries from `since` on.
        since: how many entries come before; these do not change while an answer is written.
        running: whether an answer is being written.
        stopping: whether it was asked to end.
    """

    entries: Sequence[Entry]
    since: int = 0
    running: bool = False
    stopping: bool = False


def whole(content: Content, clock: Clock) -> Sight:
    """Return all of a conversation."""
    return Sight(
        entries=transcript(content, now=clock.now()),
        running=content.running,
        stopping=content.stopping,
    )


async def watch(
    conversation_id: str,
    read: Callable[[], Awaitable[Content]],
    *,
    signals: Signals,
    clock: Clock,
) -> AsyncIterator[Sight]:
    """Yield how the end of a conversation looks, now and at each change, while it is written.

    The last sight is of a conversation in which no answer is being written. Whoever takes long
    sees the newest state next, not each one. A sight may be like the one before.
    """
    since: int | None = None
    with signals.watch(conversation_id) as changed:
        while True:
            changed.clear()
            content = await read()
            begun = perf_counter()
            first = max(len(content.turns) - _TURNS_THAT_CHANGE, 0)
            if since is None:
                since = len(transcript(content, now=clock.now(), until=first))
            entries = transcript(content, now=clock.now(), since=first)
            yield Sight(
                entries=entries, since=since, running=content.running, stopping=content.stopping
            )
            if not content.running:
                return
            await asyncio.sleep(max(_LEAST_PAUSE, _SHARE * (perf_counter() - begun)))
            await signals.pause(changed, _QUIET_SECONDS)
