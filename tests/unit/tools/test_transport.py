from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from tests.unit.tools.fakes import NOW, FakeCredentials, FixedClock, ScriptedEgress, reply, target
from xerus.atlassian.credentials import Deployment, NeedsReconnect, Product, ScopeMissing
from xerus.atlassian.errors import AtlassianRefused
from xerus.atlassian.ledger import Payer
from xerus.atlassian.limits import AtlassianLimits
from xerus.atlassian.paths import fill
from xerus.atlassian.retry import retry_after
from xerus.atlassian.transport import Transport
from xerus.egress.client import Reply
from xerus.errors import InvalidInput, UpstreamUnavailable
from xerus.ids import CloudId

_AWAY = UpstreamUnavailable("The other side cannot be reached.")
_UNAUTHORIZED = reply(401, {"code": 401, "message": "Unauthorized"})
_NO_SCOPE = reply(401, {"code": 401, "message": "Unauthorized; scope does not match"})


class Bench:
    """A transport over a script; the waits are written down, not waited."""

    def __init__(
        self, *script: Reply | Exception, renewals: Sequence[SecretStr | None] = ()
    ) -> None:
        self.egress = ScriptedEgress(*script)
        self.credentials = FakeCredentials(renewals=list(renewals))
        self.waits: list[float] = []
        self.clock = FixedClock()
        self.limits = AtlassianLimits(clock=self.clock)
        self.transport = Transport(
            egress=self.egress,
            credentials=self.credentials,
            limits=self.limits,
            clock=self.clock,
            sleep=self._sleep,
        )

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def get(self, **options: Any) -> Reply:
        return await self.transport.call(target(), "GET", "/thing", **options)

    async def write(self, key: str, method: str = "POST") -> Reply:
        template = "/rest/api/3/issue/{key}/thing"
        return await self.transport.call(target(), method, template, path={"key": key}, json={})

    async def post(self) -> Reply:
        return await self.transport.call(target(), "POST", "/thing", json={"a": 1})


async def test_a_refused_token_is_renewed_once() -> None:
    bench = Bench(_UNAUTHORIZED, reply(200, {}), renewals=[SecretStr("Bearer second")])
    assert (await bench.get()).status == 200
    assert [sent.headers["Authorization"] for sent in bench.egress.sent] == [
        "Bearer first",
        "Bearer second",
    ]


async def test_a_token_refused_again_after_renewal_needs_a_reconnect() -> None:
    bench = Bench(_UNAUTHORIZED, _UNAUTHORIZED, renewals=[SecretStr("Bearer second")])
    with pytest.raises(NeedsReconnect):
        await bench.get()
    assert bench.credentials.renewed == 1


async def test_a_write_whose_answer_cannot_be_read_may_have_happened() -> None:
    for answer in (b"<h1>gateway</h1>", b'{"id": "10'):
        bench = Bench(reply(200, answer))
        with pytest.raises(UpstreamUnavailable) as caught:
            await bench.post()
        assert "may have happened" in caught.value.hint
        assert len(bench.egress.sent) == 1


async def test_a_missing_scope_is_never_answered_with_a_renewal() -> None:
    for answer in (_NO_SCOPE, reply(401, X_Failure_Category="FAILURE_CLIENT_SCOPE_CHECK")):
        bench = Bench(answer)
        with pytest.raises(ScopeMissing, match="read:x"):
            await bench.get(scope="read:x")
        assert bench.credentials.renewed == 0


async def test_a_scope_known_to_be_missing_is_not_even_tried() -> None:
    bench = Bench()
    with pytest.raises(ScopeMissing, match="read:x"):
        await bench.transport.call(
            target(scopes=frozenset({"read:y"})), "GET", "/thing", scope="read:x"
        )
    assert not bench.egress.sent


async def test_a_burst_limit_is_waited_out_for_writes_too() -> None:
    bench = Bench(reply(429, Retry_After="3"), reply(201, {}))
    assert (await bench.post()).status == 201
    assert bench.waits == [3.0]


async def test_a_burst_slows_its_endpoint_for_everybody_and_no_other() -> None:
    busy = reply(429, Retry_After="3", RateLimit_Reason="jira-burst-based")
    bench = Bench(busy, *[reply(200, {})] * 3)
    assert (await bench.get()).status == 200
    # In this bench nobody's wait makes time pass: the next in line comes after the first.
    assert (await bench.get()).status == 200
    assert bench.waits == [pytest.approx(3.0, abs=0.2), pytest.approx(3.02, abs=0.2)]
    assert bench.waits[0] < bench.waits[1]
    assert (await bench.post()).status == 200
    assert len(bench.waits) == 2


