"""The sandbox's Jira, called below HTTP: what real Jira would answer."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from starlette.datastructures import QueryParams

from xerus_sandbox.accounts import ADA, GRACE, cloud_sites, data_center_sites
from xerus_sandbox.operations import Account, ApiError, Call, Deployment
from xerus_sandbox.products.jira.operations import CLOUD, DATA_CENTER
from xerus_sandbox.products.seed.pick import DAY, TODAY
from xerus_sandbox.products.world import World

BASE = "http://127.0.0.1:1"
Ask = Callable[..., tuple[int, Any]]
HELLO = {
    "type": "doc",
    "version": 1,
    "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hello"}]}],
}


@pytest.fixture
def world() -> World:
    return World.seed(BASE)


@pytest.fixture
def ask(world: World) -> Ask:
    def run(
        method: str,
        path: str,
        body: Any = None,
        *,
        who: Account = ADA,
        deployment: Deployment = "cloud",
        now: float = TODAY + DAY,
        params: dict[str, str] | None = None,
        **query: str,
    ) -> tuple[int, Any]:
        cloud = deployment == "cloud"
        prefix = "/rest/api/3" if cloud else "/rest/api/2"
        [operation] = [
            o
            for o in (CLOUD if cloud else DATA_CENTER)
            if (o.method, o.path) == (method, prefix + path)
        ]
        call = Call(
            account=who,
            site=cloud_sites(BASE)["acme"] if cloud else data_center_sites(BASE)["jira"],
            deployment=deployment,
            method=method,
            path=operation.path,
            params=params or {},
            query=QueryParams(query),
            headers={},
            body=b"" if body is None else orjson.dumps(body),
            now=now,
        )
        try:
            answer = operation.run(world, call)
        except ApiError as error:
            return error.status, error.body
        return answer.status, answer.body

    return run


def keys(ask: Ask, jql: str, **more: Any) -> list[str]:
    status, body = ask(
        "POST", "/search/jql", {"jql": jql, "fields": ["key"], "maxResults": 100}, **more
    )
    assert status == 200, body
    return [issue["key"] for issue in body["issues"]]


def test_search_without_fields_returns_ids_only_and_no_total(ask: Ask) -> None:
    _, body = ask("GET", "/search/jql", jql="project = ENG", maxResults="3")
    assert [set(issue) for issue in body["issues"]] == [{"id"}] * 3
    assert "total" not in body
    assert body["isLast"] is False


def test_pages_of_a_search_cover_every_issue_once(ask: Ask) -> None:
    found: list[str] = []
    given: dict[str, Any] = {
        "jql": "project = OPS ORDER BY key",
        "fields": ["summary"],
        "maxResults": 40,
    }
    while True:
        _, body = ask("POST", "/search/jql", given)
        found += [issue["key"] for issue in body["issues"]]
        if body["isLast"]:
            break
        given["nextPageToken"] = body["nextPageToken"]
    assert found == [f"OPS-{n}" for n in range(1, 111)]


def test_page_token_dies_after_seven_days(ask: Ask) -> None:
    _, body = ask("GET", "/search/jql", jql="project = ENG", maxResults="1")
    later = TODAY + 9 * DAY
    status, _ = ask(
        "GET", "/search/jql", jql="project = ENG", nextPageToken=body["nextPageToken"], now=later
    )
    assert status == 400


@pytest.mark.parametrize("jql", ["", "ORDER BY created"])
def test_unbounded_search_is_refused(ask: Ask, jql: str) -> None:
    status, body = ask("POST", "/search/jql", {"jql": jql})
    assert (status, body["errorMessages"][0][:13]) == (400, "Unbounded JQL")


def test_removed_search_answers_410(ask: Ask) -> None:
    status, body = ask("GET", "/search")
    assert status == 410
    assert body["errorMessages"][0].startswith("The requested API has been removed")


@pytest.mark.parametrize(
    ("jql", "message"),
    [
        ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'."),
        ("foo = 1", "Field 'foo' does not exist or you do not have permission to view it."),
        ("project =", "Error in the JQL Query: Expecting either a value"),
        ("project ~ ENG", "The operator '~' is not supported by the 'project' field."),
        ("project = ENG AND created > soon", "Date value 'soon' for field 'created' is invalid."),
        ("assignee = nobody()", "Unable to find JQL function 'nobody()'."),
        ("summary ~ 'open", "Error in the JQL Query: The quoted string 'open' has not been"),
        ("key = ENG-99999", "An issue with key 'ENG-99999' does not exist for field 'key'."),
    ],
)
def test_bad_jql_is_refused_in_jiras_words(ask: Ask, jql: str, message: str) -> None:
    status, body = ask("POST", "/search/jql", {"jql": jql})
    assert status == 400
    assert body["errorMessages"][0].startswith(message)


def test_or_binds_weaker_than_and(ask: Ask) -> None:
    loose = keys(ask, "key = ENG-1 OR key = ENG-2 AND key = ENG-3")
    assert loose == ["ENG-1"]
    assert keys(ask, "(key = ENG-1 OR key = ENG-2) AND NOT key = ENG-2") == ["ENG-1"]


def test_a_negative_clause_skips_empty_fields(ask: Ask, world: World) -> None:
    found = keys(ask, 'project = HR AND assignee != "Ada Lovelace"')
    assert all(world.jira["acme"].issues[key].assignee for key in found)


def test_names_match_everybody_who_bears_them(ask: Ask) -> None:
    _, body = ask("GET", "/user/search", query="alan turing")
    assert len({person["accountId"] for person in body}) == 2
    assert not any("emailAddress" in person for person in body)


def test_hidden_project_reads_as_missing(ask: Ask) -> None:
    hidden = ask("GET", "/issue/{issueIdOrKey}", params={"issueIdOrKey": "HR-1"}, who=GRACE)
    missing = ask("GET", "/issue/{issueIdOrKey}", params={"issueIdOrKey": "ENG-9999"}, who=GRACE)
    assert hidden == missing
    assert hidden[0] == 404
    assert ask("POST", "/search/jql", {"jql": "project = HR"}, who=GRACE)[0] == 400
    assert not [
        key for key in keys(ask, "created >= startOfYear()", who=GRACE) if key.startswith("HR")
    ]


def created(ask: Ask, **fields: Any) -> str:
    given = {"project": {"key": "ENG"}, "issuetype": {"name": "Bug"}, "summary": "New", **fields}
    status, body = ask("POST", "/issue", {"fields": given})
    assert status == 201, body
    return str(body["key"])


def fields_of(ask: Ask, key: str) -> dict[str, Any]:
    fields: dict[str, Any] = ask("GET", "/issue/{issueIdOrKey}", params={"issueIdOrKey": key})[1][
        "fields"
    ]
    return fields


def test_created_issue_reads_back(ask: Ask) -> None:
    key = created(ask, description=HELLO, labels=["x"], assignee={"accountId": GRACE.account_id})
    fields = fields_of(ask, key)
    assert fields["description"] == HELLO
    assert fields["assignee"]["displayName"] == "Grace Hopper"
    assert keys(ask, "labels = x") == [key]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"project": {"key": "NO"}}, {"project": "Specify a valid project ID or key"}),
        ({"issuetype": {"name": "No"}}, {"issuetype": "Specify a valid issue type"}),
        ({"summary": ""}, {"summary": "You must specify a summary of the issue."}),
        (
            {"description": "text"},
            {
                "description": "Operation value must be an Atlassian Document"
                " (see the Atlassian Document Format)"
            },
        ),
        (
            {"issuetype": {"name": "Sub-task"}},
            {"issuetype": "Issue type is a sub-task but parent issue key or id not specified."},
        ),
        (
            {"issuetype": {"name": "Sub-task"}, "parent": {"key": "ENG-1"}},
            {"parentId": "Given parent issue does not belong to appropriate hierarchy."},
        ),
        (
            {"foo": 1},
            {"foo": "Field 'foo' cannot be set. It is not on the appropriate screen, or unknown."},
        ),
    ],
)
def test_bad_fields_are_refused_in_jiras_words(
    ask: Ask, fields: dict[str, Any], errors: dict[str, str]
) -> None:
    given = {"project": {"key": "ENG"}, "issuetype": {"name": "Bug"}, "summary": "New", **fields}
    assert ask("POST", "/issue", {"fields": given}) == (
        400,
        {"errorMessages": [], "errors": errors},
    )


def test_edit_changes_what_it_names_and_ignores_the_status(ask: Ask) -> None:
    key = created(ask, labels=["x", "y"])
    before = fields_of(ask, key)
    change = {
        "fields": {"status": {"name": "Done"}},
        "update": {"labels": [{"remove": "x"}, {"add": "z"}]},
    }
    assert ask("PUT", "/issue/{issueIdOrKey}", change, params={"issueIdOrKey": key}) == (204, None)
    assert {**fields_of(ask, key), "labels": before["labels"]} == before
    assert fields_of(ask, key)["labels"] == ["y", "z"]


def test_refused_edit_changes_nothing(ask: Ask) -> None:
    key = created(ask)
    change = {"fields": {"summary": "Other", "priority": {"name": "No"}}}
    assert ask("PUT", "/issue/{issueIdOrKey}", change, params={"issueIdOrKey": key})[0] == 400
    assert fields_of(ask, key)["summary"] == "New"


def test_transition_follows_the_workflow(ask: Ask) -> None:
    path, at = "/issue/{issueIdOrKey}/transitions", {"issueIdOrKey": created(ask)}
    assert ask("POST", path, {"transition": {"id": "61"}}, params=at)[0] == 400
    assert ask("POST", path, {"transition": {"id": "41"}}, params=at) == (204, None)
    assert fields_of(ask, at["issueIdOrKey"])["resolution"]["name"] == "Done"
    assert [t["name"] for t in ask("GET", path, params=at)[1]["transitions"]] == ["Reopen"]


def test_incident_needs_a_resolution(ask: Ask) -> None:
    key = created(ask, project={"key": "OPS"}, issuetype={"name": "Incident"})
    path, at = "/issue/{issueIdOrKey}/transitions", {"issueIdOrKey": key}
    refused = ask("POST", path, {"transition": {"id": "41"}}, params=at)
    assert refused == (
        400,
        {"errorMessages": [], "errors": {"resolution": "Resolution is required."}},
    )
    given = {"transition": {"id": "41"}, "fields": {"resolution": {"name": "Duplicate"}}}
    assert ask("POST", path, given, params=at)[0] == 204


def test_comment_must_be_a_document(ask: Ask) -> None:
    path, at = "/issue/{issueIdOrKey}/comment", {"issueIdOrKey": "ENG-1"}
    assert ask("POST", path, {"body": HELLO}, params=at)[0] == 201
    status, body = ask("POST", path, {"body": "Hello"}, params=at)
    assert (status, body["errors"]) == (400, {"comment": "Comment body is not valid!"})


def test_issue_with_subtasks_is_deleted_only_on_demand(ask: Ask) -> None:
    parent = created(ask)
    created(ask, issuetype={"name": "Sub-task"}, parent={"key": parent})
    at = {"issueIdOrKey": parent}
    assert ask("DELETE", "/issue/{issueIdOrKey}", params=at)[0] == 400
    assert ask("DELETE", "/issue/{issueIdOrKey}", params=at, deleteSubtasks="true") == (204, None)
    assert ask("GET", "/issue/{issueIdOrKey}", params=at)[0] == 404


def test_lagging_index_shows_a_write_late_unless_reconciled(ask: Ask, world: World) -> None:
    world.index_lag_seconds = 30
    key = created(ask, labels=["late"])
    assert keys(ask, "labels = late") == []
    issue_id = world.jira["acme"].issues[key].id
    given = {"jql": "labels = late", "reconcileIssues": [int(issue_id)]}
    assert ask("POST", "/search/jql", given)[1]["issues"] == [{"id": issue_id}]
    assert keys(ask, "labels = late", now=TODAY + DAY + 31) == [key]


def test_data_center_speaks_strings_names_and_offsets(ask: Ask) -> None:
    given = {
        "project": {"key": "ENG"},
        "issuetype": {"name": "Task"},
        "summary": "New",
        "description": "h1. Hello",
        "assignee": {"name": "grace"},
    }
    status, body = ask("POST", "/issue", {"fields": given}, deployment="dc")
    assert status == 201
    _, found = ask("GET", "/search", deployment="dc", jql=f"key = {body['key']}")
    assert (found["total"], found["startAt"]) == (1, 0)
    fields = found["issues"][0]["fields"]
    assert (fields["description"], fields["assignee"]["name"]) == ("h1. Hello", "grace")
    given["description"] = HELLO
    assert ask("POST", "/issue", {"fields": given}, deployment="dc")[0] == 400


def test_parsed_query_shows_its_structure(ask: Ask) -> None:
    _, body = ask(
        "POST", "/jql/parse", {"queries": ["project = ENG ORDER BY key DESC", "project ="]}
    )
    good, bad = body["queries"]
    assert good["structure"]["where"]["operand"]["value"] == "ENG"
    assert bad["errors"][0].startswith("Error in the JQL Query")
