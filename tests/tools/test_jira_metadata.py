"""What a Jira consists of, its people, and the search that goes by their names."""

from typing import Any

import pytest

from tests.tools.bench import Bench

_READS: dict[str, dict[str, Any]] = {
    "jira_get_projects": {},
    "jira_get_project": {"project_key": "ENG"},
    "jira_get_metadata": {"what": "types"},
    "jira_get_create_fields": {"issue_key": "ENG-1"},
    "jira_find_users": {"query": "me"},
    "jira_search_fields": {},
    "jira_search": {"jql": "key = ENG-1"},
}


async def requests_of(bench: Bench, tool: str, **arguments: Any) -> list[str]:
    await bench.ok("jira_get_projects", limit=1)
    mark = await bench.sandbox.atlassian.mark()
    await bench.ok(tool, **arguments)
    return await bench.requests(mark)


@pytest.mark.parametrize("tool", _READS)
async def test_a_grant_without_the_scope_is_refused_before_anything_is_sent(
    bench: Bench, tool: str
) -> None:
    if bench.is_cloud:
        mark = await bench.sandbox.atlassian.mark()
        text = await bench.granted("read:me").failed(tool, **_READS[tool])
        assert "read:jira-" in text
        assert await bench.requests(mark) == []


@pytest.mark.parametrize(("tool", "requests"), [("jira_get_project", 2), ("jira_get_projects", 1)])
async def test_reading_takes_few_requests(bench: Bench, tool: str, requests: int) -> None:
    assert len(await requests_of(bench, tool, **_READS[tool])) == requests


async def test_projects_are_listed_with_their_leads(bench: Bench) -> None:
    text = await bench.ok("jira_get_projects")
    assert text.startswith("3 projects, no more.")
    assert "|ENG|Engineering|software|Ada Lovelace|" in text


async def test_projects_are_found_by_part_of_the_name(bench: Bench) -> None:
    text = await bench.ok("jira_get_projects", query="opera")
    assert text.startswith("1 project, no more.")
    assert "|OPS|" in text
    assert await bench.ok("jira_get_projects", query="nosuch") == "No project found."


async def test_pages_of_projects_follow_each_other(bench: Bench) -> None:
    first = await bench.json("jira_get_projects", limit=2)
    assert (first["total"], first["cursor"]) == (3, "2")
    second = await bench.json("jira_get_projects", limit=2, cursor=first["cursor"])
    keys = [project["key"] for page in (first, second) for project in page["projects"]]
    assert keys == ["ENG", "HR", "OPS"]
    assert second["cursor"] is None


async def test_a_cursor_that_is_none_is_refused(bench: Bench) -> None:
    assert "cursor" in await bench.failed("jira_get_projects", cursor="../x")


async def test_a_project_says_what_it_consists_of(bench: Bench) -> None:
    text = await bench.ok("jira_get_project", project_key="eng")
    for expected in (
        "name: Engineering",
        "lead: Ada Lovelace",
        "components: shop, api, mobile, build",
        "2026.10 (released)",
        "roles: Administrators, Developers, Viewers",
        "statuses of Epic, Story, Task, Bug, Sub-task: To Do, In Progress, In Review, Done",
        "/browse/ENG",
    ):
        assert expected in text


async def test_a_project_as_json_has_the_same_content(bench: Bench) -> None:
    project = await bench.json("jira_get_project", project_key="OPS")
    assert project["statuses"]["Incident"] == ["To Do", "In Progress", "In Review", "Done"]
    assert project["components"] == ["network", "hosts", "monitoring"]


@pytest.mark.parametrize("key", ["NOSUCH", "../HR", "a b"])
async def test_a_missing_project_is_a_clear_answer(bench: Bench, key: str) -> None:
    text = await bench.failed("jira_get_project", project_key=key)
    assert "may not see it" in text or "Project key" in text


async def test_a_hidden_project_looks_like_a_missing_one(grace: Bench) -> None:
    assert "may not see it" in await grace.failed("jira_get_project", project_key="HR")
    assert "HR" not in await grace.ok("jira_get_projects")


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("types", "|Incident|10005|"),
        ("priorities", "|Highest|1|"),
        ("statuses", "|In Review|10002|In Progress|"),
        ("resolutions", "|Won't Do|10001|"),
        ("link_types", "|Blocks|10000|blocks|is blocked by|"),
    ],
)
async def test_names_are_listed(bench: Bench, what: str, expected: str) -> None:
    assert expected in await bench.ok("jira_get_metadata", what=what)
    assert len(await requests_of(bench, "jira_get_metadata", what=what)) == 1


