"""Moving and copying issues, and several writes in one call."""

import re
from typing import Any

import pytest

from tests.tools.bench import Bench
from tests.unit.tools.fakes import caller

_CALLS: dict[str, dict[str, Any]] = {
    "jira_move_issue": {"issue_key": "ENG-1", "target_project_key": "OPS"},
    "jira_clone_issue": {"issue_key": "ENG-1"},
}


async def new_issue(bench: Bench, summary: str, **more: Any) -> str:
    text = await bench.ok(
        "jira_create_issue", project_key="ENG", issue_type="Task", summary=summary, **more
    )
    (key,) = re.findall(r"^Created\. (ENG-\d+):", text)
    return str(key)


def comment(issue_key: str, body: str) -> dict[str, Any]:
    return {"tool": "jira_add_comment", "arguments": {"issue_key": issue_key, "body": body}}


@pytest.mark.parametrize("tool", _CALLS)
async def test_a_grant_without_the_scope_is_refused_before_anything_is_sent(
    bench: Bench, tool: str
) -> None:
    if bench.is_cloud:
        mark = await bench.sandbox.atlassian.mark()
        text = await bench.granted("read:jira-work").failed(tool, **_CALLS[tool])
        assert "write:jira-work" in text
        assert await bench.requests(mark) == []


async def test_an_issue_moves_with_its_links_and_old_key(bench: Bench) -> None:
    key, other = await new_issue(bench, "Wanders"), await new_issue(bench, "Stays")
    if not bench.is_cloud:
        mark = await bench.sandbox.atlassian.mark()
        text = await bench.failed("jira_move_issue", issue_key=key, target_project_key="OPS")
        assert "jira_clone_issue" in text
        assert await bench.requests(mark) == []
        return
    await bench.ok("jira_link", issue_key=key, to=other, kind="blocks")
    text = await bench.ok("jira_move_issue", issue_key=key, target_project_key="OPS")
    (moved,) = re.findall(rf"key: {key} -> (OPS-\d+)", text)
    assert f"{moved}: http" in await bench.ok("jira_get_issue", issue_key=key)
    assert moved in await bench.ok("jira_get_links", issue_key=other)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"issue_key": "ENG-99999", "target_project_key": "OPS"}, "may not see it"),
        ({"issue_key": "ENG-2", "target_project_key": "NOSUCH"}, "may not see it"),
        ({"issue_key": "ENG-2", "target_project_key": "ENG"}, "already"),
        ({"issue_key": "ENG-2", "target_project_key": "OPS", "issue_type": "X"}, "Task"),
        ({"issue_key": "x", "target_project_key": "OPS"}, "issue_key"),
    ],
)
async def test_what_cannot_move_is_a_clear_answer(
    bench: Bench, arguments: dict[str, str], expected: str
) -> None:
    text = await bench.failed("jira_move_issue", **arguments)
    assert expected in text or "Data Center" in text


async def test_an_issue_does_not_move_where_somebody_may_not_look(grace: Bench) -> None:
    text = await grace.failed("jira_move_issue", issue_key="ENG-2", target_project_key="HR")
    assert "may not see it" in text or "Data Center" in text
    assert "may not see it" in await grace.failed("jira_clone_issue", issue_key="HR-1")


async def test_a_copy_has_fields_and_links(bench: Bench) -> None:
    key = await new_issue(
        bench, "Model", description="Some **text**", labels=["a", "b"], priority="High"
    )
    other = await new_issue(bench, "Other")
    await bench.ok("jira_link", issue_key=key, to=other, kind="is blocked by")
    text = await bench.ok("jira_clone_issue", issue_key=key)
    assert text.startswith(f"Cloned from {key}. Links copied: 1.")
    for part in ("summary: CLONE - Model", "labels: a, b", "priority: High", "Some **text**"):
        assert part in text
    assert f"is blocked by {other}" in text
    text = await bench.ok(
        "jira_clone_issue", issue_key=key, project_key="OPS", summary="Own", links=False
    )
    assert re.search(r"\. OPS-\d+: http", text)
    assert "summary: Own" in text
    assert other not in text
    assert "may not see it" in await bench.failed("jira_clone_issue", issue_key="ENG-99999")
    assert "links" in await bench.failed("jira_clone_issue", issue_key=key, links="perhaps")


async def test_a_seeded_issue_is_copied(bench: Bench) -> None:
    assert "Cloned from ENG-20" in await bench.ok("jira_clone_issue", issue_key="ENG-20")


async def test_steps_run_in_order_and_are_audited_each(bench: Bench) -> None:
    key = await new_issue(bench, "For steps")
    bench.audit.finishes.clear()
    result = await bench.runner.run(
        caller(), "batch", {"steps": [comment(key, "first"), comment(key, "second")]}
    )
    await bench.runner.drain()
    assert not result.is_error, result.text
    assert result.text.startswith("2 of 2 steps done.\n1. jira_add_comment: Comment added")
    assert bench.audit.finishes == [("jira_add_comment", "ok", 0)] * 2


async def test_steps_stop_at_the_first_that_fails(bench: Bench) -> None:
    key = await new_issue(bench, "For steps")
    steps = [comment(key, "first"), comment("ENG-99999", "lost"), comment(key, "never")]
    result = await bench.runner.run(caller(), "batch", {"steps": steps})
    assert result.is_error
    assert result.text.startswith("1 of 3 steps done. Step 2 failed; 1 after it were not tried.")
    assert "never" not in await bench.ok("jira_get_comments", issue_key=key)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"tool": "jira_get_issue", "arguments": {"issue_key": "ENG-1"}}, "cannot be a step"),
        ({"tool": "jira_delete_issue", "arguments": {"issue_key": "ENG-1"}}, "cannot be a step"),
        ({"tool": "batch", "arguments": {"steps": []}}, "cannot be a step"),
        ({"tool": "nosuch"}, "There is no tool"),
        ({"arguments": {}}, "tool: is required"),
    ],
)
async def test_nothing_is_done_when_one_step_cannot_be_one(
    bench: Bench, step: dict[str, Any], expected: str
) -> None:
    mark = await bench.sandbox.atlassian.mark()
    steps = [comment("ENG-1", "first"), step]
    result = await bench.runner.run(caller(), "batch", {"steps": steps})
    assert result.is_error
    assert expected in result.text
    assert await bench.requests(mark) == []
    assert bench.audit.refusals


async def test_a_step_keeps_to_what_the_client_was_granted(bench: Bench) -> None:
    steps = {"steps": [comment("ENG-1", "first")]}
    result = await bench.runner.run(caller(("jira:read",)), "batch", steps)
    assert result.is_error
    assert result.required_scope == "jira:write"
