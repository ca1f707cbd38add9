"""Changing, assigning and deleting issues."""

import re
from typing import Any

import pytest

from tests.tools.bench import Bench

_EXPAND = {
    "type": "doc",
    "version": 1,
    "content": [
        {
            "type": "expand",
            "attrs": {"title": "More"},
            "content": [{"type": "paragraph", "content": [{"type": "text", "text": "inside"}]}],
        }
    ],
}


async def created(bench: Bench, **more: Any) -> str:
    new = {"project_key": "ENG", "issue_type": "Task", "summary": "A thing"} | more
    text = await bench.ok("jira_create_issue", **new)
    found = re.search(r"browse/(ENG-\d+)", text)
    assert found
    return found[1]


async def test_fields_are_changed_by_name_and_read_back(bench: Bench) -> None:
    key = await created(bench, labels=["one", "two"])
    text = await bench.ok(
        "jira_update_issue",
        issue_key=key,
        fields={
            "summary": "Another thing",
            "priority": "high",
            "Story Points": "5",
            "severity": "major",
            "Assignee": "me",
            "Due date": "2027-01-31",
            "Reviewer": "grace@example.com",
            "description": "Now **bold**",
            "components": ["api"],
        },
        add={"labels": ["three"]},
        remove={"labels": ["one"]},
    )
    assert text.startswith(f"Changed. {key}: ")
    for expected in (
        "Summary: A thing -> Another thing",
        "Priority: Medium -> High",
        "Story Points: (none) -> 5",
        "Severity: (none) -> Major",
        "Assignee: (none) -> Ada Lovelace",
        "Due date: (none) -> 2027-01-31",
        "Reviewer: (none) -> Grace Hopper",
        "Components: (none) -> api",
        "Labels: one, two -> two, three",
    ):
        assert expected in text
    assert "**bold**" in await bench.ok("jira_get_issue", issue_key=key)
    shown = await bench.ok("jira_get_issue", issue_key=key, fields="Story Points, Severity")
    assert "Story Points: 5" in shown
    assert "Severity: Major" in shown


async def test_null_clears_and_a_type_changes_by_name(bench: Bench) -> None:
    key = await created(bench, labels=["one"], description="Old")
    fields = {"labels": None, "description": None, "type": "bug"}
    text = await bench.ok("jira_update_issue", issue_key=key, fields=fields)
    assert "Labels: one -> (none)" in text
    assert "-> (none)" in text
    assert "Issue Type: Task -> Bug" in text


async def test_an_update_by_ids_takes_three_requests(bench: Bench) -> None:
    key = await created(bench)
    mark = await bench.sandbox.atlassian.mark()
    await bench.ok("jira_update_issue", issue_key=key, fields={"summary": "Third"})
    assert [line.split()[0] for line in await bench.requests(mark)] == ["GET", "PUT", "GET"]


async def test_what_stays_as_it_was_is_said(bench: Bench) -> None:
    key = await created(bench, priority="High")
    text = await bench.ok("jira_update_issue", issue_key=key, fields={"priority": "High"})
    assert text.startswith("Nothing changed.")
    assert "As before" in text


async def test_wrong_fields_and_values_list_the_choices_and_change_nothing(bench: Bench) -> None:
    key = await created(bench)
    text = await bench.failed("jira_update_issue", issue_key=key, fields={"Storypoint": 3})
    assert "Story Points (customfield_10016)" in text
    text = await bench.failed(
        "jira_update_issue", issue_key=key, fields={"summary": "Never", "priority": "Urgentest"}
    )
    assert "Highest" in text
    text = await bench.failed("jira_update_issue", issue_key=key, fields={"status": "Done"})
    assert "jira_transition_issue" in text
    text = await bench.failed("jira_update_issue", issue_key=key, fields={"Story Points": "many"})
    assert "is no number" in text
    text = await bench.failed("jira_update_issue", issue_key=key, add={"summary": "x"})
    assert "is no list" in text
    text = await bench.failed(
        "jira_update_issue", issue_key=key, fields={"labels": []}, add={"labels": ["x"]}
    )
    assert "not both" in text
    text = await bench.failed("jira_update_issue", issue_key=key)
    assert "Nothing to change" in text
    assert "summary: A thing" in await bench.ok("jira_get_issue", issue_key=key)


async def test_a_text_that_markdown_cannot_carry_is_not_replaced(bench: Bench) -> None:
    rich = _EXPAND if bench.is_cloud else "{color:red}inside{color} {toc}"
    key = await created(bench, additional_fields={"description": rich})
    text = await bench.failed("jira_update_issue", issue_key=key, fields={"description": "New"})
    assert "would lose it: " in text
    assert ("expand" if bench.is_cloud else "toc") in text
    before = await bench.ok("jira_get_issue", issue_key=key)
    assert "inside" in before
    await bench.ok("jira_update_issue", issue_key=key, fields={"description": None})
    await bench.ok("jira_update_issue", issue_key=key, fields={"description": "New"})
    assert "New" in await bench.ok("jira_get_issue", issue_key=key)


