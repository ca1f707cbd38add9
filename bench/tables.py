"""The tables of a comparison, and the columns they have."""

from collections.abc import Callable, Sequence
from statistics import median

from bench.compare import Comparison, Key
from bench.figures import table
from bench.measure import Measured
from bench.questions import QUESTIONS, Question
from bench.subjects.lineup import OURS
from bench.subjects.subject import Subject

Column = tuple[str, Callable[[Comparison, Key], object]]
"""A heading, and what stands below it for a subject."""

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


def _median_of(value: Callable[[Measured], float]) -> Callable[[Comparison, Key], object]:
    return lambda comparison, key: comparison.median(key, value)


def _range(comparison: Comparison, key: Key) -> str:
    values = [one.cpu_ms for one in comparison.measured[key]]
    return f"{min(values):.2f} to {max(values):.2f}"


def _database(comparison: Comparison, key: Key) -> object:
    return comparison.median(key, lambda one: one.database_cpu_ms) or ""


def _per_core_second(comparison: Comparison, key: Key) -> float:
    return 1000 / comparison.median(key, lambda one: one.cpu_ms)


def _errors(comparison: Comparison, key: Key) -> int:
    return sum(one.errors for one in comparison.measured[key])


def _bytes(comparison: Comparison, key: Key) -> int:
    return int(comparison.median(key, lambda one: one.answer_bytes))


_CPU: Column = ("CPU ms/call", _median_of(lambda one: one.cpu_ms))
_PER_CORE: Column = ("calls per core-second", _per_core_second)
_RATIO: Column = ("ours to it", Comparison.ratio)
_TIMES: tuple[Column, ...] = (
    ("req/s", _median_of(lambda one: one.per_second)),
    ("p50 ms", _median_of(lambda one: one.p50_ms)),
    ("p99 ms", _median_of(lambda one: one.p99_ms)),
)
_UPSTREAM: Column = ("upstream requests/call", _median_of(lambda one: one.upstream_requests))
_ERRORS: Column = ("errors", _errors)

ALL: tuple[Column, ...] = (
    _CPU,
    ("range", _range),
    ("of it database", _database),
    _PER_CORE,
    _RATIO,
    *_TIMES,
    _UPSTREAM,
    ("connections/call", _median_of(lambda one: one.upstream_connections)),
    ("answer bytes", _bytes),
    _ERRORS,
)
WITH_DELAY: tuple[Column, ...] = (*_TIMES, _CPU, _RATIO, _UPSTREAM, _ERRORS)


def calls(comparison: Comparison, columns: Sequence[Column]) -> str:
    """Return a table for each tool and number of callers."""
    return "\n".join(
        _calls(comparison, question, number, columns)
        for question in QUESTIONS
        for number in comparison.plan.callers
    )


def _calls(
    comparison: Comparison, question: Question, number: int, columns: Sequence[Column]
) -> str:
    plan = comparison.plan
    who = "one caller" if number == 1 else f"{number} callers"
    delay = f", upstream answers after {plan.delay * 1000:g} ms" if plan.delay else ""
    rounds = f" (median of {plan.rounds})" if plan.rounds > 1 else ""
    rows = [
        [subject.title, *(column(comparison, key) for _, column in columns)]
        for subject in comparison.subjects
        if (key := (subject.key, question.tool, number)) in comparison.measured
    ]
    title = f"{question.tool}, {who}{delay}{rounds}"
    return table(title, ("what", *(name for name, _ in columns)), rows)


def ratios(comparison: Comparison) -> str:
    """Return, for each tool, how many calls ours makes for one of the others', per core."""
    tools = [question.tool for question in QUESTIONS]
    number = comparison.plan.callers[0]
    rows = [
        [subject.title, *(comparison.ratio((subject.key, tool, number)) for tool in tools)]
        for subject in comparison.subjects
        if subject.key != OURS
    ]
    title = f"Calls per core-second, ours to each ({number} callers)"
    return table(title, ("what", *tools), rows)


def starts(comparison: Comparison) -> str:
    """Return what starting costs, and the memory after the last measurement."""
    rows = [_start(comparison, one) for one in comparison.subjects if one.key in comparison.starts]
    title = f"Start and memory (median of {comparison.plan.rounds})"
    return table(title, _STARTS_HEAD, rows)


def _start(comparison: Comparison, subject: Subject) -> list[object]:
    begun = comparison.starts[subject.key]
    last = (subject.key, QUESTIONS[-1].tool, comparison.plan.callers[-1])
    loaded = comparison.measured.get(last, [])
    return [
        subject.title,
        median(start.seconds for start in begun),
        median(start.cpu_seconds for start in begun),
        median(start.rss_mib for start in begun),
        loaded[-1].rss_mib if loaded else "",
        median(start.database_rss_mib for start in begun) or "",
        begun[-1].tools or "",
        begun[-1].tools_bytes,
    ]
