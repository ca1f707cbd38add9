"""What is told of a process keeps to the list, whatever is asked of it."""

from starlette.types import Message, Receive, Scope, Send

from xerus.app.http import RequestContext
from xerus.app.told import Told
from xerus.settings.loading import load
from xerus.telemetry import metric_list
from xerus.telemetry.metric_list import Kind
from xerus.telemetry.metrics import Metrics

_TELLING = ("user", "person", "email", "site", "cloud", "client", "account", "connection")


def told(metrics: Metrics) -> str:
    return metrics.render().decode()


def test_no_metric_names_a_person_a_site_or_a_client() -> None:
    for metric in metric_list.ALL:
        assert not set(metric.labels) & set(_TELLING)


def test_names_follow_the_rules_of_prometheus() -> None:
    names = [metric.name for metric in metric_list.ALL]
    assert len(set(names)) == len(names)
    for metric in metric_list.ALL:
        assert metric.name.startswith("xerus_")
        assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
        assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)


async def test_made_up_methods_and_paths_make_no_series() -> None:
    metrics = Metrics()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})

    async def nothing() -> Message:
        return {"type": "http.request"}

    async def nowhere(message: Message) -> None:
        pass

    for number in range(50):
        scope = {
            "type": "http",
            "method": f"BREW{number}",
            "path": f"/coffee-{number}/x",
            "headers": [],
        }
        await RequestContext(app, metrics=metrics)(scope, nothing, nowhere)
    assert 'xerus_http_requests_total{method="other",status="4xx"} 50.0' in told(metrics)
    assert 'xerus_http_request_seconds_count{part="pages"} 50.0' in told(metrics)
    assert "BREW" not in told(metrics)
    assert "coffee" not in told(metrics)


def test_requests_that_leave_are_counted_by_a_few_names() -> None:
    metrics = Metrics()
    settings = load(
        {
            "ENTRA_ID_EXPECTED_ISSUER": "https://login.microsoftonline.com/t/v2.0",
            "ENTRA_ID_CLIENT_ID": "id",
            "ENTRA_ID_CLIENT_SECRET": "secret",
            "JIRA_URL": "https://acme.atlassian.net",
            "JIRA_PERSONAL_TOKEN": "token",
            "CONFLUENCE_PERSONAL_TOKEN": "token",
            "CONFLUENCE_URL": "https://acme.atlassian.net/wiki",
        }
    )
    heard = Told(settings, metrics)
    for url in (
        "https://api.atlassian.com/ex/jira/cloud-1/rest/api/3/issue/ENG-1",
        "https://acme.atlassian.net/rest/api/3/myself",
        "https://api.atlassian.com/ex/confluence/cloud-1/wiki/api/v2/pages",
        "https://acme.atlassian.net/wiki/rest/api/user/current",
        "https://auth.atlassian.com/oauth/token",
        "https://api.atlassian.com/me",
        "https://login.microsoftonline.com/t/oauth2/v2.0/token",
        "https://graph.microsoft.com/v1.0/me",
        "https://elsewhere.example/",
    ):
        heard(url, "2xx", 0.1)
    counted = {
        name: f'xerus_upstream_requests_total{{outcome="2xx",to="{name}"}} {count}' in told(metrics)
        for name, count in (
            *(("jira", "2.0"), ("confluence", "2.0"), ("atlassian", "2.0")),
            *(("identity", "2.0"), ("other", "1.0")),
        )
    }
    assert all(counted.values()), counted
