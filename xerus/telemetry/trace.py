"""What ties lines together: our correlation id, and the caller's trace (W3C trace context).

The trace comes in HTTP headers, or in `_meta` of a JSON-RPC request, where the MCP SDK reads it for
the span it makes of each message. Only a process with an OpenTelemetry SDK records spans; the trace
id is in our logs and in the audit log without one too.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import structlog
from opentelemetry import context
from opentelemetry.propagate import extract
from opentelemetry.trace import format_trace_id, get_current_span

from xerus.ids import correlation_id

_CARRIED = frozenset({b"traceparent", b"tracestate", b"baggage"})


def current_correlation_id() -> str:
    """Return the id of the request or job under way, which its log lines carry; else a new one."""
    bound = structlog.contextvars.get_contextvars().get("correlation_id")
    return str(bound or correlation_id())


def current_trace_id() -> str:
    """Return the id of the trace that is under way, 32 hexadecimal digits, or ''."""
    span = get_current_span().get_span_context()
    return format_trace_id(span.trace_id) if span.is_valid else ""


@contextmanager
def trace_of(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[str]:
    """Continue the trace that the headers of a request name; yield its id, or ''."""
    carried = {
        name.decode(): value.decode("latin-1") for name, value in headers if name in _CARRIED
    }
    if "traceparent" not in carried:
        yield ""
        return
    token = context.attach(extract(carried))
    try:
        yield current_trace_id()
    finally:
        context.detach(token)
