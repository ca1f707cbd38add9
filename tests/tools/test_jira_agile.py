"""Boards, sprints, backlogs and ranks."""

import re
from typing import Any

import pytest

from tests.tools.bench import Bench

_CALLS: dict[str, dict[str, Any]] = {
    "jira_boards": {},
    "jira_sprints": {"board": "1"},
    "jira_sprint_issues": {"sprint": "2"},
    "jira_backlog": {"board": "1"},
    "jira_manage_sprint": {"action": "close", "sprint": "2"},
    "jira_move_to_sprint": {"issue_keys": ["ENG-1"], "sprint": "2"},
    "jira_rank": {"issue_keys": ["ENG-1"], "before": "ENG-2"},
}


def keys_in(text: str) -> list[str]:
    return re.findall(r"^\|([A-Z]+-\d+)\|", text, re.MULTILINE)


async def backlog_of(bench: Bench, count: int) -> list[str]:
    return keys_in(await bench.ok("jira_backlog", board="OPS board", limit=count))


async def new_sprint(bench: Bench, name: str, **facts: Any) -> str:
    text = await bench.ok("jira_manage_sprint", action="create", board="2", name=name, **facts)
    (number,) = re.findall(r"^Created: sprint (\d+)\.", text)
    return str(number)


@pytest.mark.parametrize("tool", _CALLS)
async def test_a_grant_without_the_scope_is_refused_before_anything_is_sent(
    bench: Bench, tool: str
) -> None:
    if bench.is_cloud:
        mark = await bench.sandbox.atlassian.mark()
        text = await bench.granted("read:me").failed(tool, **_CALLS[tool])
        assert re.search(r"not granted: \S*(read|write):", text)
        assert await bench.requests(mark) == []


async def test_boards_are_listed_and_found(bench: Bench) -> None:
    text = await bench.ok("jira_boards")
    assert text.startswith("3 boards, no more.")
    assert "|1|ENG board|scrum|" in text
    assert "|3|HR board|kanban|" in await bench.ok("jira_boards", type="kanban")
    assert "|2|" in await bench.ok("jira_boards", project_key="OPS")
    assert "|2|" in await bench.ok("jira_boards", query="ops")
    assert await bench.ok("jira_boards", query="nosuch") == "No board found."
    text = await bench.failed("jira_boards", project_key="NOSUCH")
    assert "No project could be found" in text
    assert "type" in await bench.failed("jira_boards", type="round")


async def test_pages_of_boards_follow_each_other(bench: Bench) -> None:
    first = await bench.json("jira_boards", limit=2)
    second = await bench.json("jira_boards", limit=2, cursor=first["cursor"])
    names = [board["name"] for page in (first, second) for board in page["boards"]]
    assert names == ["ENG board", "OPS board", "HR board"]
    assert second["cursor"] is None


async def test_open_sprints_are_listed_by_the_name_of_the_board(bench: Bench) -> None:
    text = await bench.ok("jira_sprints", board="eng")
    assert "|ENG Sprint 23|active|" in text
    assert "|ENG Sprint 24|future|" in text
    assert "ENG Sprint 22" not in text
    closed = await bench.json("jira_sprints", board="1", state="closed")
    assert [sprint["name"] for sprint in closed["sprints"]] == ["ENG Sprint 22"]


@pytest.mark.parametrize(
    ("board", "expected"),
    [("99", "may not see it"), ("nosuch", "no board"), ("board", "ENG board"), ("3", "support")],
)
async def test_a_board_without_sprints_is_a_clear_answer(
    bench: Bench, board: str, expected: str
) -> None:
    assert expected in await bench.failed("jira_sprints", board=board)


async def test_the_issues_of_a_sprint_are_found_by_its_id_or_name(bench: Bench) -> None:
    by_id = await bench.ok("jira_sprint_issues", sprint="2")
    assert len(keys_in(by_id)) >= 5
    by_name = await bench.ok("jira_sprint_issues", sprint="ENG Sprint 23")
    assert keys_in(by_id) == keys_in(by_name)
    active = await bench.ok("jira_sprint_issues", project_key="ENG")
    assert keys_in(active) == keys_in(by_id)
    assert "|Done|" not in await bench.ok("jira_sprint_issues", sprint="2", open_only=True)


