"""The answers that this process writes: begun, looked at while they grow, stopped, stored."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from xerus.assistant.deciding import waiting
from xerus.assistant.growth import Growth
from xerus.assistant.journal import Content, Journal
from xerus.assistant.keeper import Keeper
from xerus.assistant.leases import Lease
from xerus.assistant.loop import Loop, Run
from xerus.assistant.prices import Meter
from xerus.assistant.problems import EXPECTED, broken, noted
from xerus.assistant.signals import Signals
from xerus.assistant.stopping import Stopping
from xerus.assistant.turns import Cut, Turn
from xerus.errors import Conflict, Unavailable, XerusError
from xerus.ids import UserId
from xerus.telemetry.logs import logger

_log = logger(__name__)

DRAIN_SECONDS = 8.0
"""Answers that take longer are cut off by an orderly shutdown; `app.processes` kills after 15 s."""
_STORE_AGAIN_SECONDS = (0.5, 1.0, 2.0, 4.0)

Prepare = Callable[[Content, Turn], Awaitable[Run]]
"""Makes the run of a conversation as it stands, which fills the given turn."""


@dataclass(kw_only=True, eq=False)
class _Answer:
    lease: Lease
    turn: Turn
    growth: Growth
    before: Content | None = None
    stopping: Stopping = field(default_factory=Stopping)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def content(self) -> Content | None:
        if self.before is None:
            return None
        # A copy: it may be rendered in another thread, while the turn grows.
        now = replace(self.growth.turn, calls=dict(self.turn.calls))
        return Content(
            turns=[*self.before.turns[: self.lease.n], now],
            approvals=self.before.approvals,
            running=True,
            stopping=self.stopping.cut is Cut.STOPPED,
        )


class Answers:
    """Runs each answer in a task of its own: a page that is closed does not cut it short."""

    def __init__(
        self, *, journal: Journal, loop: Loop, signals: Signals, deadline_seconds: float
    ) -> None:
        self._journal = journal
        self._loop = loop
        self._signals = signals
        self._deadline_seconds = deadline_seconds
        self._answers: dict[str, _Answer] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._end: asyncio.TimerHandle | None = None
        self._closed = False
        signals.on_stop(self.stop)

    def begin(self, lease: Lease, turn: Turn, prepare: Prepare, meter: Meter) -> None:
        """Begin the answer of a lease."""
        answer = _Answer(lease=lease, turn=turn, growth=Growth(turn, meter))
        self._answers[lease.run_id] = answer
        if self._closed:
            answer.stopping.ask(Cut.INTERRUPTED)
        task = asyncio.create_task(self._whole(answer, prepare), name="assistant-answer")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def content(self, user_id: UserId, conversation_id: str) -> Content | None:
        """Return the conversation as it is being written here; None if it is not."""
        for answer in self._answers.values():
            lease = answer.lease
            if (lease.user_id, lease.conversation_id) == (user_id, conversation_id):
                return answer.content()
        return None

    async def finished(self, user_id: UserId, conversation_id: str) -> None:
        """Wait for the answer that is being written here, if there is one."""
        for answer in tuple(self._answers.values()):
            lease = answer.lease
            if (lease.user_id, lease.conversation_id) == (user_id, conversation_id):
                await answer.done.wait()

    def stop(self, run_id: str) -> None:
        """Stop a run, if it is one of this process."""
        if answer := self._answers.get(run_id):
            answer.stopping.ask(Cut.STOPPED)
            self._signals.wake(answer.lease.conversation_id)

    def closing(self, seconds: float = DRAIN_SECONDS) -> None:
        """Let answers end by themselves for a while, then end them: this process is to stop."""
        if self._end is None:
            self._end = asyncio.get_running_loop().call_later(seconds, self._interrupt)

    async def drain(self) -> None:
        """Return once all answers are stored, which are given no more time than `closing` says."""
        self.closing()
        while self._tasks:
            await asyncio.wait(self._tasks)
        if self._end is not None:
            self._end.cancel()

    def _interrupt(self) -> None:
        self._closed = True
        for answer in self._answers.values():
            answer.stopping.ask(Cut.INTERRUPTED)

    async def _whole(self, answer: _Answer, prepare: Prepare) -> None:
        lease = answer.lease
        try:
            run = await self._run(answer, prepare)
            await self._finish(answer, run)
        except BaseException:
            # The end of the process: the next message need not wait for the lease.
            with suppress(XerusError):
                await asyncio.shield(self._journal.abandon(lease))
            raise
        finally:
            del self._answers[lease.run_id]
            answer.done.set()
            self._signals.wake(lease.conversation_id)

    async def _run(self, answer: _Answer, prepare: Prepare) -> Run | None:
        try:
            lease = answer.lease
            answer.before = await self._journal.read(lease.user_id, lease.conversation_id)
            run = await prepare(answer.before, answer.turn)
            await self._bounded(answer, run)
        except Exception as error:  # noqa: BLE001 - an edge: a defect of ours is told as well
            answer.turn.problem = noted(error) if isinstance(error, EXPECTED) else broken()
            return None
        return run

    async def _bounded(self, answer: _Answer, run: Run) -> None:
        keeper = Keeper(
            journal=self._journal,
            signals=self._signals,
            lease=answer.lease,
            growth=answer.growth,
            stopping=answer.stopping,
        )
        keeping = asyncio.create_task(keeper.run(), name="assistant-keeper")
        work = asyncio.create_task(
            self._loop.run(run, growth=answer.growth, progress=keeper, stopping=answer.stopping),
            name="assistant-run",
        )
        answer.stopping.bind(work)
        try:
            await asyncio.wait([work], timeout=self._deadline_seconds)
            answer.stopping.late()
            await asyncio.wait([work])
        finally:
            work.cancel()
            keeper.end()
            await asyncio.wait([keeping])
        self._ended(answer, work)

    def _ended(self, answer: _Answer, work: asyncio.Task[None]) -> None:
        cut = answer.stopping.cut
        if not work.cancelled():
            if error := work.exception():
                raise error
            if answer.turn.problem is None or cut is None:
                return  # it came to its end by itself, whatever was asked
        answer.turn.cut_off(cut)
        answer.turn.problem = None
        if cut is Cut.LATE:
            answer.turn.problem = noted(TimeoutError())

    async def _finish(self, answer: _Answer, run: Run | None) -> None:
        calls = waiting(run.waiting, answer.turn, run.terms.decided) if run else []
        for seconds in (*_STORE_AGAIN_SECONDS, None):
            try:
                await self._journal.finish(answer.lease, answer.turn, calls)
            except Unavailable:
                if seconds is None:
                    raise
                await asyncio.sleep(seconds)
            except Conflict:
                _log.warning("assistant_run_superseded")
                return
            else:
                return
