"""What becomes of a request that left the process: it is counted by where it went."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from xerus.oauth.memberships import GRAPH_OF
from xerus.settings.groups import Settings
from xerus.telemetry.metrics import Metrics


class Told:
    """Hears of each request from `egress`; addresses become one of a few names."""

    def __init__(self, settings: Settings, metrics: Metrics, *, other: str = "other") -> None:
        """Make one; `other` is what every further address is called."""
        # The longest first: Confluence Cloud lives below the site's Jira.
        named = sorted(_named(settings), key=lambda one: len(one[0]), reverse=True)
        self._named = tuple(named)
        self._metrics = metrics
        self._other = other

    def __call__(self, url: str, outcome: str, seconds: float) -> None:
        """Count one request."""
        to = next((name for start, name in self._named if url.startswith(start)), self._other)
        self._metrics.upstream_requests.labels(to, outcome).inc()
        self._metrics.upstream_seconds.labels(to).observe(seconds)


def _named(settings: Settings) -> Iterator[tuple[str, str]]:
    api = settings.atlassian.api_url.rstrip("/")
    yield f"{api}/ex/jira/", "jira"
    yield f"{api}/ex/confluence/", "confluence"
    yield f"{api}/", "atlassian"
    yield settings.atlassian.auth_url, "atlassian"
    if settings.jira.url:
        yield settings.jira.url, "jira"
    if settings.confluence.url:
        yield settings.confluence.url, "confluence"
        yield f"{settings.confluence.url.removesuffix('/wiki')}/wiki", "confluence"
    issuer = urlsplit(settings.identity.expected_issuer or "")
    if issuer.hostname:
        # Its token endpoint does not always lie below the issuer.
        yield f"{issuer.scheme}://{issuer.netloc}/", "identity"
        yield from (
            (graph, "identity") for host, graph in GRAPH_OF.items() if host == issuer.hostname
        )
