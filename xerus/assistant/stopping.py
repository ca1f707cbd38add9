"""Ending a run early without cutting a write in half."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from xerus.assistant.turns import Cut


class Stopping:
    """Ends the task of a run: at once, or when the write that is under way has its answer.

    A write that is cancelled half way has happened or not, and nobody can tell which. So it is
    waited for, within the time that any call may take, and nothing comes after it.
    """

    def __init__(self) -> None:
        self.cut: Cut | None = None
        self._task: asyncio.Task[None] | None = None
        self._writes = 0

    def bind(self, task: asyncio.Task[None]) -> None:
        """Name the task that is ended."""
        self._task = task
        self._end()

    def ask(self, cut: Cut) -> None:
        """End the run; `cut` says why. The first who asks is the reason."""
        if self.cut is None:
            self.cut = cut
            self._end()

    def late(self) -> None:
        """End the run if it still goes on: its time is over."""
        if self._task is not None and not self._task.done():
            self.ask(Cut.LATE)

    def insist(self) -> None:
        """End the run again if it is to end: where it waited, the first time may have been lost."""
        self._end()

    @contextmanager
    def write(self) -> Iterator[None]:
        """Hold the end off as long as the block, which changes something, is under way."""
        self._writes += 1
        try:
            yield
        finally:
            self._writes -= 1
            self._end()

    def _end(self) -> None:
        if self.cut is not None and self._task is not None and not self._writes:
            self._task.cancel()
