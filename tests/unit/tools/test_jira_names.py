"""Fields, sprints and ranks where Jira's answer is an unusual one."""

from typing import Any

import pytest

from tests.unit.tools.fakes import FakeCredentials, FixedClock, ScriptedEgress, reply, target
from xerus.atlassian.errors import AtlassianRefused
from xerus.atlassian.jira import agile, metadata
from xerus.atlassian.jira.client import Jira
from xerus.atlassian.jira.offsets import offset_of, page_of
from xerus.atlassian.limits import AtlassianLimits
from xerus.atlassian.transport import Transport
from xerus.errors import InvalidInput
from xerus.tools.choices import ChoiceNeeded
from xerus.tools.jira.field_names import field_ids, named
from xerus.tools.jira.jql_errors import explain
from xerus.tools.jira.records import flat

_POINTS: list[dict[str, Any]] = [
    {"id": "customfield_1", "name": "Story Points"},
    {"id": "customfield_2", "name": "Story points"},
    {"id": "customfield_3", "name": "Team", "clauseNames": ["cf[3]", "squad"]},
]


def jira_of(*script: Any) -> Jira:
    clock = FixedClock()
    transport = Transport(
        egress=ScriptedEgress(*script),
        credentials=FakeCredentials(),
        limits=AtlassianLimits(clock=clock),
        clock=clock,
    )
    return Jira(transport=transport, target=target())


async def test_fields_that_share_a_name_are_listed_with_their_ids() -> None:
    with pytest.raises(ChoiceNeeded) as caught:
        await field_ids(jira_of(reply(body=_POINTS)), ["story points"])
    assert caught.value.said == "Story Points (customfield_1); Story points (customfield_2)"


async def test_ids_are_taken_without_asking_and_names_with_one_request() -> None:
    assert await field_ids(jira_of(), ["Type", "fixversions", "customfield_7"]) == [
        "issuetype",
        "fixVersions",
        "customfield_7",
    ]
    assert await field_ids(jira_of(reply(body=_POINTS)), ["summary", "Squad"]) == [
        "summary",
        "customfield_3",
    ]


def test_a_name_that_is_like_none_says_so() -> None:
    with pytest.raises(ChoiceNeeded) as caught:
        named("zzz", _POINTS)
    assert caught.value.said == "none that looks like it"


async def test_a_rank_that_was_done_in_part_names_the_rest() -> None:
    entries = [
        {"issueKey": "A-1", "status": 200},
        {"issueKey": "A-2", "status": 503, "errors": ["Try again later."]},
    ]
    jira = jira_of(reply(207, {"entries": entries}))
    failed = await agile.rank(jira, ["A-1", "A-2"], before="A-3", after=None)
    assert failed == {"A-2": "Try again later."}


async def test_a_refused_query_stays_as_it_was_when_it_cannot_be_explained() -> None:
    jira = jira_of(reply(400, {"errorMessages": ["Bad."]}), reply(404, {}))
    with pytest.raises(AtlassianRefused) as caught:
        await metadata.count(jira, "x = 1")
    await explain(jira, "x = 1", caught.value)
    assert caught.value.said == "Bad."


async def test_create_fields_are_read_to_the_last_page() -> None:
    jira = jira_of(
        reply(body={"total": 2, "fields": [{"fieldId": "a"}]}),
        reply(body={"total": 2, "fields": [{"fieldId": "b"}]}),
    )
    found = await metadata.create_fields(jira, "ENG", "1")
    assert [field["fieldId"] for field in found] == ["a", "b"]


def test_pages_end_where_jira_says_so_in_either_way() -> None:
    assert page_of({"values": [1], "isLast": False}, start=4).cursor == "5"
    assert page_of({"values": [1], "total": 5}, start=4).cursor is None
    assert page_of({"values": [1], "total": 6}, start=4).cursor == "5"
    assert page_of({"values": []}, start=0).cursor is None
    for wrong in ("-1", "x", "²", "9" * 30):
        with pytest.raises(InvalidInput):
            offset_of(wrong)


def test_a_sprint_of_data_center_is_shown_by_its_name() -> None:
    text = (
        "com.atlassian.greenhopper.service.sprint.Sprint@1f[id=2,rapidViewId=1,state=ACTIVE,"
        "name=Sprint 23,startDate=2026-11-17T00:00:00.000Z]"
    )
    assert flat([text]) == "Sprint 23"
