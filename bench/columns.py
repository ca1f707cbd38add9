"""The columns of the tables of calls."""

from collections.abc import Callable

from bench.compare import Column, Comparison, Key
from bench.measure import Measured


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
