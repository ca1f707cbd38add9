"""The Prometheus metrics of one process: what happens is counted, what is the case is read.

A scrape reads memory only, never the database, and so cannot fail or wait with it.
"""

from collections.abc import Callable, Iterable, Iterator
from platform import python_version
from typing import TypeAlias

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from xerus import __version__
from xerus.telemetry import metric_list as names
from xerus.telemetry.metric_list import Metric

# When each series began: nobody asks, and it doubles them.
disable_created_metrics()  # type: ignore[no-untyped-call]
CONTENT_TYPE = CONTENT_TYPE_LATEST
Reading: TypeAlias = tuple[Metric, float, *tuple[str, ...]]
"""A gauge, its value, and the values of its labels in their order."""


class Metrics:
    """All metrics, in a registry of their own so that several can live in one process."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self.tool_calls = _counter(names.TOOL_CALLS, registry)
        self.tool_seconds = _histogram(names.TOOL_SECONDS, registry)
        self.remote_calls = _counter(names.REMOTE_CALLS, registry)
        self.remote_call_seconds = _histogram(names.REMOTE_CALL_SECONDS, registry)
        self.requests = _counter(names.REQUESTS, registry)
        self.request_seconds = _histogram(names.REQUEST_SECONDS, registry)
        self.upstream_requests = _counter(names.UPSTREAM_REQUESTS, registry)
        self.upstream_seconds = _histogram(names.UPSTREAM_SECONDS, registry)
        self.atlassian_points = _counter(names.ATLASSIAN_POINTS, registry)
        self.renewals = _counter(names.RENEWALS, registry)
        self.renewal_seconds = _histogram(names.RENEWAL_SECONDS, registry)
        self.checks = _counter(names.CHECKS, registry)
        self.check_seconds = _histogram(names.CHECK_SECONDS, registry)
        self.audit_events = _counter(names.AUDIT_EVENTS, registry)
        self.checkpoint_failures = _counter(names.CHECKPOINT_FAILURES, registry)
        self.loop_failures = _counter(names.LOOP_FAILURES, registry)
        self.mails = _counter(names.MAILS, registry)
        self._watched = _Watched()
        registry.register(self._watched)
        ProcessCollector(registry=registry)
        self.watch(_what_runs)

    def watch(self, read: Callable[[], Iterable[Reading]]) -> None:
        """Ask `read` for gauges at each scrape; it must return at once and not fail."""
        self._watched.sources.append(read)

    def render(self) -> bytes:
        """Return the text exposition format."""
        return generate_latest(self._registry)


class _Watched(Collector):
    """The gauges that are read at each scrape."""

    def __init__(self) -> None:
        self.sources: list[Callable[[], Iterable[Reading]]] = []

    def collect(self) -> Iterator[Family]:
        families: dict[str, GaugeMetricFamily] = {}
        for read in self.sources:
            for metric, value, *labels in read():
                family = families.setdefault(
                    metric.name,
                    GaugeMetricFamily(metric.name, metric.help, labels=metric.labels),
                )
                family.add_metric(labels, value)
        yield from families.values()


def _what_runs() -> Iterator[Reading]:
    yield names.UP, 1
    yield names.BUILD_INFO, 1, __version__, python_version()


def _counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    return Counter(metric.name, metric.help, metric.labels, registry=registry)


def _histogram(metric: Metric, registry: CollectorRegistry) -> Histogram:
    return Histogram(
        metric.name, metric.help, metric.labels, registry=registry, buckets=metric.buckets
    )
