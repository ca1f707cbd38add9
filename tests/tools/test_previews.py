"""What a person is shown before they approve a write: read with their own tools, never written."""

import base64
import re
from typing import Any

import pytest
from mcp.client.client import Client

from tests.tools.bench import Bench
from tests.unit.tools.fakes import caller
from xerus.assistant.changes import Preview
from xerus.assistant.policies import OURS, Key
from xerus.assistant.preview import rows_of
from xerus.assistant.previews.built import built
from xerus.mcpserver.server import build_server

_WRITING = ("POST ", "PUT ", "DELETE ")


async def preview(bench: Bench, tool: str, /, **arguments: Any) -> Preview:
    """Return the preview of a call, having seen that nothing was written for it."""
    mark = await bench.sandbox.atlassian.mark()
    server = build_server(runner=bench.runner, caller_of=lambda _: caller())
    async with Client(server) as client:
        shown = await built(client, Key(OURS, tool), arguments)
    sent = await bench.requests(mark)
    assert [line for line in sent if line.startswith(_WRITING) and "/search" not in line] == []
    return shown


def rows(shown: Preview) -> dict[str, tuple[str | None, str | None]]:
    return {row.name: (row.before, row.after) for row in shown.rows}


def diff(shown: Preview, name: str) -> list[tuple[str, str]]:
    [row] = [row for row in rows_of(shown) if row.name == name]
    return [(line.kind, line.text) for line in row.lines if line.kind != "same"]


async def new_issue(bench: Bench, **fields: Any) -> str:
    said = await bench.ok(
        "jira_create_issue", project_key="ENG", issue_type="Task", summary="To be shown", **fields
    )
    [key] = re.findall(r"ENG-\d+(?=:)", said)[:1]
    return str(key)


async def new_page(bench: Bench, title: str, content: str, **further: Any) -> str:
    said = await bench.ok(
        "confluence_create_page", space_key="DOCS", title=title, content=content, **further
    )
    [page_id] = re.findall(r"Page (\d+):", said)[:1]
    return str(page_id)


async def test_fields_of_an_issue_are_shown_before_and_after(bench: Bench) -> None:
    key = await new_issue(bench, priority="Low", labels=["a", "b"], description="One\n\nTwo")
    shown = await preview(
        bench,
        "jira_update_issue",
        issue_key=key,
        fields={"priority": "High", "description": "One\n\n2", "duedate": "2027-01-31"},
        add={"labels": ["c"]},
        remove={"labels": ["a"]},
    )
    assert shown.target == f"{key}: To be shown"
    assert rows(shown)["priority"] == ("Low", "High")
    assert rows(shown)["duedate"] == ("(none)", "2027-01-31")
    assert rows(shown)["labels"] == ("a, b", "b, c")
    assert diff(shown, "Description") == [("removed", "Two"), ("added", "2")]
    assert shown.notes == []


async def test_a_field_known_by_its_name_alone_is_read_too(bench: Bench) -> None:
    key = await new_issue(bench)
    await bench.ok("jira_update_issue", issue_key=key, fields={"Story Points": 3})
    shown = await preview(
        bench, "jira_update_issue", issue_key=key, fields={"Story Points": 5, "priority": "High"}
    )
    assert rows(shown)["Story Points"] == ("3", "5")


async def test_status_and_assignee_are_shown_from_and_to(bench: Bench) -> None:
    key = await new_issue(bench)
    moved = await preview(
        bench, "jira_transition_issue", issue_key=key, transition="In Progress", comment="**Go**"
    )
    assert rows(moved)["Status"] == ("To Do", "In Progress")
    assert rows(moved)["Comment"] == (None, "**Go**")
    await bench.ok("jira_assign_issue", issue_key=key, assignee="me")
    assigned = await preview(bench, "jira_assign_issue", issue_key=key, assignee="none")
    before, after = rows(assigned)["Assignee"]
    assert "Ada" in str(before)
    assert after == "(none)"


async def test_a_transition_that_is_not_open_is_said(bench: Bench) -> None:
    key = await new_issue(bench)
    shown = await preview(bench, "jira_transition_issue", issue_key=key, transition="Nowhere")
    assert rows(shown)["Status"] == ("To Do", "Nowhere")
    assert "refused" in shown.notes[0]


async def test_deleting_an_issue_shows_what_would_be_lost_with_counts(bench: Bench) -> None:
    key = await new_issue(bench, description="Precious")
    await bench.ok("jira_add_comment", issue_key=key, body="One")
    await bench.ok("jira_add_comment", issue_key=key, body="Two")
    shown = await preview(bench, "jira_delete_issue", issue_key=key)
    assert rows(shown)["Summary"] == ("To be shown", None)
    assert rows(shown)["Description"] == ("Precious", None)
    assert rows(shown)["Goes with it"] == ("2 comments", None)
    assert "cannot be undone" in shown.notes[-1]


async def test_a_comment_is_shown_before_and_after(bench: Bench) -> None:
    key = await new_issue(bench)
    await bench.ok("jira_add_comment", issue_key=key, body="First line\n\nSecond line")
    found = await bench.json("jira_get_comments", issue_key=key)
    comment = found["comments"][0]["id"]
    edited = await preview(
        bench, "jira_edit_comment", issue_key=key, comment_id=comment, body="First line\n\nNew"
    )
    assert diff(edited, "Comment") == [("removed", "Second line"), ("added", "New")]
    lost = await preview(bench, "jira_delete_comment", issue_key=key, comment_id=comment)
    assert "Second line" in str(rows(lost)["Comment"][0])


