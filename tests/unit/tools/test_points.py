"""What requests cost of Atlassian's hourly points, and what its answers say of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from tests.unit.tools.fakes import FixedClock, reply
from xerus.atlassian.credentials import Product
from xerus.atlassian.ledger import Payer, PointsLedger
from xerus.atlassian.points import cost
from xerus.atlassian.quota_headers import Told, told

JIRA = Payer(product=Product.JIRA, site="acme")
LABS = Payer(product=Product.JIRA, site="labs")
WIKI = Payer(product=Product.CONFLUENCE, site="acme")
FIVE = [{"id": n} for n in range(5)]


@pytest.mark.parametrize(
    ("template", "answer", "points"),
    [
        ("/rest/api/3/issue/{key}", {"key": "ENG-1", "fields": {}}, 2),
        ("/rest/api/3/search/jql", {"issues": FIVE, "isLast": True}, 6),
        ("/rest/api/3/project/search", {"values": FIVE, "total": 5}, 6),
        ("/rest/api/3/issue/{key}/comment", {"comments": FIVE, "total": 5}, 6),
        ("/rest/api/3/field", FIVE, 6),
        ("/rest/api/3/search/jql", {"issues": [], "isLast": True}, 1),
        ("/rest/api/3/user/search", FIVE, 11),
        ("/rest/api/3/myself", {"accountId": "a"}, 3),
        ("/rest/api/3/issue/{key}/watchers", {"watchers": FIVE}, 11),
        ("/rest/api/3/groups/picker", {"groups": FIVE}, 11),
        ("/wiki/api/v2/pages/{id}", {"id": "1", "title": "A page"}, 2),
        ("/wiki/rest/api/search", {"results": FIVE}, 6),
        ("/wiki/rest/api/content/{id}/restriction/byOperation", {"read": {}}, 3),
    ],
)
def test_a_read_costs_one_and_what_it_returns(template: str, answer: Any, points: int) -> None:
    assert cost(template, reply(200, answer), reads=True) == points


def test_a_write_costs_one_whatever_it_returns() -> None:
    assert cost("/rest/api/3/issue/bulk", reply(201, {"issues": FIVE}), reads=False) == 1
    assert cost("/rest/api/3/issue/{key}", reply(204), reads=False) == 1


def test_failures_cost_one_and_a_refusal_for_want_of_points_nothing() -> None:
    template = "/rest/api/3/issue/{key}"
    assert cost(template, reply(404, {"errorMessages": FIVE}), reads=True) == 1
    assert cost(template, reply(503, b"<h1>"), reads=True) == 1
    assert cost(template, None, reads=False) == 1
    assert cost(template, reply(429), reads=True) == 0


def test_what_cannot_be_read_and_what_is_a_file_are_counted_all_the_same() -> None:
    template = "/rest/api/3/attachment/content/{id}"
    assert cost(template, reply(200, b"<h1>gateway</h1>"), reads=True) == 1
    assert cost(template, reply(200, b"\x89PNG"), reads=True, is_json=False) == 2
    assert cost("/rest/api/3/label", reply(200, b'"text"'), reads=True) == 2


def headers(policy: str = "", state: str = "") -> Mapping[str, str]:
    named = {"RateLimit-Policy": policy, "RateLimit": state}
    return CIMultiDict({name: value for name, value in named.items() if value})


APP = '"global-app-quota";q=65000;w=3600'
BURST = '"jira-burst-based";q=100;w=1'


@pytest.mark.parametrize(
    ("policy", "state", "said"),
    [
        (APP, '"global-app-quota";t=3200', Told(is_of_site=False, quota=65_000, left=None)),
        (
            APP,
            '"global-app-quota";r=11000;t=600',
            Told(is_of_site=False, quota=65_000, left=11_000),
        ),
        (
            f"{BURST}, {APP}",
            '"global-app-quota" ; t=600 ; r=7, "jira-burst-based";r=3;t=1',
            Told(is_of_site=False, quota=65_000, left=7),
        ),
        (
            '"tenant-app-quota";q=100100;w=3600',
            '"tenant-app-quota";r=17842;t=2107',
            Told(is_of_site=True, quota=100_100, left=17_842),
        ),
        ("", '"tenant-app-quota";r=0;t=2788', Told(is_of_site=True, quota=None, left=0)),
        (BURST, '"jira-burst-based";r=3;t=1', None),
        ("", "", None),
    ],
)
def test_quota_headers_are_read_in_any_order(policy: str, state: str, said: Told | None) -> None:
    assert told(headers(policy, state)) == said


@pytest.mark.parametrize(
    ("policy", "state", "said"),
    [
        (APP, '"global-app-quota";r=-5;t=600', Told(is_of_site=False, quota=65_000, left=None)),
        (APP, '"global-app-quota";r=NaN;t=inf', Told(is_of_site=False, quota=65_000, left=None)),
        (APP, '"global-app-quota";r=9' + "9" * 30, Told(is_of_site=False, quota=65_000, left=None)),
        (APP, '"global-app-quota";r=65001', Told(is_of_site=False, quota=65_000, left=None)),
        (APP, '"global-app-quota";r=plenty', Told(is_of_site=False, quota=65_000, left=None)),
        (APP, '"global-app-quota";r=٣', Told(is_of_site=False, quota=65_000, left=None)),
        ('"global-app-quota";q=0;w=3600', "", None),
        ('"global-app-quota";q=-1;w=3600', '"global-app-quota";r=soon', None),
        ('"global-app-quota";q=65000;w=60', "", None),
        ('"global-app-quota"', '"global-app-quota"', None),
        ("garbage", ";;;===,,,", None),
    ],
)
def test_what_no_quota_can_be_is_left_out(policy: str, state: str, said: Told | None) -> None:
    assert told(headers(policy, state)) == said


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_header_breaks_the_reading(policy: str, state: str) -> None:
    said = told(headers(f'"global-app-quota";{policy}', f'"tenant-app-quota";{state}'))
    assert said is None or said.quota != 0


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def ledger(clock: FixedClock) -> PointsLedger:
    return PointsLedger(clock=clock, quota=1000)


def test_all_sites_spend_of_the_apps_one_quota_and_products_have_their_own(
    ledger: PointsLedger,
) -> None:
    for payer, points in ((JIRA, 100), (LABS, 50), (WIKI, 7)):
        ledger.spend(payer, points, {})
    jira, wiki = ledger.usage()
    assert (jira.product, jira.site, jira.points, jira.quota) == (Product.JIRA, "", 150, 1000)
    assert (wiki.product, wiki.points) == (Product.CONFLUENCE, 7)
    assert jira.told_left is None


def test_the_count_begins_anew_with_the_hour(ledger: PointsLedger, clock: FixedClock) -> None:
    ledger.spend(JIRA, 900, headers(APP, '"global-app-quota";r=10'))
    clock.time += timedelta(minutes=39, seconds=59)
    assert ledger.usage()[0].points == 900
    clock.time += timedelta(seconds=1)
    assert ledger.usage() == []
    assert ledger.has_room(Product.JIRA)


def test_the_higher_of_both_counts_is_believed(ledger: PointsLedger) -> None:
    ledger.spend(JIRA, 10, headers(state='"global-app-quota";r=100'))
    assert ledger.usage()[0].share == pytest.approx(0.9)
    ledger.spend(JIRA, 940, headers(state='"global-app-quota";r=900'))
    (use,) = ledger.usage()
    assert use.told_left == 100
    assert use.share == pytest.approx(0.95)


def test_a_quota_that_the_answers_name_counts_instead_of_the_setting(ledger: PointsLedger) -> None:
    ledger.spend(JIRA, 130, headers(APP))
    assert ledger.usage()[0].share == pytest.approx(0.002)


def test_where_atlassian_counts_each_site_by_itself_so_does_the_ledger(
    ledger: PointsLedger,
) -> None:
    ledger.spend(JIRA, 100, headers('"tenant-app-quota";q=200;w=3600'))
    ledger.spend(LABS, 30, headers('"tenant-app-quota";q=400;w=3600'))
    shares = {use.site: use.share for use in ledger.usage()}
    assert shares == {"acme": pytest.approx(0.5), "labs": pytest.approx(0.075)}
    ledger.spend(LABS, 0, headers(state='"tenant-app-quota";r=0;t=2788'))
    assert {use.site: use.share for use in ledger.usage()}["labs"] == 1


def test_a_site_said_to_be_used_up_without_a_quota_is_used_up(ledger: PointsLedger) -> None:
    ledger.spend(JIRA, 1, headers(state='"tenant-app-quota";r=0'))
    assert [(use.site, use.share) for use in ledger.usage()] == [("acme", 1)]


def test_more_left_than_any_quota_known_is_no_minus(ledger: PointsLedger) -> None:
    ledger.spend(JIRA, 1, headers(state='"global-app-quota";r=50000'))
    assert 0 <= ledger.usage()[0].share < 0.001


def test_background_work_leaves_the_second_half_to_people(ledger: PointsLedger) -> None:
    ledger.spend(JIRA, 499, {})
    assert ledger.has_room(Product.JIRA)
    ledger.spend(LABS, 1, {})
    assert not ledger.has_room(Product.JIRA)
    assert ledger.has_room(Product.CONFLUENCE)


def test_what_could_not_be_shared_is_counted_once(ledger: PointsLedger) -> None:
    ledger.spend(JIRA, 5, {})
    taken = ledger.take_new()
    assert not ledger.has_new
    ledger.spend(JIRA, 2, {})
    ledger.give_back(taken)
    assert ledger.usage()[0].points == 7
    ledger.learn(replace(entry, points=100) for entry in ledger.take_new())
    assert ledger.usage()[0].points == 100
