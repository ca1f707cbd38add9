"""The Prometheus metrics of one process."""

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """All metrics, in a registry of their own so that several can live in one process."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self.tool_calls = Counter(
            "xerus_tool_calls_total",
            "Tool calls by tool and outcome",
            ("tool", "outcome"),
            registry=registry,
        )
        self.tool_seconds = Histogram(
            "xerus_tool_call_seconds", "Duration of a tool call", ("tool",), registry=registry
        )
        self.requests = Counter(
            "xerus_http_requests_total",
            "HTTP requests by method and status class",
            ("method", "status"),
            registry=registry,
        )
        self.up = Gauge("xerus_up", "1 while the process serves", registry=registry)
        self.up.set(1)

    def render(self) -> bytes:
        """Return the text exposition format."""
        return generate_latest(self._registry)