async def test_types_and_statuses_are_those_of_the_project(bench: Bench) -> None:
    text = await bench.ok("jira_get_metadata", what="types", project_key="HR")
    assert "|Task|" in text
    assert "|Bug|" not in text
    text = await bench.ok("jira_get_metadata", what="statuses", project_key="HR")
    assert "|Done|10003|Done|Task, Sub-task|" in text


async def test_what_has_no_scope_of_a_project_says_so(bench: Bench) -> None:
    text = await bench.ok("jira_get_metadata", what="priorities", project_key="ENG")
    assert "Jira keeps priorities for the site" in text


async def test_names_are_found_by_a_part(bench: Bench) -> None:
    text = await bench.ok("jira_get_metadata", what="resolutions", query="dup")
    assert text.startswith("1 value, no more.")


async def test_labels_are_listed_and_found_by_their_beginning(bench: Bench) -> None:
    everything = await bench.json("jira_get_metadata", what="labels")
    names = [value["name"] for value in everything["values"]]
    assert len(names) >= 3
    some = await bench.json("jira_get_metadata", what="labels", query=names[0][:3])
    assert {"name": names[0]} in some["values"]
    assert all(value["name"].startswith(names[0][:3]) for value in some["values"])
    assert "first few" in some["note"]


async def test_metadata_of_nothing_known_is_refused(bench: Bench) -> None:
    assert "link_types" in await bench.failed("jira_get_metadata", what="colours")
    text = await bench.failed("jira_get_metadata", what="types", project_key="NOSUCH")
    assert "may not see it" in text


async def test_the_fields_of_a_new_issue_start_with_the_required_ones(bench: Bench) -> None:
    arguments = {"project_key": "ENG", "issue_type": "bug"}
    found = await bench.json("jira_get_create_fields", **arguments)
    assert [field["id"] for field in found["fields"] if field["required"]] == [
        "summary",
        "issuetype",
        "project",
    ]
    text = await bench.ok("jira_get_create_fields", **arguments)
    assert "|components|Components||array of component|shop, api, mobile, build|" in text
    assert len(await requests_of(bench, "jira_get_create_fields", **arguments)) == 2


async def test_the_fields_of_an_issue_come_with_one_request(bench: Bench) -> None:
    assert "|priority|Priority||priority|Highest" in await bench.ok(
        "jira_get_create_fields", issue_key="ENG-1"
    )
    assert len(await requests_of(bench, "jira_get_create_fields", issue_key="ENG-1")) == 1


async def test_the_options_of_one_field_are_shown_with_their_ids(bench: Bench) -> None:
    text = await bench.ok("jira_get_create_fields", issue_key="ENG-1", field="Fix versions")
    assert "Field fixVersions: array of version; operations: add, set, remove." in text
    assert "|2026.11|20001|" in text
    text = await bench.ok("jira_get_create_fields", issue_key="ENG-1", field="summary")
    assert "no list of options" in text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "project_key and issue_type, or issue_key"),
        ({"project_key": "ENG"}, "Story"),
        ({"project_key": "ENG", "issue_type": "Nope"}, "Story"),
        ({"project_key": "NOSUCH", "issue_type": "Bug"}, "No project could be found"),
        ({"issue_key": "ENG-999999"}, "may not see it"),
        ({"issue_key": "ENG-1", "project_key": "ENG"}, "issue_key alone"),
        ({"issue_key": "ENG-1", "field": "Summry"}, "Summary (summary)"),
    ],
)
async def test_fields_of_nothing_are_a_clear_answer(
    bench: Bench, arguments: dict[str, str], expected: str
) -> None:
    assert expected in await bench.failed("jira_get_create_fields", **arguments)


async def test_hidden_issues_tell_no_fields(grace: Bench) -> None:
    assert "may not see it" in await grace.failed("jira_get_create_fields", issue_key="HR-1")
    text = await grace.failed("jira_get_create_fields", project_key="HR", issue_type="Task")
    assert "No project could be found" in text


async def test_fields_are_found_by_name(bench: Bench) -> None:
    text = await bench.ok("jira_search_fields", query="sprint")
    assert "|customfield_10020|Sprint|array of " in text
    found = await bench.json("jira_search_fields", custom_only=True)
    assert all(field["id"].startswith("customfield_") for field in found["fields"])
    assert "No field found" in await bench.ok("jira_search_fields", query="nosuch")


