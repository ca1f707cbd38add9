"""Which requests the operator's filters let pass, for every endpoint that a tool declares."""

import inspect
import re
from collections.abc import Mapping
from typing import Any

import pytest

from xerus.atlassian.transport import Transport
from xerus.errors import InvalidInput
from xerus.settings.toolsets import ALL as EVERY_SET
from xerus.tools.boundary.confluence import ConfluenceBoundary
from xerus.tools.boundary.jira import JiraBoundary
from xerus.tools.boundary.queries import held
from xerus.tools.boundary.transport import Ask, Boundary, BoundedTransport, OutsideBoundary
from xerus.tools.catalogue import Catalogue
from xerus.tools.policy import Policy

_PARAMETER = re.compile(r"\{([A-Za-z-]+)\}")
_BODIES: dict[str, Any] = {
    "POST /backlog/issue": {"issues": ["HR-1"]},
    "POST /content": {"space": {"key": "HR"}},
    "POST /epic/{epicIdOrKey}/issue": {"issues": ["HR-1"]},
    "POST /bulk/issues/move": {"targetToSourcesMapping": {"HR,1": {"issueIdsOrKeys": ["ENG-1"]}}},
    "POST /epic/none/issue": {"issues": ["HR-1"]},
    "POST /blogposts": {"spaceId": "9"},
    "POST /folders": {"spaceId": "9"},
    "POST /footer-comments": {"pageId": "9"},
    "POST /inline-comments": {"pageId": "9"},
    "POST /issue": {"fields": {"project": {"key": "HR"}}},
    "POST /issue/bulk": {"issueUpdates": [{"fields": {"project": {"id": "9"}}}]},
    "POST /issue/bulkfetch": {"issueIdsOrKeys": ["HR-1"]},
    "POST /issueLink": {"inwardIssue": {"key": "HR-1"}, "outwardIssue": {"key": "HR-2"}},
    "POST /pages": {"spaceId": "9"},
    "POST /sprint": {"originBoardId": 9},
    "POST /version": {"projectId": 9},
    "PUT /issue/rank": {"issues": ["HR-1"]},
}
_OUTSIDE = {
    "key": "HR-1",
    "fields": {},
    "location": {"projectKey": "HR"},
    "originBoardId": 9,
    "projectId": 9,
    "projectKey": "HR",
    "inwardIssue": {"key": "HR-1"},
    "outwardIssue": {"key": "HR-1"},
    "space": {"key": "HR"},
    "pageId": "9",
    "_links": {"webui": "/spaces/HR/pages/9"},
}


async def _look(template: str, path: Mapping[str, str], query: Mapping[str, str]) -> Any:
    """Everything is outside."""
    if template.endswith(("/project/{projectIdOrKey}", "/spaces/{id}")):
        return {"id": "9", "key": "HR"}
    return _OUTSIDE


def _endpoints() -> list[tuple[str, bool]]:
    tools = Catalogue(policy=Policy(choices=EVERY_SET)).tools
    cloud = {(line, True) for tool in tools for line in tool.endpoints}
    return sorted(cloud | {(line, False) for tool in tools for line in tool.data_center})


def _ask(line: str, *, is_cloud: bool) -> Ask:
    method, template = line.split()
    short = re.sub(
        r"^/(?:wiki/)?(?:rest/)?(?:agile/1\.0|servicedeskapi|api/(?:2|3|v2)(?=/)|api)", "", template
    )
    named = {name: "HR" if "roject" in name or "space" in name else "9" for name in
             _PARAMETER.findall(template)}  # fmt: skip
    issue = {name: "HR-1" for name in named if name.startswith("issue") and "Type" not in name}
    return Ask(
        method=method,
        template=template,
        path=named | issue,
        query={},
        json=_BODIES.get(f"{method} {short}"),
        is_cloud=is_cloud,
    )


def _boundary(line: str) -> Boundary:
    of_confluence = "/wiki/" in line or "/download/" in line or re.search(r" /rest/api/[a-z]", line)
    return (
        ConfluenceBoundary(frozenset({"DOCS"}))
        if of_confluence
        else JiraBoundary(frozenset({"ENG"}))
    )


@pytest.mark.parametrize("endpoint", _endpoints(), ids=str)
async def test_no_endpoint_of_any_tool_reaches_outside(endpoint: tuple[str, bool]) -> None:
    """It is refused for where it goes, or held by its query, or its answer is emptied."""
    line, is_cloud = endpoint
    boundary, ask = _boundary(line), _ask(line, is_cloud=is_cloud)
    bound, refusal = ask, ""
    try:
        bound = await boundary.admit(ask, _look)
    except OutsideBoundary as refused:
        refusal = refused.message
    assert "cannot be limited" not in refusal, "nothing is said about this endpoint"
    if not refusal and " in (" not in f"{bound.query} {bound.json}":
        assert ask.method == "GET" or line.endswith(("/jql/parse", "/issue/bulkfetch"))
        _check_answer(boundary, bound)


