"""Everything side by side, in interleaved rounds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

import aiohttp

from bench.driver import CallFailed
from bench.measure import CouldNotMeasure, Measured, Start, ask, callers, started
from bench.progress import say
from bench.questions import QUESTIONS
from bench.subjects.lineup import OURS
from bench.subjects.subject import Subject
from bench.upstream.control import Upstream

Key = tuple[str, str, int]
"""Subject, tool, callers."""


def _cpu(one: Measured) -> float:
    return one.cpu_ms


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is measured; `delay` is how long upstream takes, in seconds."""

    rounds: int
    seconds: float
    callers: Sequence[int]
    delay: float = 0.0


@dataclass
class Comparison:
    """All measurements of one plan; `failures` holds what could not be measured, and why."""

    subjects: Sequence[Subject]
    plan: Plan
    starts: dict[str, list[Start]] = field(default_factory=dict)
    measured: dict[Key, list[Measured]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    async def run(self, upstream: Upstream) -> None:
        """Start each subject in turn, ask it everything, end it; as many times as planned."""
        await upstream.answer_after(self.plan.delay)
        for number in range(self.plan.rounds):
            # In turn forwards and backwards, so that nobody always comes first.
            for subject in self.subjects[:: -1 if number % 2 else 1]:
                say(f"round {number + 1} of {self.plan.rounds}: {subject.title}")
                try:
                    await self._one(subject, upstream)
                except (CouldNotMeasure, CallFailed, aiohttp.ClientError, TimeoutError) as problem:
                    self.failures.append(f"{subject.title}, round {number + 1}: {problem}")
                    say(self.failures[-1])
                finally:
                    subject.stop()
        await upstream.answer_after(0)

    async def _one(self, subject: Subject, upstream: Upstream) -> None:
        self.starts.setdefault(subject.key, []).append(await started(subject))
        await subject.prepare()
        for number in self.plan.callers:
            async with callers(subject, number) as clients:
                for question in QUESTIONS:
                    measured = await ask(
                        subject, clients, question, upstream=upstream, seconds=self.plan.seconds
                    )
                    key = (subject.key, question.tool, number)
                    self.measured.setdefault(key, []).append(measured)

    def ratio(self, key: Key) -> str:
        """Return how many calls ours makes on the CPU time of one of this subject's."""
        ours = (OURS, *key[1:])
        if key not in self.measured or ours not in self.measured:
            return ""
        return f"{self.median(key, _cpu) / self.median(ours, _cpu):.2f}x"

    def median(self, key: Key, value: Callable[[Measured], float]) -> float:
        """Return the median over the rounds."""
        return float(median(map(value, self.measured[key])))
