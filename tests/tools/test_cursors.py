"""Every list, walked in small pages to its end, holds what one large page holds."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.tools.bench import Bench
from tests.tools.cases.things import FILE, Things
from xerus.tools.catalogue import ALL

_ISSUE = {"issue_key": "$issue"}
_PAGE = {"page_id": "$page"}
_TIMES = 5
_MOST_PAGES = 60


@dataclass(frozen=True, kw_only=True)
class Walk:
    """A list that has more than one small page; `filled_by` is called `_TIMES` before it is read.

    A `{n}` in the text of an argument becomes a number that differs from call to call.
    """

    tool: str
    given: dict[str, Any]
    small: int = 2
    large: int = 50
    filled_by: tuple[str, dict[str, Any]] | None = None
    says: str = ""
    leaving_out: str = ""
    """A member that says where a row stands on its page, and so is another on another page."""
    cloud_only: bool = False

    def __str__(self) -> str:
        return " ".join(filter(None, (self.tool, self.says)))


_COMMENTED = ("confluence_add_comment", {**_PAGE, "body": "Words {n}"})
_LABELLED = ("jira_update_issue", {**_ISSUE, "fields": {"labels": ["label{n}"]}})
_FILED = {"filename": "file{n}.txt", "content": FILE}

WALKS = (
    Walk(tool="search", given={"query": "stock", "in": "both"}),
    Walk(tool="search", given={"query": "stock", "in": "confluence"}, says="in Confluence"),
    Walk(tool="jira_search", given={"jql": "project = OPS AND text ~ release"}),
    Walk(
        tool="jira_get_comments",
        given=_ISSUE,
        filled_by=("jira_add_comment", {**_ISSUE, "body": "Words {n}"}),
    ),
    Walk(tool="jira_changelog", given=_ISSUE, filled_by=_LABELLED),
    Walk(
        tool="jira_get_worklogs",
        given=_ISSUE,
        filled_by=("jira_add_worklog", {**_ISSUE, "time_spent": "{n}m"}),
    ),
    Walk(
        tool="jira_attachments",
        given=_ISSUE,
        filled_by=("jira_add_attachment", {**_ISSUE, **_FILED}),
    ),
    Walk(tool="jira_get_projects", given={}, small=1),
    Walk(tool="jira_find_users", given={"query": "a"}, small=1),
    Walk(tool="jira_search_fields", given={}, small=7, large=200),
    Walk(tool="jira_boards", given={}, small=1),
    Walk(tool="jira_sprints", given={"board": "1", "state": "open"}, small=1),
    Walk(tool="jira_sprint_issues", given={"sprint": "2"}, small=3, large=100),
    Walk(tool="jira_backlog", given={"board": "1"}, small=3, large=100),
    Walk(
        tool="jira_versions",
        given={"project_key": "ENG"},
        small=1,
        filled_by=(
            "jira_manage_version",
            {"action": "create", "project_key": "ENG", "version": "Walk {n}"},
        ),
    ),
    Walk(tool="jsm_queues", given={"service_desk": "HR"}, small=1),
    Walk(tool="jsm_requests", given={"service_desk": "HR", "status": "all"}, large=100),
    Walk(tool="confluence_search", given={"space_key": "DOCS", "query": "stock"}),
    Walk(tool="confluence_get_spaces", given={}, small=1),
    Walk(
        tool="confluence_page_tree",
        given={"space_key": "DOCS"},
        small=7,
        large=250,
        says="space",
        leaving_out="depth",
    ),
    Walk(
        tool="confluence_page_tree",
        given=_PAGE,
        filled_by=(
            "confluence_create_page",
            {
                "space_key": "DOCS",
                "title": "Child {n}, of walks",
                "content": "Words",
                "parent_id": "$page",
            },
        ),
        says="children",
    ),
    Walk(
        tool="confluence_page_tree",
        given={**_PAGE, "show": "descendants"},
        filled_by=(
            "confluence_create_page",
            {
                "space_key": "DOCS",
                "title": "Descendant {n}, of walks",
                "content": "Words",
                "parent_id": "$page",
            },
        ),
        says="descendants",
    ),
    Walk(
        tool="confluence_versions",
        given=_PAGE,
        filled_by=("confluence_update_page", {**_PAGE, "content": "Words {n}"}),
    ),
    Walk(tool="confluence_get_comments", given=_PAGE, filled_by=_COMMENTED),
    Walk(
        tool="confluence_get_comments",
        given={**_PAGE, "kind": "footer"},
        filled_by=_COMMENTED,
        says="below the page",
    ),
    Walk(
        tool="confluence_blogposts",
        given={"space_key": "DOCS"},
        filled_by=(
            "confluence_create_blogpost",
            {"space_key": "DOCS", "title": "Post {n}", "content": "Words"},
        ),
    ),
    Walk(
        tool="confluence_blogposts",
        given={"author": "me"},
        filled_by=(
            "confluence_create_blogpost",
            {"space_key": "DOCS", "title": "Post {n}, of walks", "content": "Words"},
        ),
        says="by author",
    ),
    Walk(
        tool="confluence_get_tasks",
        given={"space_key": "DOCS", "status": "all"},
        small=7,
        large=100,
        cloud_only=True,
    ),
    Walk(tool="confluence_templates", given={}, small=1, cloud_only=True),
    Walk(
        tool="confluence_attachments",
        given=_PAGE,
        filled_by=("confluence_add_attachment", {**_PAGE, **_FILED}),
    ),
)
_ELSEWHERE = {
    "jira_get_metadata": "its page has a size of its own: test_jira_metadata.py walks its labels",
    "my_activity": "reads the audit log, which tests/stores has",
}


def numbered(value: Any, n: int) -> Any:
    """Return arguments with every `{n}` in them replaced."""
    match value:
        case str():
            return value.replace("{n}", str(n))
        case dict():
            return {name: numbered(one, n) for name, one in value.items()}
        case list():
            return [numbered(one, n) for one in value]
        case _:
            return value


def rows_of(answer: dict[str, Any], *, leaving_out: str) -> list[str]:
    """Return the rows of a list, the first in the answer, as texts that can be compared."""
    lists = [
        value
        for value in answer.values()
        if isinstance(value, list) and all(isinstance(one, dict) for one in value)
    ]
    rows = lists[0] if lists else []
    kept = ({name: row[name] for name in row.keys() - {leaving_out}} for row in rows)
    return [json.dumps(row, sort_keys=True) for row in kept]


def test_every_tool_with_a_cursor_is_walked() -> None:
    with_cursor = {tool.name for tool in ALL if "cursor" in tool.input_schema["properties"]}
    assert {walk.tool for walk in WALKS} | _ELSEWHERE.keys() == with_cursor


@pytest.mark.parametrize("walk", WALKS, ids=str)
async def test_a_walk_in_small_pages_ends_and_finds_what_a_large_page_has(
    bench: Bench, walk: Walk
) -> None:
    things = Things(bench)
    given = await things.fill(walk.given)
    if walk.cloud_only and not bench.is_cloud:
        assert "Data Center" in await bench.failed(walk.tool, **given)
        return
    if walk.filled_by:
        tool, arguments = walk.filled_by
        for n in range(1, _TIMES + 1):
            await bench.ok(tool, **numbered(await things.fill(arguments), n))

    whole = await bench.json(walk.tool, limit=walk.large, **given)
    assert whole["cursor"] is None
    wanted = rows_of(whole, leaving_out=walk.leaving_out)
    assert len(wanted) > walk.small

    found: list[str] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        more = {"cursor": cursor} if cursor else {}
        page = await bench.json(walk.tool, limit=walk.small, **given, **more)
        found += rows_of(page, leaving_out=walk.leaving_out)
        cursor = page["cursor"]
        if cursor is None:
            break
    assert cursor is None
    assert sorted(found) == sorted(wanted)