async def test_an_issue_written_too_often_makes_its_writers_queue_and_nobody_else() -> None:
    busy = reply(429, Retry_After="2", RateLimit_Reason="jira-per-issue-on-write")
    bench = Bench(busy, *[reply(200, {})] * 4)
    await bench.write("ENG-1")
    await bench.write("ENG-1", method="PUT")
    assert bench.waits == [pytest.approx(2.0, abs=0.2), pytest.approx(2.1, abs=0.2)]
    assert bench.waits[0] < bench.waits[1]
    await bench.write("ENG-2")
    await bench.transport.call(
        target(), "GET", "/rest/api/3/issue/{key}/thing", path={"key": "ENG-1"}
    )
    assert len(bench.waits) == 2


async def test_a_queue_that_is_too_long_is_told_and_not_joined() -> None:
    busy = reply(429, Retry_After="50", RateLimit_Reason="jira-burst-based")
    bench = Bench(busy)
    for _ in range(200):
        with pytest.raises(UpstreamUnavailable, match="too many requests") as caught:
            await bench.get()
        assert caught.value.retry_after in {50, 51}
    assert len(bench.egress.sent) == 1
    assert bench.waits == []


async def test_a_retry_after_of_zero_causes_no_storm() -> None:
    bench = Bench(*[reply(429, Retry_After="0")] * 4)
    with pytest.raises(UpstreamUnavailable, match="too many requests"):
        await bench.get()
    assert len(bench.egress.sent) == 4
    assert all(wait > 0.3 for wait in bench.waits)


async def test_a_long_wait_is_told_and_not_waited() -> None:
    bench = Bench(reply(429, Retry_After="600"))
    with pytest.raises(UpstreamUnavailable) as caught:
        await bench.get()
    assert caught.value.retry_after == 601
    assert bench.waits == []


async def test_a_used_up_quota_stops_every_further_call_until_the_hour() -> None:
    bench = Bench(reply(429, Retry_After="3600", RateLimit_Reason="jira-quota-global-based"))
    with pytest.raises(UpstreamUnavailable, match="until 11:00"):
        await bench.get()
    with pytest.raises(UpstreamUnavailable, match="until 11:00"):
        await bench.get()
    assert len(bench.egress.sent) == 1
    bench.clock.time = NOW.replace(hour=11)
    bench.egress.script.append(reply(200, {}))
    assert (await bench.get()).status == 200


@pytest.mark.parametrize(
    "lie",
    [
        {},
        {"Retry_After": "0"},
        {"Retry_After": "9" * 400},
        {"Retry_After": "-60"},
        {"Retry_After": "NaN"},
        {"Retry_After": "in a while"},
        {"X_RateLimit_Reset": "2026-11-22T10:00Z"},
        {"X_RateLimit_Reset": "9999-12-31T23:59:59-23:59"},
        {"X_RateLimit_Reset": "0001-01-01T00:00:00+23:59"},
        {"X_RateLimit_Reset": "1711843260"},
    ],
)
async def test_a_used_up_quota_ends_at_the_hour_whatever_else_is_said(lie: dict[str, str]) -> None:
    bench = Bench(reply(429, RateLimit_Reason="confluence-quota-global-based", **lie))
    for _ in range(2):
        with pytest.raises(UpstreamUnavailable, match="until 11:00") as caught:
            await bench.get()
        assert caught.value.retry_after == 2401
    assert len(bench.egress.sent) == 1


@pytest.mark.parametrize("value", ["9" * 400, "1e400", "-1", "NaN", "soon"])
async def test_no_retry_after_breaks_a_call_that_is_refused(value: str) -> None:
    bench = Bench(*[reply(429, Retry_After=value)] * 4)
    with pytest.raises(UpstreamUnavailable, match="too many requests") as caught:
        await bench.get()
    assert (caught.value.retry_after or 0) <= 86_401


async def test_a_refusal_of_the_last_hour_is_not_kept_by_a_clock_that_is_ahead() -> None:
    bench = Bench(reply(429, RateLimit_Reason="jira-quota-global-based"))
    bench.clock.time = NOW.replace(hour=11, minute=0, second=3)
    with pytest.raises(UpstreamUnavailable, match="until 11:05"):
        await bench.get()


async def test_requests_with_a_persons_consent_are_counted_tries_included() -> None:
    issues = {"issues": [{"key": f"ENG-{n}", "fields": {}} for n in range(25)]}
    bench = Bench(reply(503), reply(200, issues), reply(201, {}))
    await bench.transport.call(target(), "POST", "/rest/api/3/search/jql", json={}, safe=True)
    await bench.post()
    (use,) = bench.limits.points.usage()
    assert use.points == 1 + 26 + 1


