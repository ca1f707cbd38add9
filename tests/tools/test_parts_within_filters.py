"""Comments, labels and files under the operator's filters: as the issue or page they hang on."""

from typing import Any

import pytest

from tests.tools.bench import Bench
from tests.tools.confluence_pages import hidden, known, made
from tests.tools.test_attachments import Place, encoded
from tests.tools.test_confluence_comments import commented
from tests.tools.test_filters import HELD, OUTSIDE
from tests.tools.test_jira_edits import created


async def test_what_hangs_on_something_inside_is_reached(bench: Bench) -> None:
    held = bench.under(HELD)
    page_id = await made(held, "Inside the filter")
    number = await commented(held, page_id=page_id, body="One")
    reply = await commented(held, reply_to=number, body="Two")
    await held.ok("confluence_edit_comment", comment_id=reply, body="Three")
    assert "Three" in await held.ok("confluence_get_comments", page_id=page_id)
    await held.ok("confluence_delete_comment", comment_id=reply)
    await held.ok("confluence_label", page_id=page_id, add=["one"])
    await held.ok("confluence_label", page_id=page_id, remove=["one"])
    assert "|TEAM|" not in await held.ok("confluence_get_spaces")
    assert "DOCS" in await held.ok("confluence_get_space", space_key="DOCS")


@pytest.mark.parametrize("product", ["jira", "confluence"])
async def test_files_inside_are_reached(bench: Bench, product: str) -> None:
    held = bench.under(HELD)
    where = await created(held) if product == "jira" else await made(held, "Files inside")
    place = Place(held, product, where)
    await place.add("x.txt", b"content")
    assert "content" in await place.read("x.txt")
    await held.ok(f"{product}_delete_attachment", attachment="x.txt", **place.where)


async def test_inline_comments_inside_are_reached(bench: Bench) -> None:
    held = bench.under(HELD)
    page_id = str((await known(held, "Release process"))["page_id"])
    found = await held.json("confluence_get_comments", page_id=page_id, kind="inline")
    assert len(found["comments"]) == 1
    await commented(held, reply_to=found["comments"][0]["id"], body="Ada does")


async def test_what_hangs_on_something_outside_is_not_reached(bench: Bench) -> None:
    held = bench.under(HELD)
    page_id = await hidden(bench)
    number = await commented(bench, page_id=page_id, body="Secret words")
    page, issue = {"page_id": page_id}, {"issue_key": "HR-1"}
    file = {"filename": "x.txt", "content": encoded(b"x")}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("confluence_get_comments", page),
        ("confluence_add_comment", {**page, "body": "x"}),
        ("confluence_add_comment", {"reply_to": number, "body": "x"}),
        ("confluence_edit_comment", {"comment_id": number, "body": "x"}),
        ("confluence_delete_comment", {"comment_id": number}),
        ("confluence_get_labels", page),
        ("confluence_label", {**page, "add": ["x"]}),
        ("confluence_get_space", {"space_key": "HR"}),
        ("confluence_attachments", page),
        ("confluence_add_attachment", {**page, **file}),
        ("confluence_delete_attachment", {**page, "attachment": "x.txt"}),
        ("jira_attachments", issue),
        ("jira_add_attachment", {**issue, **file}),
        ("jira_delete_attachment", {**issue, "attachment": "x.txt"}),
    ]
    for tool, arguments in calls:
        text = await held.failed(tool, **arguments)
        assert OUTSIDE in text, tool
        assert "Secret words" not in text
    found = await bench.json("confluence_get_comments", page_id=page_id)
    assert found["comments"][-1]["body"] == "Secret words"
