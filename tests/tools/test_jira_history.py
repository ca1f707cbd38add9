"""The changelog, and what `include` adds to an issue."""

import re

import pytest

from tests.tools.bench import Bench
from tests.tools.test_jira import cursor_in
from tests.tools.test_jira_edits import created

_EVERYTHING = "comments,transitions,watchers,links,changelog,worklogs,attachments"


async def test_everything_about_an_issue_takes_one_request(bench: Bench) -> None:
    mark = await bench.sandbox.atlassian.mark()
    text = await bench.ok("jira_get_issue", issue_key="ENG-1", include=_EVERYTHING)
    assert len(await bench.requests(mark)) == 1
    for head in ("Transitions: ", "Watchers: 1", "Links: ", "Changelog: ", "Worklogs: 1."):
        assert f"\n{head}" in text
    assert "|1h 30m|Read the old orders.|" in text
    assert "|orders.csv|text/csv|18|Ada Lovelace|" in text


async def test_sections_as_json_have_rows_and_totals(bench: Bench) -> None:
    found = await bench.json(
        "jira_get_issue", issue_key="ENG-1", include=["worklogs", "attachments", "transitions"]
    )
    assert found["worklogs"]["total"] == 1
    assert found["worklogs"]["rows"][0]["spent"] == "1h 30m"
    assert found["attachments"]["rows"][0]["bytes"] == "18"
    assert {"id", "name", "to", "required"} == set(found["transitions"]["rows"][0])
    assert "watchers" not in found


async def test_an_unknown_section_is_refused(bench: Bench) -> None:
    text = await bench.failed("jira_get_issue", issue_key="ENG-1", include="votes")
    assert "include" in text
    assert "changelog" in text


async def test_the_changelog_tells_who_changed_what_and_time_in_status(bench: Bench) -> None:
    key = await created(bench)
    await bench.sandbox.atlassian.advance(3 * 86400)
    await bench.ok("jira_transition_issue", issue_key=key, transition="In Progress")
    await bench.sandbox.atlassian.advance(7200)
    await bench.ok("jira_update_issue", issue_key=key, fields={"priority": "High"})
    await bench.ok("jira_transition_issue", issue_key=key, transition="In Review")
    mark = await bench.sandbox.atlassian.mark()
    text = await bench.ok("jira_changelog", issue_key=key)
    assert len(await bench.requests(mark)) == 1
    assert f"{key}: 3 changes, no more, newest first." in text
    assert "|Ada Lovelace|priority|Medium|High|" in text
    assert "|To Do|3d|1|" in text
    assert "|In Progress|2h|1|" in text
    assert "now: In Review since " in text
    only = await bench.json("jira_changelog", issue_key=key, field="Status")
    assert [row["to"] for row in only["changes"]] == ["In Review", "In Progress"]
    assert only["complete"] is True


async def test_changes_are_paged_with_a_cursor(bench: Bench) -> None:
    key = await created(bench)
    for label in "abc":
        await bench.ok("jira_update_issue", issue_key=key, add={"labels": [label]})
    first = await bench.ok("jira_changelog", issue_key=key, limit=2)
    assert "2 of 3 changes" in first
    second = await bench.ok("jira_changelog", issue_key=key, limit=2, cursor=cursor_in(first))
    assert "|labels||a|" in second
    assert "cursor" not in second


async def test_a_long_history_is_read_to_its_beginning(bench: Bench) -> None:
    key = await created(bench)
    for number in range(104):
        await bench.ok("jira_assign_issue", issue_key=key, assignee="me" if number % 2 else "none")
    text = await bench.ok("jira_changelog", issue_key=key, limit=500)
    found = re.search(r": (\d+) changes, no more", text)
    assert found
    assert int(found[1]) >= 103


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"cursor": "x"}, {"issue_key": "1"}])
async def test_bad_arguments_are_refused(bench: Bench, wrong: dict[str, object]) -> None:
    text = await bench.failed("jira_changelog", **({"issue_key": "ENG-1"} | wrong))
    assert next(iter(wrong)) in text


async def test_a_missing_issue_is_a_clear_answer(bench: Bench) -> None:
    assert "may not see it" in await bench.failed("jira_changelog", issue_key="ENG-99999")


async def test_an_invisible_issue_reads_as_missing(grace: Bench) -> None:
    assert "may not see it" in await grace.failed("jira_changelog", issue_key="HR-1")
    text = await grace.failed("jira_get_issue", issue_key="HR-1", include="changelog")
    assert "may not see it" in text


async def test_a_missing_scope_is_named(bench: Bench) -> None:
    if bench.is_cloud:
        poor = bench.granted("read:jira-user")
        assert "read:jira-work" in await poor.failed("jira_changelog", issue_key="ENG-1")