async def test_pages_of_a_sprint_follow_each_other(bench: Bench) -> None:
    whole = await bench.json("jira_sprint_issues", sprint="2", limit=100, fields="Sprint")
    first = await bench.json("jira_sprint_issues", sprint="2", limit=3, fields="Sprint")
    second = await bench.json(
        "jira_sprint_issues", sprint="2", limit=100, fields="Sprint", cursor=first["cursor"]
    )
    assert first["issues"] + second["issues"] == whole["issues"]
    assert whole["issues"][0]["Sprint"] == "ENG Sprint 23"


async def test_a_sprint_that_is_none_is_a_clear_answer(bench: Bench) -> None:
    assert "project_key" in await bench.failed("jira_sprint_issues")
    text = await bench.failed("jira_sprint_issues", sprint='x" OR project = "HR')
    assert "does not exist" in text
    assert "ENG Sprint 23" in text


async def test_the_backlog_holds_what_waits(bench: Bench) -> None:
    text = await bench.ok("jira_backlog", board="1", limit=5)
    assert re.match(r"5 of \d+ issues\. Link", text)
    assert "|Done|" not in text
    assert "|Epic|" not in text
    first = await bench.json("jira_backlog", board="1", limit=2)
    second = await bench.json("jira_backlog", board="1", limit=3, cursor=first["cursor"])
    keys = [issue["key"] for page in (first, second) for issue in page["issues"]]
    assert keys == keys_in(text)
    assert "may not see it" in await bench.failed("jira_backlog", board="99")
    assert "Nope" in await bench.failed("jira_backlog", board="1", fields="Nope")


async def test_a_sprint_is_created_started_and_closed(bench: Bench) -> None:
    board = "HR board"
    assert "support" in await bench.failed(
        "jira_manage_sprint", action="create", board=board, name="S"
    )
    active = (await bench.json("jira_sprints", board="2", state="active"))["sprints"]
    for sprint in active:
        text = await bench.ok("jira_manage_sprint", action="close", sprint=sprint["id"])
        assert "state: active -> closed" in text
        assert "in the backlog now" in text
    number = await new_sprint(bench, "OPS next", goal="Quiet nights")
    text = await bench.failed("jira_manage_sprint", action="start", sprint=number)
    assert "needs both dates" in text
    text = await bench.ok(
        "jira_manage_sprint",
        action="start",
        sprint="ops next",
        board="2",
        start_date="2026-11-23",
        end_date="2026-12-04T18:00+01:00",
    )
    assert text.startswith(f"Started: sprint {number}.")
    assert "state: future -> active" in text
    assert "start: none -> 2026-11-23 00:00" in text
    assert "end: none -> 2026-12-04 17:00" in text
    await bench.ok("jira_manage_sprint", action="close", sprint=number)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"action": "create", "name": "S"}, "needs board and name"),
        ({"action": "create", "board": "1", "name": "S", "start_date": "soon"}, "is no date"),
        ({"action": "create", "board": "99", "name": "S"}, "may not see it"),
        ({"action": "start"}, "Which sprint"),
        ({"action": "start", "sprint": "999"}, "may not see it"),
        ({"action": "start", "sprint": "ENG Sprint 24"}, "needs its board"),
        ({"action": "start", "sprint": "Nope", "board": "1"}, "ENG Sprint 24"),
        ({"action": "start", "sprint": "3"}, "already an active sprint"),
        ({"action": "close", "sprint": "3"}, "cannot go from future to closed"),
        ({"action": "delete", "sprint": "3"}, "action"),
    ],
)
async def test_a_sprint_that_cannot_change_is_a_clear_answer(
    bench: Bench, arguments: dict[str, str], expected: str
) -> None:
    assert expected in await bench.failed("jira_manage_sprint", **arguments)