async def test_pages_of_fields_follow_each_other(bench: Bench) -> None:
    whole = await bench.json("jira_search_fields", limit=200)
    first = await bench.json("jira_search_fields", limit=5)
    second = await bench.json("jira_search_fields", limit=200, cursor=first["cursor"])
    assert first["fields"] + second["fields"] == whole["fields"]
    assert "limit" in await bench.failed("jira_search_fields", limit=0)


async def test_people_are_found_with_the_ids_that_tools_take(bench: Bench) -> None:
    text = await bench.ok("jira_find_users", query="Grace")
    assert text.startswith("2 users, no more.")
    assert ("5b10a2844c20165700ede21b" if bench.is_cloud else "|grace|") in text
    assert "Ada Lovelace" in await bench.ok("jira_find_users", query="me")
    assert await bench.ok("jira_find_users", query="Nobody") == "Nobody fits 'Nobody'."


async def test_only_people_who_may_be_assigned_are_found_for_a_project(bench: Bench) -> None:
    for where in ({"project_key": "HR"}, {"issue_key": "HR-1"}):
        text = await bench.ok("jira_find_users", query="Grace", **where)
        assert "Grace Hooper" in text
        assert "Grace Hopper" not in text
    text = await bench.failed("jira_find_users", query="Grace", project_key="NOSUCH")
    assert "may not see it" in text


async def test_machines_and_former_people_are_marked(bench: Bench) -> None:
    if bench.is_cloud:
        assert "|app|" in await bench.ok("jira_find_users", query="Automation")
    assert "inactive" in await bench.ok("jira_find_users", query="Edsger")


async def test_pages_of_people_follow_each_other(bench: Bench) -> None:
    for where in ({}, {"project_key": "ENG"}):
        first = await bench.json("jira_find_users", query="A", limit=1, **where)
        second = await bench.json("jira_find_users", query="A", limit=9, cursor="1", **where)
        whole = await bench.json("jira_find_users", query="A", limit=20, **where)
        assert first["cursor"] == "1"
        assert first["users"] + second["users"] == whole["users"]
        assert second["cursor"] is None


async def test_an_invisible_project_has_no_people(grace: Bench) -> None:
    text = await grace.failed("jira_find_users", query="Ada", project_key="HR")
    assert "may not see it" in text


async def test_issues_are_counted_without_being_read(bench: Bench) -> None:
    arguments: dict[str, Any] = {"jql": "project = ENG ORDER BY created", "count_only": True}
    count = 160 if bench.is_cloud else 40
    text = await bench.ok("jira_search", **arguments)
    assert text == f"{'About ' * bench.is_cloud}{count} issues match. JQL: project = ENG"
    assert len(await requests_of(bench, "jira_search", **arguments)) == 1


async def test_columns_may_be_named_as_on_the_screen(bench: Bench) -> None:
    arguments = {"jql": "sprint = 'ENG Sprint 23'", "fields": "Sprint, Due date, STATUS"}
    text = await bench.ok("jira_search", **arguments)
    assert "|key|Sprint|Due date|STATUS|" in text
    assert "|ENG Sprint 23|" in text
    assert len(await requests_of(bench, "jira_search", jql="key = ENG-1", fields="summary")) == 1


async def test_a_column_that_is_no_field_names_those_like_it(bench: Bench) -> None:
    text = await bench.failed("jira_search", jql="key = ENG-1", fields="Sprnt")
    assert "Sprint (customfield_10020)" in text


async def test_a_wrong_field_in_a_query_names_those_like_it(bench: Bench) -> None:
    text = await bench.failed("jira_search", jql="asignee = currentUser() AND status = Done")
    assert "Field 'asignee' does not exist" in text
    assert "Fields like 'asignee': Assignee" in text


async def test_a_wrong_value_in_a_query_names_the_right_ones(bench: Bench) -> None:
    text = await bench.failed("jira_search", project_key="ENG", status="In Progres")
    assert "Values of 'status': In Progress" in text
    text = await bench.failed("jira_search", jql="priority = Urgent", count_only=True)
    assert "Highest" in text


async def test_every_mistake_of_a_query_is_told_at_once(bench: Bench) -> None:
    text = await bench.failed("jira_search", jql="nosuch = 1 AND status = Nope")
    assert "nosuch" in text
    assert "Nope" in text
