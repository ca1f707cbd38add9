"""What leaves the database when its days are over, by the loops of the worker."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from xerus.app.foundation import Foundation
from xerus.assistant.retention import remove_unused
from xerus.clock import Clock
from xerus.worker.loops import Loop

_EVERY_SECONDS = 3600.0


def retention_loops(base: Foundation) -> Iterator[Loop]:
    """Yield a loop for each kind of thing that the settings give days."""
    settings = base.settings
    removals: tuple[tuple[str, int | None, Callable[[datetime], Awaitable[int]]], ...] = (
        ("audit-retention", settings.audit.days, base.audit.remove_before),
        ("chat-retention", settings.assistant.days, partial(remove_unused, base.db, base.audit)),
    )
    for name, days, remove_before in removals:
        if days is not None:
            run = partial(_remove, remove_before, base.clock, timedelta(days=days))
            yield Loop(name=name, every_seconds=_EVERY_SECONDS, run=run)


async def _remove(
    remove_before: Callable[[datetime], Awaitable[int]], clock: Clock, kept: timedelta
) -> int:
    return await remove_before(clock.now() - kept)
