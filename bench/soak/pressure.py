"""Steady calls of several people, and what came of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Self

import aiohttp

from bench.driver import CallFailed
from bench.world import Person

_ISSUE = {"issue_key": "ENG-1"}
_PAUSE_SECONDS = 0.02
_AFTER_FAILURE_SECONDS = 0.1
_CALLS_PER_SESSION = 50
_CALL_SECONDS = 40.0
_PEOPLE_LOST = (401, 403)


class StageFailed(Exception):
    """A promise did not hold; the message says which and how."""


def loses_the_grant(error: Exception) -> bool:
    """Tell a grant that is gone from an answer that only has to be asked for again."""
    if not isinstance(error, CallFailed):
        return False
    return error.status in _PEOPLE_LOST or "/tools" in error.text or "Tools page" in error.text


@dataclass
class Pressure:
    """Callers that read an issue again and again until the block ends."""

    people: Sequence[Person]
    callers: int
    endpoints: Sequence[str] = ("",)
    answered: int = 0
    put_off: int = 0
    lost: list[Exception] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._calls(somebody, endpoint))
            for somebody in self.people
            for endpoint in self.endpoints
            for _ in range(self.callers)
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        if error is None:
            for outcome in ended:
                if isinstance(outcome, Exception):
                    raise outcome

    @property
    def sofar(self) -> str:
        return f"{self.answered} answered, {self.put_off} put off, {len(self.lost)} lost"

    def judge(self) -> None:
        """Raise `StageFailed` if anybody was told to connect or to authorize again."""
        if self.lost:
            raise StageFailed(f"{len(self.lost)} calls lost their grant, first: {self.lost[0]}")

    async def _calls(self, somebody: Person, endpoint: str) -> None:
        while True:
            # A new session now and then: the person's access token changes during long stages.
            async with somebody.driver(endpoint=endpoint, timeout=_CALL_SECONDS) as client:
                for _ in range(_CALLS_PER_SESSION):
                    try:
                        await client.call("jira_get_issue", _ISSUE)
                    except (CallFailed, aiohttp.ClientError, TimeoutError) as error:
                        self._note(error)
                        await asyncio.sleep(_AFTER_FAILURE_SECONDS)
                    else:
                        self.answered += 1
                        await asyncio.sleep(_PAUSE_SECONDS)

    def _note(self, error: Exception) -> None:
        if loses_the_grant(error):
            self.lost.append(error)
        else:
            self.put_off += 1


async def all_answered(people: Sequence[Person], *, within: float, endpoint: str = "") -> float:
    """Return how long it took until everybody got an answer.

    Raises:
        StageFailed: somebody did not within that many seconds, or lost the grant.
    """
    begun = monotonic()
    await asyncio.gather(*(_answered(person, begun + within, endpoint) for person in people))
    return monotonic() - begun


async def _answered(somebody: Person, deadline: float, endpoint: str) -> None:
    last: Exception | None = None
    while (left := deadline - monotonic()) > 0:
        async with somebody.driver(endpoint=endpoint, timeout=left) as client:
            try:
                await client.call("jira_get_issue", _ISSUE)
            except (CallFailed, aiohttp.ClientError, TimeoutError) as error:
                last = error
            else:
                return
        if loses_the_grant(last):
            break
        await asyncio.sleep(_AFTER_FAILURE_SECONDS)
    raise StageFailed(f"{somebody.account} got no answer: {last!r}")