async def test_a_page_is_shown_before_and_after_with_title_space_and_version(bench: Bench) -> None:
    page = await new_page(bench, "Shown before", "# Head\n\nOld words\n\nStays")
    shown = await preview(
        bench,
        "confluence_update_page",
        page_id=page,
        title="Shown after",
        content="# Head\n\nNew words\n\nStays",
        expected_version=1,
    )
    assert shown.target == "Shown before · space DOCS · version 1"
    assert rows(shown)["Title"] == ("Shown before", "Shown after")
    assert diff(shown, "Text") == [("removed", "Old words"), ("added", "New words")]
    assert shown.notes == []
    stale = await preview(
        bench, "confluence_update_page", page_id=page, content="x", expected_version=7
    )
    assert "Somebody has changed the page" in stale.notes[0]


async def test_deleting_and_moving_a_page_count_what_is_below_it(bench: Bench) -> None:
    top = await new_page(bench, "Top to be shown", "Text of the top")
    await new_page(bench, "Below one", "x", parent_id=top)
    await new_page(bench, "Below two", "x", parent_id=top)
    other = await new_page(bench, "Elsewhere to be shown", "x")
    lost = await preview(bench, "confluence_delete_page", page_id=top, with_children=True)
    assert "Text of the top" in str(rows(lost)["Text"][0])
    assert "2 pages: Below one, Below two" in str(rows(lost)["Pages below it"][0])
    refused = await preview(bench, "confluence_delete_page", page_id=top)
    assert "will be refused" in refused.notes[0]
    moved = await preview(bench, "confluence_move_page", page_id=top, target_id=other)
    before, after = rows(moved)["Place"]
    assert str(before).startswith("under ")
    assert after == "under Elsewhere to be shown"
    assert "2 pages" in str(rows(moved)["Goes with it"][1])


async def test_labels_are_shown_before_and_after(bench: Bench) -> None:
    page = await new_page(bench, "Labelled to be shown", "x", labels=["one", "two"])
    shown = await preview(bench, "confluence_label", page_id=page, add=["three"], remove=["one"])
    assert rows(shown)["Labels"] == ("one, two", "two, three")


async def test_a_new_page_says_where_and_how_it_will_look(bench: Bench) -> None:
    above = await new_page(bench, "Above to be shown", "x")
    shown = await preview(
        bench,
        "confluence_create_page",
        space_key="DOCS",
        parent_id=above,
        title="Fresh",
        content="Some **bold** words",
    )
    assert rows(shown)["Under"] == (None, "Above to be shown")
    [text] = [row for row in rows_of(shown) if row.name == "Text"]
    assert "<strong>bold</strong>" in str(text.html)


async def test_what_cannot_be_read_is_said_and_the_call_is_shown_all_the_same(
    bench: Bench,
) -> None:
    shown = await preview(
        bench, "jira_update_issue", issue_key="ENG-99999", fields={"priority": "High"}
    )
    assert "could not be read" in shown.notes[0]
    assert rows(shown)["priority"] == (None, "High")


async def test_steps_are_shown_each_in_its_own_rows(bench: Bench) -> None:
    key = await new_issue(bench)
    shown = await preview(
        bench,
        "batch",
        steps=[
            {"tool": "jira_assign_issue", "arguments": {"issue_key": key, "assignee": "me"}},
            {"tool": "jira_transition", "arguments": {"issue_key": key, "transition": "Done"}},
        ],
    )
    assert rows(shown)["1. Assignee"][1] == "me"
    assert rows(shown)["2. Status"][0] == "To Do"


async def test_a_file_is_shown_by_name_and_size(bench: Bench) -> None:
    key = await new_issue(bench)
    content = base64.b64encode(b"x" * 2_000).decode()
    shown = await preview(
        bench, "jira_add_attachment", issue_key=key, filename="log.txt", content=content
    )
    assert rows(shown)["File"] == (None, "log.txt, 2,000 bytes")


@pytest.mark.parametrize("deployment", ["cloud"])
async def test_of_every_writing_tool_no_argument_is_left_out(bench: Bench, deployment: str) -> None:
    del deployment
    left_out: dict[str, list[str]] = {}
    for tool in bench.catalogue.tools:
        if not tool.writes or tool.name == "batch":
            continue
        given = {
            name: _planted(name, about) for name, about in tool.input_schema["properties"].items()
        }
        shown = await preview(bench, tool.name, **given)
        words = " ".join([shown.target, *shown.notes, *(str(row) for row in shown.rows)])
        # Of a file its name and size are shown: nobody reads base64.
        shown_as = {"content"} if tool.name.endswith("add_attachment") else set()
        texts = {name: value for name, value in given.items() if isinstance(value, str)}
        if missing := [n for n in texts.keys() - shown_as if texts[n] not in words]:
            left_out[tool.name] = missing
    assert left_out == {}


def _planted(name: str, about: dict[str, Any]) -> Any:
    if "enum" in about:
        return about["enum"][-1]
    kinds: dict[str, Any] = {
        "boolean": True,
        "integer": 7,
        "array": [f"planted-{name}"],
        "object": {"planted": f"planted-{name}"},
    }
    return kinds.get(about.get("type", ""), f"planted-{name}")