async def test_issues_move_into_a_sprint_and_back(bench: Bench) -> None:
    first, second = await backlog_of(bench, 2)
    number = await new_sprint(bench, "OPS later")
    text = await bench.ok(
        "jira_move_to_sprint", issue_keys=f"{first},{second}", sprint="OPS later", board="2"
    )
    assert text.startswith(f"Moved to sprint {number}.")
    assert re.search(rf"\|{first}\|[^|]+\|OPS later\|", text)
    assert first in await bench.ok("jira_sprint_issues", sprint=number)
    text = await bench.ok("jira_move_to_sprint", issue_keys=[first, second], sprint="backlog")
    assert f"|{first}|OPS later|none|" in text
    assert first in await backlog_of(bench, 100)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"issue_keys": ["ENG-1", "ENG-999999"], "sprint": "2"}, "ENG-999999"),
        ({"issue_keys": ["ENG-1"], "sprint": "999"}, "may not see it"),
        ({"issue_keys": ["ENG-1"], "sprint": "1"}, "open or active"),
        ({"issue_keys": [], "sprint": "2"}, "issue_keys"),
        ({"issue_keys": ["x) OR key = HR-1"], "sprint": "2"}, "issue_keys"),
        ({"issue_keys": ["ENG-1"], "sprint": "Later"}, "needs its board"),
    ],
)
async def test_issues_that_cannot_move_are_a_clear_answer(
    bench: Bench, arguments: dict[str, Any], expected: str
) -> None:
    assert expected in await bench.failed("jira_move_to_sprint", **arguments)


async def test_issues_are_ranked_next_to_another(bench: Bench) -> None:
    one, two, three = await backlog_of(bench, 3)
    text = await bench.ok("jira_rank", issue_keys=[three, two], before=one)
    assert f"Order now: {three}, {two}, {one} (before: {one}, {two}, {three})." in text
    assert await backlog_of(bench, 3) == [three, two, one]
    text = await bench.ok("jira_rank", issue_keys=[three], after=one)
    assert text.startswith("Ranked.")
    assert await backlog_of(bench, 3) == [two, one, three]
    text = await bench.ok("jira_rank", issue_keys=[three], after=one)
    assert text.startswith("The order is the same as before.")


async def test_an_order_is_read_back_fresh_although_the_index_lags(bench: Bench) -> None:
    if bench.is_cloud:
        one, two = await backlog_of(bench, 2)
        await bench.sandbox.atlassian.configure(index_lag_seconds=3600)
        text = await bench.ok("jira_rank", issue_keys=[two], before=one)
        assert f"Order now: {two}, {one} (before: {one}, {two})." in text
        await bench.sandbox.atlassian.configure(index_lag_seconds=0)
        await bench.sandbox.atlassian.advance(3600)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"issue_keys": ["ENG-1"]}, "Give before or after"),
        ({"issue_keys": ["ENG-1"], "before": "ENG-2", "after": "ENG-3"}, "one of them"),
        ({"issue_keys": ["ENG-1"], "before": "ENG-1"}, "next to itself"),
        ({"issue_keys": ["ENG-1"], "before": "ENG-999999"}, "ENG-999999"),
        ({"issue_keys": ["nonsense"], "before": "ENG-1"}, "issue_keys"),
    ],
)
async def test_a_rank_that_cannot_be_is_a_clear_answer(
    bench: Bench, arguments: dict[str, Any], expected: str
) -> None:
    assert expected in await bench.failed("jira_rank", **arguments)


async def test_hidden_boards_and_issues_look_like_missing_ones(grace: Bench) -> None:
    assert "HR" not in await grace.ok("jira_boards")
    calls: dict[str, dict[str, Any]] = {
        "jira_sprints": {"board": "3"},
        "jira_backlog": {"board": "3"},
        "jira_move_to_sprint": {"issue_keys": ["HR-1"], "sprint": "2"},
        "jira_rank": {"issue_keys": ["HR-1"], "before": "ENG-1"},
        "jira_sprint_issues": {"project_key": "HR"},
        "jira_manage_sprint": {"action": "create", "board": "3", "name": "S"},
    }
    for tool, arguments in calls.items():
        text = await grace.failed(tool, **arguments)
        assert re.search(r"may not see it|does not exist|Not found", text), (tool, text)
