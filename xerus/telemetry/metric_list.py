"""The closed list of metrics. No label ever names a person, a site or a client.

`docs/reference/metrics.md` is made from it; the rules in `docs/alerts` may use nothing else.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What Prometheus takes it for."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric.

    Attributes:
        labels: their names; each takes few values, whoever calls.
        buckets: of a histogram, in seconds.
        of_everybody: whether the worker reads it from the database for the whole installation, so
            that every worker tells the same number.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    of_everybody: bool = False

    @property
    def series(self) -> tuple[str, ...]:
        """The names that a query can ask for."""
        if self.kind is Kind.HISTOGRAM:
            return tuple(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
        return (self.name,)


_SHORT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LONG = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 60.0)
_ALL: list[Metric] = []


def _made(metric: Metric) -> Metric:
    _ALL.append(metric)
    return metric


def _counter(name: str, text: str, *labels: str) -> Metric:
    return _made(Metric(name=name, kind=Kind.COUNTER, help=text, labels=labels))


def _histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...]) -> Metric:
    return _made(Metric(name=name, kind=Kind.HISTOGRAM, help=text, labels=labels, buckets=buckets))


def _gauge(name: str, text: str, *labels: str) -> Metric:
    return _made(Metric(name=name, kind=Kind.GAUGE, help=text, labels=labels))


def _figure(name: str, text: str, *labels: str) -> Metric:
    return _made(Metric(name=name, kind=Kind.GAUGE, help=text, labels=labels, of_everybody=True))


UP = _gauge("xerus_up", "1 while the process serves")
BUILD_INFO = _gauge("xerus_build_info", "1; the labels tell what runs", "version", "python")

REQUESTS = _counter(
    "xerus_http_requests_total",
    "HTTP requests by method and status class (2xx to 5xx)",
    "method",
    "status",
)
REQUEST_SECONDS = _histogram(
    "xerus_http_request_seconds",
    "Time until the answer to a request began, by part: mcp, oauth, pages, static, probes",
    "part",
    buckets=_SHORT,
)
TOOL_CALLS = _counter(
    "xerus_tool_calls_total",
    "Tool calls by tool and outcome; tool is refused where nothing was sent upstream",
    "tool",
    "outcome",
)
TOOL_SECONDS = _histogram(
    "xerus_tool_call_seconds", "Duration of a tool call", "tool", buckets=_SHORT
)
REMOTE_CALLS = _counter(
    "xerus_remote_calls_total",
    "Calls of tools of other MCP servers in the chat, by outcome: ok, error (the tool's own),"
    " failed, timeout, changed, not_connected, cancelled",
    "outcome",
)
REMOTE_CALL_SECONDS = _histogram(
    "xerus_remote_call_seconds", "Duration of such a call", buckets=_LONG
)
UPSTREAM_REQUESTS = _counter(
    "xerus_upstream_requests_total",
    "Requests to Atlassian, to the identity provider and to MCP servers, by where to (jira,"
    " confluence, atlassian, identity, mcp_server, other)"
    " and outcome: a status class (2xx to 5xx), 429, timeout, unreachable, too_large, cancelled",
    "to",
    "outcome",
)
UPSTREAM_SECONDS = _histogram(
    "xerus_upstream_request_seconds",
    "Time until a request that left the process had its whole answer, or none",
    "to",
    buckets=_LONG,
)
ATLASSIAN_HOLDS = _gauge(
    "xerus_atlassian_holds",
    "Quotas of Atlassian's that this process knows to be used up, of the app or of one site",
    "product",
)
ATLASSIAN_HOLD_SECONDS = _gauge(
    "xerus_atlassian_hold_seconds",
    "Seconds until the longest such hold ends, 0 without one",
    "product",
)
ATLASSIAN_POINTS = _counter(
    "xerus_atlassian_points_total",
    "Points of Atlassian's hourly quotas that this process spent, by our own count",
    "product",
)
ATLASSIAN_POINTS_SHARE = _gauge(
    "xerus_atlassian_points_share",
    "Used share of the hourly quota that is used most, by all processes as far as this one knows",
    "product",
)

RENEWALS = _counter(
    "xerus_renewals_total",
    "Renewals by outcome: renewed, ended (a new consent is needed), client_rejected (our app's"
    " credentials), no_answer, seal_broken",
    "link",
    "outcome",
)
RENEWAL_SECONDS = _histogram(
    "xerus_renewal_seconds", "Duration of a renewal at the token endpoint", "link", buckets=_LONG
)
CHECKS = _counter(
    "xerus_connection_checks_total",
    "Real calls that prove a connection, daily and on demand, by outcome: ok, partial (one product"
    " of two), refused, no_answer",
    "link",
    "outcome",
)
CHECK_SECONDS = _histogram(
    "xerus_connection_check_seconds", "Duration of such a check", "link", buckets=_LONG
)
GATE_IN_FLIGHT = _gauge(
    "xerus_renewal_gate_in_flight", "Renewals of this process under way, 8 at most", "link"
)
GATE_OPEN = _gauge(
    "xerus_renewal_gate_open",
    "1 while this process asks the token endpoint, 0 while it leaves it in peace",
    "link",
)

AUDIT_EVENTS = _counter(
    "xerus_audit_events_total", "Events handed to the audit log, by name", "event"
)
AUDIT_WAITING = _gauge(
    "xerus_audit_waiting_events", "Events of this process that are not durable yet"
)
AUDIT_WAITING_SECONDS = _gauge(
    "xerus_audit_waiting_seconds", "How long the oldest of them has waited, 0 without any"
)
CHECKPOINT_FAILURES = _counter(
    "xerus_audit_checkpoint_failures_total", "Checkpoints of the audit log that were not written"
)

DATABASE_CONNECTIONS = _gauge(
    "xerus_database_connections",
    "Connections of the pool, by state: in_use, idle, most (its bound)",
    "state",
)
DATABASE_WAITING = _gauge(
    "xerus_database_waiting", "Transactions that wait for a connection of the pool"
)
LISTENER_UP = _gauge(
    "xerus_listener_up", "1 while notifications arrive; without them nothing is cached"
)
KEY_PROVIDER_UP = _gauge(
    "xerus_key_provider_up",
    "1 while a process could start with the key provider, as of the last look, five minutes apart",
)
LOOP_SUCCESS = _gauge(
    "xerus_worker_loop_success_timestamp_seconds",
    "When a background loop (renew, check, sweep, figures and others) last came to its end without a"
    " failure; its start before that",
    "loop",
)
LOOP_FAILURES = _counter(
    "xerus_worker_loop_failures_total", "Failures of a background loop", "loop"
)
MAILS = _counter(
    "xerus_mails_total", "E-mails of notices by what became of them: sent, later, failed", "outcome"
)

CONNECTIONS = _figure(
    "xerus_connections",
    "People's connections by stored state: unproven, choosing_site, connected, needs_reconnect,"
    " disconnected, replaced",
    "link",
    "state",
)
FAILING = _figure(
    "xerus_connections_failing", "Connections whose last renewal or check failed", "link"
)
DUE = _figure("xerus_renewals_due", "Credentials whose time to be renewed has come", "link")
OVERDUE_SECONDS = _figure(
    "xerus_renewals_overdue_seconds",
    "How long the oldest of them has been due; there is a fifth of a token's life to do it",
    "link",
)
SERVERS = _figure(
    "xerus_mcp_servers",
    "MCP servers that administrators added: there, away (they do not answer), off",
    "state",
)
KEYS = _figure(
    "xerus_keys",
    "Keys by kind (data, signing) and state; old ones only open or verify",
    "kind",
    "state",
)
KEY_AGE_SECONDS = _figure(
    "xerus_key_age_seconds", "Age of the key in use, by kind: data, signing", "kind"
)
SESSIONS = _figure("xerus_sessions", "Live sessions of browsers")
GRANTS = _figure("xerus_grants", "Live grants of MCP clients")
AUDIT_UNSIGNED = _figure("xerus_audit_unsigned_events", "Events since the last signed checkpoint")
CHECKPOINT_AGE_SECONDS = _figure(
    "xerus_audit_checkpoint_age_seconds",
    "Age of the last signed checkpoint; it grows while nothing happens",
)
AUDIT_SOUND = _figure(
    "xerus_audit_verified_sound",
    "1 where the last verification of the audit log found nothing wrong, 0 where it did",
)
AUDIT_VERIFIED_AT = _figure(
    "xerus_audit_verified_timestamp_seconds", "When the audit log was last verified"
)
FIGURES_AT = _figure(
    "xerus_figures_timestamp_seconds", "When the figures of the whole installation were read"
)

ALL = tuple(_ALL)
