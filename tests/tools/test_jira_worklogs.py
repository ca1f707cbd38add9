"""Time logged on issues."""

import re
from typing import Any

import pytest

from tests.tools.bench import Bench

_CALLS: dict[str, dict[str, Any]] = {
    "jira_get_worklogs": {"issue_key": "ENG-1"},
    "jira_add_worklog": {"issue_key": "ENG-1", "time_spent": "1h"},
    "jira_edit_worklog": {"issue_key": "ENG-1", "worklog_id": "1", "time_spent": "1h"},
}


async def logged(bench: Bench, issue_key: str = "OPS-1", **facts: Any) -> str:
    text = await bench.ok("jira_add_worklog", issue_key=issue_key, **facts)
    (number,) = re.findall(r"^Time logged: \S+focusedWorklogId=(\d+)$", text, re.MULTILINE)
    return str(number)


@pytest.mark.parametrize("tool", _CALLS)
async def test_a_grant_without_the_scope_is_refused_before_anything_is_sent(
    bench: Bench, tool: str
) -> None:
    if bench.is_cloud:
        mark = await bench.sandbox.atlassian.mark()
        text = await bench.granted("read:me").failed(tool, **_CALLS[tool])
        assert re.search(r"not granted: \S*(read|write):jira-work", text)
        assert await bench.requests(mark) == []


async def test_logged_time_is_listed_with_its_sum(bench: Bench) -> None:
    text = await bench.ok("jira_get_worklogs", issue_key="ENG-1")
    assert text.startswith("1 worklog, no more. Here: 1h 30m.")
    assert "|1h 30m|Read the old orders.|" in text
    none = await bench.ok("jira_get_worklogs", issue_key="ENG-1", since="2030-01-01")
    assert none == "No worklog found."
    assert "may not see it" in await bench.failed("jira_get_worklogs", issue_key="ENG-99999")
    assert "is no date" in await bench.failed("jira_get_worklogs", issue_key="ENG-1", since="soon")


async def test_pages_of_worklogs_follow_each_other(bench: Bench) -> None:
    numbers = [await logged(bench, "OPS-2", time_spent=f"{n}h") for n in (1, 2, 3)]
    first = await bench.json("jira_get_worklogs", issue_key="OPS-2", limit=2)
    second = await bench.json(
        "jira_get_worklogs", issue_key="OPS-2", limit=2, cursor=first["cursor"]
    )
    assert [one["id"] for page in (first, second) for one in page["worklogs"]] == numbers
    assert (second["cursor"], second["total"]) == (None, 3)
    text = await bench.failed("jira_get_worklogs", issue_key="OPS-2", cursor="x")
    assert "cursor" in text


async def test_time_is_logged_and_changed(bench: Bench) -> None:
    number = await logged(
        bench, time_spent="1h  30m", comment="Read **all**", started="2026-11-20T09:00"
    )
    text = await bench.ok("jira_get_worklogs", issue_key="OPS-1")
    assert f"|{number}|" in text
    assert "|2026-11-20 09:00|1h 30m|Read **all**|" in text
    text = await bench.ok(
        "jira_edit_worklog", issue_key="OPS-1", worklog_id=int(number), time_spent="2h"
    )
    assert text.startswith("Changed: ")
    assert "spent: 1h 30m -> 2h" in text
    assert "comment: Read **all**" in text
    text = await bench.ok(
        "jira_edit_worklog",
        issue_key="OPS-1",
        worklog_id=number,
        comment="Other",
        started="2026-11-21T10:30+01:00",
    )
    assert "comment: Read **all** -> Other" in text
    assert "started: 2026-11-20 09:00 -> 2026-11-21 09:30" in text
    again = await bench.ok(
        "jira_edit_worklog", issue_key="OPS-1", worklog_id=number, time_spent="2h"
    )
    assert again.startswith("Nothing changed")


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        ("jira_add_worklog", {"issue_key": "ENG-99999", "time_spent": "1h"}, "may not see it"),
        ("jira_add_worklog", {"issue_key": "ENG-1", "time_spent": "soon"}, "e.g. 1h 30m"),
        ("jira_add_worklog", {"issue_key": "ENG-1", "time_spent": "0m"}, "Invalid time"),
        (
            "jira_add_worklog",
            {"issue_key": "ENG-1", "time_spent": "1h", "started": "x"},
            "is no date",
        ),
        ("jira_edit_worklog", {"issue_key": "ENG-1", "worklog_id": "7"}, "Nothing to change"),
        (
            "jira_edit_worklog",
            {"issue_key": "ENG-1", "worklog_id": "99999999", "time_spent": "1h"},
            "may not see it",
        ),
        (
            "jira_edit_worklog",
            {"issue_key": "ENG-1", "worklog_id": "../1", "time_spent": "1h"},
            "worklog_id",
        ),
    ],
)
async def test_time_that_cannot_be_logged_is_a_clear_answer(
    bench: Bench, tool: str, arguments: dict[str, str], expected: str
) -> None:
    assert expected in await bench.failed(tool, **arguments)


async def test_nobody_logs_time_where_they_may_not(grace: Bench, bench: Bench) -> None:
    for tool, more in (
        ("jira_get_worklogs", {}),
        ("jira_add_worklog", {"time_spent": "1h"}),
        ("jira_edit_worklog", {"worklog_id": "1", "time_spent": "1h"}),
    ):
        assert "may not see it" in await grace.failed(tool, issue_key="HR-1", **more)
    number = await logged(bench, time_spent="1h")
    text = await grace.failed(
        "jira_edit_worklog", issue_key="OPS-1", worklog_id=number, time_spent="2h"
    )
    assert "do not have the permission" in text
