"""Who watches an issue."""

from typing import Any

import pytest

from tests.tools.bench import Bench
from tests.tools.test_jira_edits import created


async def test_watchers_are_listed_added_and_removed(bench: Bench) -> None:
    key = await created(bench)
    text = await bench.ok("jira_get_watchers", issue_key=key)
    assert f"{key}: 1 watcher, you watch it." in text
    assert "Ada Lovelace" in text
    text = await bench.ok("jira_watch", issue_key=key, user="grace@example.com")
    assert text.startswith(f"Added. {key}: 2 watchers, you watch it.")
    assert "Grace Hopper" in text
    text = await bench.ok("jira_watch", issue_key=key, action="remove")
    assert text.startswith(f"Removed. {key}: 1 watcher, you do not watch it.")
    text = await bench.ok("jira_watch", issue_key=key, user="grace hopper", action="remove")
    assert "0 watchers" in text
    assert await bench.json("jira_get_watchers", issue_key=key) == {
        "issue_key": key,
        "count": 0,
        "you_watch": False,
        "watchers": [],
        "untrusted": ["watchers[]"],
    }


async def test_watching_twice_is_said(bench: Bench) -> None:
    key = await created(bench)
    assert "It was so already." in await bench.ok("jira_watch", issue_key=key)


async def test_nobody_and_several_people_are_refused(bench: Bench) -> None:
    key = await created(bench)
    assert "Nobody fits" in await bench.failed("jira_watch", issue_key=key, user="No Body")
    text = await bench.failed("jira_watch", issue_key=key, user="Alan Turing")
    assert "Several people" in text
    text = await bench.failed("jira_watch", issue_key=key, user="Grace Hopper", action="remove")
    assert "There is no watcher" in text
    assert "Ada Lovelace" in text


async def test_who_may_not_see_the_issue_is_not_added(bench: Bench) -> None:
    text = await bench.failed("jira_watch", issue_key="HR-1", user="grace@example.com")
    assert "permission to view this issue" in text


async def test_one_request_lists_them(bench: Bench) -> None:
    mark = await bench.sandbox.atlassian.mark()
    await bench.ok("jira_get_watchers", issue_key="ENG-1")
    assert len(await bench.requests(mark)) == 1


TOOLS = ["jira_get_watchers", "jira_watch"]


@pytest.mark.parametrize("tool", TOOLS)
async def test_a_missing_issue_is_a_clear_answer(bench: Bench, tool: str) -> None:
    assert "may not see it" in await bench.failed(tool, issue_key="ENG-99999")


@pytest.mark.parametrize("tool", TOOLS)
async def test_an_invisible_issue_reads_as_missing(grace: Bench, tool: str) -> None:
    assert "may not see it" in await grace.failed(tool, issue_key="HR-1")


@pytest.mark.parametrize(
    ("tool", "has", "lacks"),
    [
        ("jira_get_watchers", ["read:jira-user"], "read:jira-work"),
        ("jira_watch", ["read:jira-work"], "write:jira-work"),
        ("jira_watch", ["read:jira-work", "write:jira-work"], "read:jira-user"),
    ],
)
async def test_a_missing_scope_is_named(
    bench: Bench, tool: str, has: list[str], lacks: str
) -> None:
    if bench.is_cloud:
        assert lacks in await bench.granted(*has).failed(tool, issue_key="ENG-1")


@pytest.mark.parametrize("wrong", [{"action": "toggle"}, {"user": ""}, {"issue_key": "ENG"}])
async def test_bad_arguments_are_refused(bench: Bench, wrong: dict[str, Any]) -> None:
    text = await bench.failed("jira_watch", **({"issue_key": "ENG-1"} | wrong))
    assert next(iter(wrong)) in text
