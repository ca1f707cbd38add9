"""The gate before a token endpoint: how many of this process ask at once, and whether to ask at all.

Grants back off one by one; the gate is about the provider. Where answers fail in a row it shuts
for a while, then lets one request through to see whether that is over (half open).
"""

import asyncio
import random
from collections.abc import Callable
from types import TracebackType
from typing import Self

from xerus.connections.provider import ClientRejected, GrantRefused
from xerus.connections.tables import Named
from xerus.errors import UpstreamError, UpstreamUnavailable
from xerus.telemetry.logs import logger

log = logger(__name__)

MOST_AT_ONCE = 8
OPERATOR_PAUSE_SECONDS = 60.0
"""How long at the most nobody asks while our own app is rejected: an operator has to act."""
_FIRST_REJECTION_SECONDS = 2.0
_FAILURES_IN_A_ROW = 5
_MOST_PAUSE_SECONDS = 30.0


class Turn:
    """The right to ask the provider once; given back at the end of the block."""

    def __init__(self, gate: "Gate", *, is_probe: bool) -> None:
        self._gate = gate
        self.is_probe = is_probe

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._gate.leave(self)

    def note(self, error: UpstreamError | None) -> None:
        """Tell the gate how the provider answered; None: with a new pair."""
        self._gate.learn(self, error)


class Gate:
    """Admits eight requests at once while the provider answers."""

    def __init__(
        self, *, link: Named, changed: Callable[[UpstreamError | None], None] = lambda _: None
    ) -> None:
        """Make an open one.

        Args:
            link: before whose endpoint.
            changed: called with the failure that shut it, and with None when it opened again.
        """
        self._link = link
        self._changed = changed
        self._room = asyncio.Semaphore(MOST_AT_ONCE)
        self._failures = 0
        self._rejections = 0
        self._shut_until: float | None = None
        self._probing = False
        self._taken = 0

    @property
    def in_flight(self) -> int:
        """How many of this process's turns are taken."""
        return self._taken

    @property
    def is_open(self) -> bool:
        """Whether the provider is asked at present; True where one request is let through."""
        return self._wait_seconds() is None

    async def turn(self) -> Turn:
        """Wait for a turn.

        Raises:
            UpstreamUnavailable: the provider is left in peace for now; nothing is lost.
        """
        self._require_open()
        await self._room.acquire()
        try:
            self._require_open()
        except UpstreamUnavailable:
            self._room.release()
            raise
        return self._admitted()

    async def turns_at_hand(self) -> list[Turn]:
        """Return every turn that is free at once: none while shut, one while half open."""
        turns: list[Turn] = []
        while self._wait_seconds() is None and not self._room.locked():
            await self._room.acquire()  # does not wait: there is room
            turns.append(self._admitted())
        return turns

    def leave(self, turn: Turn) -> None:
        """Take a turn back, whether it was used or not."""
        if turn.is_probe:
            self._probing = False
        self._taken -= 1
        self._room.release()

    def learn(self, turn: Turn, error: UpstreamError | None) -> None:
        """Open after any verdict on a grant; shut after a rejection of ours, or enough silence."""
        if error is None or isinstance(error, GrantRefused):
            self._failures, self._rejections = 0, 0
            self._open()
        elif isinstance(error, ClientRejected):
            # One rejection may be a mistake of theirs: nobody else should wait a minute for it.
            longest = _FIRST_REJECTION_SECONDS * 2.0 ** min(self._rejections, 10)
            self._rejections += 1
            self._shut(min(longest, OPERATOR_PAUSE_SECONDS), error)
        else:
            self._failures += 1
            if turn.is_probe or self._failures >= _FAILURES_IN_A_ROW:
                longest = 2.0 ** min(self._failures - _FAILURES_IN_A_ROW + 1, 10)
                longest = min(max(longest, 1.0), _MOST_PAUSE_SECONDS)
                self._shut(random.uniform(longest / 2, longest), error)  # noqa: S311 - spreads load only

    def _admitted(self) -> Turn:
        is_probe = self._shut_until is not None
        self._probing = self._probing or is_probe
        self._taken += 1
        return Turn(self, is_probe=is_probe)

    def _require_open(self) -> None:
        seconds = self._wait_seconds()
        if seconds is not None:
            raise UpstreamUnavailable(
                f"{self._link.label} does not answer requests to renew connections at the moment.",
                hint=f"It is tried again in {seconds} s; nothing is lost.",
                retry_after=seconds,
            )

    def _wait_seconds(self) -> int | None:
        """Return in how many seconds it is worth asking again, None for now."""
        if self._shut_until is None:
            return None
        left = self._shut_until - asyncio.get_running_loop().time()
        if left > 0 or self._probing:
            return max(1, round(left))
        return None

    def _open(self) -> None:
        if self._shut_until is not None:
            self._shut_until = None
            log.info("renewals_resume", link=self._link.value)
            self._changed(None)

    def _shut(self, seconds: float, error: UpstreamError) -> None:
        if self._shut_until is None:
            self._changed(error)
        self._shut_until = asyncio.get_running_loop().time() + seconds
        log.warning(
            "renewals_rest", link=self._link.value, seconds=round(seconds, 1), cause=error.code
        )
