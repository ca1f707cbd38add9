"""Everything side by side, in interleaved rounds: the tables of medians."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.figures import table
from bench.measure import CouldNotMeasure, Measured, Start, ask, callers, started
from bench.progress import say
from bench.questions import QUESTIONS, Question
from bench.subjects.lineup import OURS
from bench.subjects.subject import Subject
from bench.upstream.control import Upstream

_STARTS_HEAD = (
    "what",
    "start s",
    "start CPU s",
    "RSS MiB at start",
    "RSS MiB after load",
    "its database MiB",
    "tools",
    "tools/list bytes",
)

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
            for subject in self.subjects:
                say(f"round {number + 1} of {self.plan.rounds}: {subject.title}")
                try:
                    await self._one(subject, upstream)
                except CouldNotMeasure as problem:
                    say(str(problem))
                    self.failures.append(str(problem))
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

    def tables(self, columns: "Sequence[Column]") -> str:
        """Return a table for each tool and number of callers."""
        return "\n".join(
            self._table(question, number, columns)
            for question in QUESTIONS
            for number in self.plan.callers
        )

    def starts_table(self) -> str:
        """Return what starting costs, and the memory after the last measurement."""
        rows = [self._start_row(subject) for subject in self.subjects if subject.key in self.starts]
        return table(f"Start and memory (median of {self.plan.rounds})", _STARTS_HEAD, rows)

    def ratios_table(self) -> str:
        """Return, for each tool, how many calls ours makes for one of the others', per core."""
        tools = [question.tool for question in QUESTIONS]
        number = self.plan.callers[0]
        rows = [
            [subject.title, *(self.ratio((subject.key, tool, number)) for tool in tools)]
            for subject in self.subjects
            if subject.key != OURS
        ]
        title = f"Calls per core-second, ours to each ({number} callers)"
        return table(title, ("what", *tools), rows)

    def ratio(self, key: Key) -> str:
        """Return how many calls ours makes on the CPU time of one of this subject's."""
        ours = (OURS, *key[1:])
        if key not in self.measured or ours not in self.measured:
            return ""
        return f"{self.median(key, _cpu) / self.median(ours, _cpu):.2f}x"

    def median(self, key: Key, value: Callable[[Measured], float]) -> float:
        """Return the median over the rounds."""
        return float(median(map(value, self.measured[key])))

    def _table(self, question: Question, number: int, columns: "Sequence[Column]") -> str:
        plan = self.plan
        who = "one caller" if number == 1 else f"{number} callers"
        delay = f", upstream answers after {plan.delay * 1000:g} ms" if plan.delay else ""
        rounds = f" (median of {plan.rounds})" if plan.rounds > 1 else ""
        rows = [
            [subject.title, *(column(self, key) for _, column in columns)]
            for subject in self.subjects
            if (key := (subject.key, question.tool, number)) in self.measured
        ]
        title = f"{question.tool}, {who}{delay}{rounds}"
        return table(title, ("what", *(name for name, _ in columns)), rows)

    def _start_row(self, subject: Subject) -> list[object]:
        starts = self.starts[subject.key]
        last = [
            self.measured[subject.key, QUESTIONS[-1].tool, number][-1].rss_mib
            for number in self.plan.callers
            if (subject.key, QUESTIONS[-1].tool, number) in self.measured
        ]
        return [
            subject.title,
            median(start.seconds for start in starts),
            median(start.cpu_seconds for start in starts),
            median(start.rss_mib for start in starts),
            last[-1] if last else "",
            median(start.database_rss_mib for start in starts) or "",
            starts[-1].tools or "",
            starts[-1].tools_bytes,
        ]


Column = tuple[str, Callable[[Comparison, Key], object]]
"""A heading, and what stands below it for a subject."""