def _check_answer(boundary: Boundary, ask: Ask) -> None:
    entry = _OUTSIDE | {"id": "9"}
    if ask.template.endswith(
        (
            "/issue/{issueIdOrKey}",
            "/pages/{id}",
            "/blogposts/{id}",
            "/folders/{id}",
            "/content/{id}",
            "/spaces/{id}",
        )
    ):
        with pytest.raises(OutsideBoundary):
            boundary.shown(ask, entry)
    elif ask.template.endswith(
        (
            "/project/search",
            "/board",
            "/servicedesk",
            "/request",
            "/spaces",
            "/space",
            "/pages",
            "/blogposts",
            "/content",
        )
    ):
        kept = "values" if isinstance(boundary, JiraBoundary) else "results"
        assert boundary.shown(ask, {kept: [entry | {"key": "HR"}]}) == {kept: []}
    elif ask.template.endswith("/issue/bulkfetch"):
        assert boundary.shown(ask, {"issues": [entry]}) == {"issues": []}


@pytest.mark.parametrize(
    "template",
    ["/rest/api/3/attachment/content/{id}", "/rest/api/3/dashboard/{id}", "/rest/x/{id}"],
)
async def test_what_nobody_has_said_anything_about_is_refused(template: str) -> None:
    ask = Ask(method="GET", template=template, path={"id": "1"}, query={}, json=None, is_cloud=True)
    with pytest.raises(OutsideBoundary):
        await JiraBoundary(frozenset({"ENG"})).admit(ask, _look)
    with pytest.raises(OutsideBoundary):
        await ConfluenceBoundary(frozenset({"DOCS"})).admit(ask, _look)


def test_a_linked_issue_from_outside_keeps_no_more_than_its_key() -> None:
    linked = {"id": "7", "key": "HR-7", "fields": {"summary": "Salaries"}}
    answer = {
        "key": "ENG-1",
        "fields": {
            "issuelinks": [{"outwardIssue": linked}],
            "parent": linked,
            "subtasks": [linked],
        },
    }
    ask = _ask("GET /rest/api/3/issue/{issueIdOrKey}", is_cloud=True)
    shown = JiraBoundary(frozenset({"ENG"})).shown(ask, answer)
    assert "Salaries" not in str(shown)
    assert str(shown).count("HR-7") == 3


async def test_a_key_that_leads_to_a_moved_issue_is_followed() -> None:
    ask = _ask("POST /rest/api/3/issue/{issueIdOrKey}/comment", is_cloud=True)
    moved = Ask(**{**vars(ask), "path": {"issueIdOrKey": "ENG-5"}})
    with pytest.raises(OutsideBoundary):
        await JiraBoundary(frozenset({"ENG"})).admit(moved, _look)


async def test_an_attachment_is_reached_after_its_issue_was_read() -> None:
    boundary = JiraBoundary(frozenset({"ENG"}))
    issue = {"key": "ENG-1", "fields": {"attachment": [{"id": "10"}]}}
    boundary.shown(_ask("GET /rest/api/3/issue/{issueIdOrKey}", is_cloud=True), issue)
    ask = _ask("GET /rest/api/3/attachment/content/{id}", is_cloud=True)
    await boundary.admit(Ask(**{**vars(ask), "path": {"id": "10"}}), _look)
    with pytest.raises(OutsideBoundary):
        await boundary.admit(Ask(**{**vars(ask), "path": {"id": "11"}}), _look)


def test_queries_are_held_whatever_they_say() -> None:
    assert held("", "project", {"ENG"}) == 'project in ("ENG")'
    query = held("a = 1 OR b = 2 order by c", "project", {"OPS", "ENG"})
    assert query == 'project in ("ENG", "OPS") AND (a = 1 OR b = 2) ORDER BY c'
    assert held("a ~ \"x) OR (y\" AND b = 'it\\'s'", "space", {"D"}).endswith("'it\\'s')")


@pytest.mark.parametrize(
    "query", ["a) OR (b", "(a", "a)", '"a', "a = 'b", '\\" ) OR (a) OR \\"', "a order by b) OR (c"]
)
def test_queries_that_do_not_close_are_refused(query: str) -> None:
    with pytest.raises(InvalidInput):
        held(query, "project", {"ENG"})


def test_every_way_out_of_the_transport_is_held() -> None:
    ways = {
        name
        for name, member in vars(Transport).items()
        if inspect.iscoroutinefunction(member) and not name.startswith("_")
    }
    assert ways
    assert ways <= vars(BoundedTransport).keys()
