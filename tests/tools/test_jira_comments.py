"""Reading, editing and deleting comments."""

import re
from typing import Any

import pytest

from tests.tools.bench import Bench
from tests.tools.test_jira import cursor_in
from tests.tools.test_jira_edits import created


async def commented(bench: Bench, key: str, body: str) -> str:
    text = await bench.ok("jira_add_comment", issue_key=key, body=body)
    found = re.search(r"focusedCommentId=(\d+)", text)
    assert found
    return found[1]


async def test_comments_come_newest_first_with_a_cursor_that_works(bench: Bench) -> None:
    key = await created(bench)
    for number in range(1, 6):
        await commented(bench, key, f"Number {number}")
        await bench.sandbox.atlassian.advance(60)
    first = await bench.ok("jira_get_comments", issue_key=key, limit=3)
    assert f"{key}: 3 of 5 comments, newest first." in first
    assert re.findall(r"Number (\d)", first) == ["5", "4", "3"]
    second = await bench.ok("jira_get_comments", issue_key=key, limit=3, cursor=cursor_in(first))
    assert re.findall(r"Number (\d)", second) == ["2", "1"]
    assert "cursor" not in second


async def test_comments_since_a_day_leave_older_ones_out(bench: Bench) -> None:
    key = await created(bench)
    await commented(bench, key, "Recent")
    text = await bench.ok("jira_get_comments", issue_key=key, since="-1d")
    assert "Recent" in text
    text = await bench.ok("jira_get_comments", issue_key=key, since="2099-01-01")
    assert "0 comments, no more" in text
    assert "is no date" in await bench.failed("jira_get_comments", issue_key=key, since="soon")


async def test_long_comments_are_cut_visibly_in_both_forms(bench: Bench) -> None:
    key = await created(bench)
    await commented(bench, key, "word " * 100)
    text = await bench.ok("jira_get_comments", issue_key=key, max_chars=100)
    assert re.search(r"Comment cut: 100 of \d+ characters", text)
    found = await bench.json("jira_get_comments", issue_key=key, max_chars=100)
    assert len(found["comments"][0]["body"]) <= 100
    assert found["cut"] == [found["comments"][0]["id"]]
    assert found["total"] == 1


async def test_an_edited_comment_shows_old_and_new_text(bench: Bench) -> None:
    key = await created(bench)
    number = await commented(bench, key, "Old **text**")
    text = await bench.ok("jira_edit_comment", issue_key=key, comment_id=number, body="New `text`")
    assert text.startswith("Comment edited: ")
    assert text.index("Old **text**") < text.index("New `text`")
    assert "New `text`" in await bench.ok("jira_get_comments", issue_key=key)
    text = await bench.ok("jira_edit_comment", issue_key=key, comment_id=number, body="New `text`")
    assert text.startswith("Nothing changed: ")


async def test_a_deleted_comment_is_answered_with_its_text(bench: Bench) -> None:
    key = await created(bench)
    number = await commented(bench, key, "Gone **soon**")
    text = await bench.ok("jira_delete_comment", issue_key=key, comment_id=int(number))
    assert "Jira keeps no copy" in text
    assert "Gone **soon**" in text
    assert "0 comments" in await bench.ok("jira_get_comments", issue_key=key)


async def test_comments_of_others_are_not_changed(grace: Bench) -> None:
    found = await grace.json("jira_search", jql="project = ENG ORDER BY key", limit=40)
    for issue in found["issues"]:
        comments = (await grace.json("jira_get_comments", issue_key=issue["key"]))["comments"]
        others = [one for one in comments if one["author"] != "Grace Hopper"]
        if others:
            break
    at = {"issue_key": issue["key"], "comment_id": others[0]["id"]}
    for tool, more in (("jira_edit_comment", {"body": "Mine now"}), ("jira_delete_comment", {})):
        assert "do not have the permission" in await grace.failed(tool, **at, **more)
    assert others[0] in (await grace.json("jira_get_comments", issue_key=issue["key"]))["comments"]


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("jira_get_comments", {}),
    ("jira_add_comment", {"body": "x"}),
    ("jira_edit_comment", {"comment_id": "1", "body": "x"}),
    ("jira_delete_comment", {"comment_id": "1"}),
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


@pytest.mark.parametrize(("tool", "more"), CALLS[2:])
async def test_a_missing_comment_is_a_clear_answer(
    bench: Bench, tool: str, more: dict[str, Any]
) -> None:
    assert "may not see it" in await bench.failed(tool, issue_key="ENG-1", **more)
    wrong = more | {"comment_id": "../1"}
    assert "comment_id: has the wrong form" in await bench.failed(tool, issue_key="ENG-1", **wrong)


@pytest.mark.parametrize(("tool", "more"), CALLS)
async def test_a_missing_scope_is_named(bench: Bench, tool: str, more: dict[str, Any]) -> None:
    if not bench.is_cloud:
        return
    lacking = "read" if tool.startswith("jira_get") else "write"
    has = "write:jira-work" if lacking == "read" else "read:jira-work"
    text = await bench.granted(has).failed(tool, issue_key="ENG-1", **more)
    assert f"{lacking}:jira-work" in text