async def test_what_can_wait_leaves_half_of_an_hours_points_to_people() -> None:
    bench = Bench(*[reply(200, [{}] * 8000)] * 4, reply(200, {}))
    for _ in range(4):
        assert bench.limits.has_room(target())
        await bench.get()
    await bench.get()
    bench.limits.points.spend(Payer(product=Product.JIRA, site="another"), 500, {})
    assert not bench.limits.has_room(target())
    assert bench.limits.has_room(target(Product.CONFLUENCE))
    assert bench.limits.has_room(target(credential="shared"))
    bench.clock.time = NOW.replace(hour=11)
    assert bench.limits.has_room(target())


async def test_what_can_wait_does_not_go_out_while_a_quota_is_used_up() -> None:
    bench = Bench()
    bench.limits.hold(target(), "jira-quota-global-based", 600)
    assert not bench.limits.has_room(target())
    assert bench.limits.has_room(target(Product.CONFLUENCE))


@pytest.mark.parametrize(
    "uncounted", [{"credential": "shared"}, {"deployment": Deployment.DATA_CENTER}]
)
async def test_api_tokens_and_data_center_have_no_points(uncounted: dict[str, Any]) -> None:
    bench = Bench(reply(200, {}))
    await bench.transport.call(target(**uncounted), "GET", "/thing")
    assert bench.limits.points.usage() == []


async def test_a_quota_of_one_site_holds_no_other() -> None:
    used_up = reply(429, Retry_After="60", RateLimit_Reason="jira-quota-tenant-based")
    bench = Bench(used_up, reply(200, {}))
    with pytest.raises(UpstreamUnavailable, match="until 10:21"):
        await bench.get()
    with pytest.raises(UpstreamUnavailable, match="until 10:21"):
        await bench.get()
    other = replace(target(), cloud_id=CloudId("another"))
    assert (await bench.transport.call(other, "GET", "/thing")).status == 200


async def test_reads_are_repeated_after_server_errors_and_lost_connections() -> None:
    bench = Bench(reply(503), _AWAY, reply(502, b"<html>"), reply(200, {}))
    assert (await bench.get()).status == 200
    assert len(bench.waits) == 3


async def test_writes_are_not_repeated_when_their_outcome_is_unknown() -> None:
    for failure in (_AWAY, reply(502, b"<html>bad gateway</html>")):
        bench = Bench(failure)
        with pytest.raises(UpstreamUnavailable) as caught:
            await bench.post()
        assert "may have happened" in caught.value.hint
        assert len(bench.egress.sent) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (302, "redirected"),
        (400, "refused"),
        (403, "not_permitted"),
        (404, "not_found"),
        (409, "conflict"),
        (410, "refused"),
        (413, "refused"),
    ],
)
async def test_refusals_keep_status_and_the_words_of_atlassian_apart(
    status: int, code: str
) -> None:
    body = {"errorMessages": ["No."], "errors": {"summary": "Too long"}}
    bench = Bench(reply(status, body, Atl_TraceId="t1"))
    with pytest.raises(AtlassianRefused) as caught:
        await bench.get()
    error = caught.value
    assert (error.upstream_status, error.code, error.request_id) == (status, code, "t1")
    assert error.said == "No. summary: Too long"
    assert "No." not in error.message


async def test_confluence_explanations_are_understood() -> None:
    for body, said in (
        ({"errors": [{"status": 404, "title": "Not Found", "detail": None}]}, "Not Found"),
        ({"statusCode": 400, "message": "Could not parse cql"}, "Could not parse cql"),
        ([1, 2], ""),
    ):
        with pytest.raises(AtlassianRefused) as caught:
            await Bench(reply(400, body)).get()
        assert caught.value.said == said


async def test_path_values_stay_one_segment() -> None:
    assert fill("/a/{id}/b", {"id": "x/y?z#1 ü"}) == "/a/x%2Fy%3Fz%231%20%C3%BC/b"
    assert fill("/a/{id}", {"id": "50%..txt"}) == "/a/50%25..txt"


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        "../x",
        "x/..",
        "x\\..\\y",
        "..;/x",
        "%2e%2e",
        "x%2f..",
        "%252e%252e%252fx",
        "x\0",
        "x\n",
        "\ud800",
    ],
)
def test_a_value_that_could_name_another_path_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput, match=r"id: .* is not an identifier"):
        fill("/a/{id}", {"id": value})


@pytest.mark.parametrize("value", [2**64, "\ud800"])
async def test_what_json_cannot_carry_is_refused_unsent(value: Any) -> None:
    bench = Bench()
    with pytest.raises(InvalidInput, match="cannot be sent as JSON"):
        await bench.transport.call(target(), "POST", "/a", json={"x": value})
    assert bench.egress.sent == []


def test_reset_times_are_read_without_seconds() -> None:
    headers = reply(429, X_RateLimit_Reset="2026-11-22T10:21Z").headers
    assert retry_after(headers, NOW) == 60
    assert retry_after(reply(429, X_RateLimit_Reset="garbage").headers, NOW) is None
