"""Creating many issues with one call."""

import orjson

from tests.tools.bench import Bench

_TASK = {"project_key": "ENG", "issue_type": "task"}


async def test_issues_are_created_by_names_and_read_back(bench: Bench) -> None:
    issues = [
        _TASK | {"summary": "First", "priority": "high", "assignee": "me", "labels": ["bulk"]},
        _TASK | {"summary": "Second", "assignee": "me", "description": "Some **text**"},
        {"project_key": "OPS", "issue_type": "Incident", "summary": "Third"},
    ]
    mark = await bench.sandbox.atlassian.mark()
    text = await bench.ok("jira_create_issues", issues=issues)
    # Two projects, the priorities, one person, the creation, and one read of all three.
    assert len(await bench.requests(mark)) == 6
    assert text.startswith("Created 3 of 3.")
    for expected in ("|1|ENG-", "task: First|", "|3|OPS-", "Incident: Third|"):
        assert expected in text
    found = await bench.ok("jira_search", jql='labels = "bulk"')
    assert "|Task|To Do|High|Ada Lovelace|" in found


async def test_a_list_in_a_string_is_read(bench: Bench) -> None:
    issues = orjson.dumps([_TASK | {"summary": "From text"}]).decode()
    assert "Created 1 of 1" in await bench.ok("jira_create_issues", issues=issues)


async def test_each_refusal_of_jira_is_told_beside_what_was_created(bench: Bench) -> None:
    issues = [
        _TASK | {"summary": "Good one"},
        _TASK | {"summary": "Bad one", "labels": ["with space"]},
        _TASK | {"summary": "Good two"},
    ]
    found = await bench.ok("jira_create_issues", issues=issues)
    assert found.startswith("Created 2 of 3.")
    rows = [line for line in found.splitlines() if line.startswith("|")][2:]
    assert "Good one" in rows[0]
    assert rows[1].startswith("|2||refused: ")
    assert "spaces" in rows[1]
    assert "Good two" in rows[2]
    text = await bench.failed("jira_create_issues", issues=[issues[1]])
    assert "item 1: " in text
    assert "spaces" in text


async def test_names_that_fit_nothing_create_nothing(bench: Bench) -> None:
    issues = [
        _TASK | {"summary": "Never, ever"},
        _TASK | {"summary": "Never, ever", "issue_type": "Nope"},
        _TASK | {"summary": "Never, ever", "assignee": "No Body"},
        _TASK | {"summary": "Never, ever", "project_key": "NOPE"},
    ]
    text = await bench.failed("jira_create_issues", issues=issues)
    assert text.startswith("Nothing was created: 3 of 4 cannot be.")
    assert "item 2: There is no issue type 'Nope'. Choices: " in text
    assert "Nobody who may be assigned" in text
    assert "there is no project NOPE" in text
    assert "No issue matches" in await bench.ok("jira_search", jql='summary ~ "Never ever"')


async def test_a_check_creates_nothing(bench: Bench) -> None:
    mark = await bench.sandbox.atlassian.mark()
    text = await bench.ok(
        "jira_create_issues", issues=[_TASK | {"summary": "Only checked"}], validate_only=True
    )
    assert text.startswith("Checked only; nothing was created.")
    assert all(line.startswith("GET ") for line in await bench.requests(mark))


async def test_a_wrong_item_is_named_before_anything_is_sent(bench: Bench) -> None:
    mark = await bench.sandbox.atlassian.mark()
    text = await bench.failed("jira_create_issues", issues=[_TASK | {"sumary": "x"}])
    assert "item 1" in text
    assert "did you mean summary?" in text
    assert "issues" in await bench.failed("jira_create_issues", issues=[])
    assert "issues" in await bench.failed("jira_create_issues", issues=[_TASK] * 51)
    assert await bench.requests(mark) == []


async def test_an_invisible_project_reads_as_missing(grace: Bench) -> None:
    new = {"project_key": "HR", "issue_type": "Task", "summary": "x"}
    text = await grace.failed("jira_create_issues", issues=[new])
    assert "there is no project HR to see" in text


async def test_a_missing_scope_is_named(bench: Bench) -> None:
    if bench.is_cloud:
        poor = bench.granted("read:jira-work")
        text = await poor.failed("jira_create_issues", issues=[_TASK | {"summary": "x"}])
        assert "write:jira-work" in text