async def test_a_rich_custom_field_takes_markdown(bench: Bench) -> None:
    key = await created(bench)
    text = await bench.ok(
        "jira_update_issue", issue_key=key, fields={"Release notes": "Faster **search**"}
    )
    assert "Release notes: (none) -> Faster" in text


async def test_an_issue_is_assigned_and_unassigned(bench: Bench) -> None:
    key = await created(bench)
    text = await bench.ok("jira_assign_issue", issue_key=key, assignee="me")
    assert "assignee: (none) -> Ada Lovelace" in text
    text = await bench.ok("jira_assign_issue", issue_key=key, assignee="grace@example.com")
    assert "Ada Lovelace -> Grace Hopper" in text
    text = await bench.ok("jira_assign_issue", issue_key=key, assignee="none")
    assert "Grace Hopper -> (none)" in text


async def test_an_assignee_by_id_is_taken_as_it_is(bench: Bench) -> None:
    key = await created(bench)
    known = (await bench.sandbox.atlassian.config())["credentials"]
    who = known["atlassian"]["account_ids"]["grace@example.com"] if bench.is_cloud else "grace"
    assert "Grace Hopper" in await bench.ok("jira_assign_issue", issue_key=key, assignee=who)


@pytest.mark.parametrize("wanted", ["No Body", "nobody@example.com", "nosuchid"])
async def test_an_unknown_assignee_fails_loudly(bench: Bench, wanted: str) -> None:
    key = await created(bench, assignee="me")
    text = await bench.failed("jira_assign_issue", issue_key=key, assignee=wanted)
    assert wanted in text
    assert "assignee: Ada Lovelace" in await bench.ok("jira_get_issue", issue_key=key)


async def test_an_ambiguous_assignee_lists_the_people(bench: Bench) -> None:
    text = await bench.failed("jira_assign_issue", issue_key="ENG-2", assignee="Alan Turing")
    assert "Several people" in text
    assert text.count("Alan Turing") >= 3


async def test_a_deleted_issue_is_answered_with_what_it_held(bench: Bench) -> None:
    key = await created(bench, description="Keep **this**", labels=["kept"])
    await bench.ok("jira_add_comment", issue_key=key, body="A last word")
    text = await bench.ok("jira_delete_issue", issue_key=key)
    assert text.startswith("Deleted. Jira has no trash")
    for kept in ("A thing", "Keep **this**", "labels: kept", "A last word"):
        assert kept in text
    await bench.failed("jira_get_issue", issue_key=key)


async def test_subtasks_are_deleted_only_when_asked(bench: Bench) -> None:
    key = await created(bench)
    below = await created(bench, issue_type="Sub-task", parent=key, summary="Below")
    text = await bench.failed("jira_delete_issue", issue_key=key)
    assert below in text
    assert "Nothing was deleted" in text
    text = await bench.ok("jira_delete_issue", issue_key=key, delete_subtasks=True)
    assert f"Its subtasks went with it: {below}." in text
    await bench.failed("jira_get_issue", issue_key=below)


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("jira_update_issue", {"fields": {"summary": "Never"}}),
    ("jira_assign_issue", {"assignee": "me"}),
    ("jira_delete_issue", {}),
]


@pytest.mark.parametrize(("tool", "more"), CALLS)
async def test_a_missing_issue_is_a_clear_answer(
    bench: Bench, tool: str, more: dict[str, Any]
) -> None:
    assert "may not see it" in await bench.failed(tool, issue_key="ENG-99999", **more)


@pytest.mark.parametrize(("tool", "more"), CALLS)
async def test_an_invisible_issue_reads_as_missing(
    grace: Bench, tool: str, more: dict[str, Any]
) -> None:
    assert "may not see it" in await grace.failed(tool, issue_key="HR-1", **more)


@pytest.mark.parametrize(("tool", "more"), CALLS)
async def test_a_wrong_key_is_refused_before_anything_is_sent(
    bench: Bench, tool: str, more: dict[str, Any]
) -> None:
    mark = await bench.sandbox.atlassian.mark()
    assert "issue_key" in await bench.failed(tool, issue_key="../ENG-1", **more)
    assert await bench.requests(mark) == []


@pytest.mark.parametrize(("tool", "more"), CALLS)
async def test_a_missing_scope_is_named_and_nothing_sent(
    bench: Bench, tool: str, more: dict[str, Any]
) -> None:
    if not bench.is_cloud:
        return
    text = await bench.granted("read:jira-work").failed(tool, issue_key="ENG-1", **more)
    assert "write:jira-work" in text


@pytest.mark.parametrize("name", ["attachment", "attachments", "Attachment"])
async def test_a_path_among_the_fields_is_not_read(bench: Bench, name: str) -> None:
    key = await created(bench)
    text = await bench.failed("jira_update_issue", issue_key=key, fields={name: "/etc/passwd"})
    assert "root:" not in text
    listed = await bench.ok("jira_attachments", issue_key=key)
    assert "passwd" not in listed
