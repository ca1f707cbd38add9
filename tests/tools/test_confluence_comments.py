"""Comments of pages: below them, on their text, and replies."""

import re
from typing import Any

import pytest

from tests.tools.bench import Bench
from tests.tools.confluence_pages import hidden, made

_BODY = "# Head\n\nAnchored words stand here.\n\nTwice here.\n\nTwice here."


async def commented(bench: Bench, **arguments: Any) -> str:
    """Add a comment and return its id."""
    text = await bench.ok("confluence_add_comment", **arguments)
    found = re.search(r"(?:comment|reply) (\d+)", text)
    assert found
    return found[1]


async def listed(bench: Bench, page_id: str, **arguments: Any) -> list[dict[str, Any]]:
    found = await bench.json("confluence_get_comments", page_id=page_id, **arguments)
    return list(found["comments"])


async def test_a_thread_is_written_and_read_with_its_replies(bench: Bench) -> None:
    page_id = await made(bench, "Thread", _BODY)
    top = await commented(bench, page_id=page_id, body="A **question**")
    reply = await commented(bench, reply_to=top, body="An answer")
    deeper = await commented(bench, reply_to=reply, body="Thanks")
    text = await bench.ok("confluence_get_comments", page_id=page_id)
    assert f"Page {page_id}: 3 comments, no more." in text
    assert text.index(f"footer comment {top}") < text.index(f"reply {reply} to {top}")
    assert text.index(f"reply {reply} to {top}") < text.index(f"reply {deeper} to {reply}")
    assert "A **question**" in text
    assert text.count("<untrusted ") == text.count("</untrusted>") == 3


async def test_a_page_without_comments_says_so(bench: Bench) -> None:
    page_id = await made(bench, "Silent")
    text = await bench.ok("confluence_get_comments", page_id=page_id)
    assert text == f"Page {page_id} has no such comments."


async def test_pages_of_comments_follow_each_other(bench: Bench) -> None:
    page_id = await made(bench, "Many comments")
    ids = [await commented(bench, page_id=page_id, body=f"Number {n}") for n in range(5)]
    first = await bench.json("confluence_get_comments", page_id=page_id, limit=3)
    second = await bench.json(
        "confluence_get_comments", page_id=page_id, limit=3, cursor=first["cursor"]
    )
    assert [one["id"] for one in (*first["comments"], *second["comments"])] == ids
    assert second["cursor"] is None
    text = await bench.failed("confluence_get_comments", page_id=page_id, cursor="nonsense")
    assert "not one of a former answer" in text


async def test_a_comment_on_a_text_is_shown_with_it_resolved_and_reopened(bench: Bench) -> None:
    page_id = await made(bench, "Inline", _BODY)
    if not bench.is_cloud:
        text = await bench.failed(
            "confluence_add_comment", page_id=page_id, anchor="Anchored words", body="Why?"
        )
        assert "Data Center has no API for comments on a text" in text
        return
    number = await commented(bench, page_id=page_id, anchor="Anchored words", body="Why?")
    await commented(bench, page_id=page_id, body="Below")
    reply = await commented(bench, reply_to=number, body="Because")
    text = await bench.ok("confluence_get_comments", page_id=page_id, kind="inline")
    assert f"inline comment {number}, open" in text
    assert "on: Anchored words" in text
    assert f"reply {reply} to {number}" in text
    assert "Below" not in text
    text = await bench.ok("confluence_edit_comment", comment_id=number, resolved=True)
    assert "State: open -> resolved." in text
    text = await bench.ok("confluence_edit_comment", comment_id=number, resolved=False)
    assert "State: resolved -> reopened." in text
    found = await listed(bench, page_id, kind="inline")
    assert found[0]["resolution"] == "reopened"
    assert [one["kind"] for one in await listed(bench, page_id, kind="footer")] == ["footer"]


async def test_an_anchor_has_to_stand_on_the_page_once(bench: Bench) -> None:
    if not bench.is_cloud:
        return
    page_id = await made(bench, "Anchors", _BODY)
    add = {"page_id": page_id, "body": "x"}
    text = await bench.failed("confluence_add_comment", anchor="Not there", **add)
    assert "no paragraph of the page has this text" in text
    text = await bench.failed("confluence_add_comment", anchor="Twice", **add)
    assert "2 times" in text
    assert "Twice here." in text
    assert await listed(bench, page_id) == []


async def test_seeded_inline_comments_are_shown_on_both_deployments(bench: Bench) -> None:
    page = await bench.json("confluence_get_page", title="Release process", space_key="DOCS")
    found = await listed(bench, page["page_id"], kind="inline")
    assert [(one["anchor"], one["resolution"]) for one in found] == [("How to", "open")]
    text = await bench.ok("confluence_get_comments", page_id=page["page_id"])
    assert "on: How to" in text


async def test_an_edited_comment_shows_old_and_new_text(bench: Bench) -> None:
    page_id = await made(bench, "Edit comments")
    number = await commented(bench, page_id=page_id, body="Old **text**")
    text = await bench.ok("confluence_edit_comment", comment_id=number, body="New `text`")
    assert text.index("Old **text**") < text.index("New `text`")
    assert [one["body"] for one in await listed(bench, page_id)] == ["New `text`"]


async def test_what_cannot_be_edited_is_said(bench: Bench) -> None:
    page_id = await made(bench, "Edit nothing")
    number = await commented(bench, page_id=page_id, body="Text")
    assert "Give body" in await bench.failed("confluence_edit_comment", comment_id=number)
    text = await bench.failed("confluence_edit_comment", comment_id=number, resolved=True)
    assert ("only inline comments" if bench.is_cloud else "has no API to resolve") in text


async def test_a_text_that_markdown_cannot_carry_is_not_replaced(bench: Bench) -> None:
    page = await bench.json("confluence_get_page", title="Release process", space_key="DOCS")
    found = await listed(bench, page["page_id"], kind="inline")
    text = await bench.failed("confluence_edit_comment", comment_id=found[0]["id"], body="x")
    assert "status" in text
    assert "Nothing was changed." in text


async def test_a_deleted_comment_leaves_its_text_in_the_answer(bench: Bench) -> None:
    page_id = await made(bench, "Delete comments")
    number = await commented(bench, page_id=page_id, body="Only copy")
    text = await bench.ok("confluence_delete_comment", comment_id=number)
    assert "to restore it, pass this text to confluence_add_comment" in text
    assert "Only copy" in text
    assert await listed(bench, page_id) == []
    text = await bench.failed("confluence_delete_comment", comment_id=number)
    assert "may not see it" in text


async def test_a_deleted_comment_on_a_text_is_gone_and_the_one_below_stays(bench: Bench) -> None:
    if not bench.is_cloud:
        return
    page_id = await made(bench, "Delete inline comments", _BODY)
    number = await commented(bench, page_id=page_id, anchor="Anchored words", body="On a text")
    await commented(bench, page_id=page_id, body="Below")
    assert "On a text" in await bench.ok("confluence_delete_comment", comment_id=number)
    assert [one["body"] for one in await listed(bench, page_id)] == ["Below"]


async def test_comments_of_what_is_not_seen_are_not_there(bench: Bench, grace: Bench) -> None:
    page_id = await hidden(bench)
    number = await commented(bench, page_id=page_id, body="Confidential")
    calls: list[tuple[str, dict[str, Any]]] = [
        ("confluence_get_comments", {"page_id": page_id}),
        ("confluence_add_comment", {"page_id": page_id, "body": "x"}),
        ("confluence_add_comment", {"reply_to": number, "body": "x"}),
        ("confluence_edit_comment", {"comment_id": number, "body": "x"}),
        ("confluence_delete_comment", {"comment_id": number}),
    ]
    for tool, arguments in calls:
        assert "may not see it" in await grace.failed(tool, **arguments)
    assert [one["body"] for one in await listed(bench, page_id)][-1] == "Confidential"


async def test_the_comments_of_others_cannot_be_changed(bench: Bench, grace: Bench) -> None:
    page_id = await made(bench, "Not mine")
    number = await commented(bench, page_id=page_id, body="Ada's")
    text = await grace.failed("confluence_edit_comment", comment_id=number, body="Grace's")
    assert "does not allow this" in text
    assert "does not allow" in await grace.failed("confluence_delete_comment", comment_id=number)
    assert [one["body"] for one in await listed(bench, page_id)] == ["Ada's"]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("confluence_get_comments", {"page_id": "1"}),
        ("confluence_add_comment", {"page_id": "1", "body": "x"}),
        ("confluence_edit_comment", {"comment_id": "1", "body": "x"}),
        ("confluence_delete_comment", {"comment_id": "1"}),
    ],
)
async def test_a_missing_scope_is_named_and_nothing_is_sent(
    bench: Bench, tool: str, arguments: dict[str, Any]
) -> None:
    if not bench.is_cloud:
        return
    held = bench.granted("read:page:confluence")
    await held.failed("confluence_get_page", page_id="1")
    mark = await bench.sandbox.atlassian.mark()
    text = await held.failed(tool, **arguments)
    assert ":comment:confluence" in text
    assert await bench.requests(mark) == []


@pytest.mark.parametrize(
    ("tool", "arguments", "problem"),
    [
        ("confluence_get_comments", {"page_id": "../1"}, "neither a page id"),
        ("confluence_get_comments", {"page_id": "1", "kind": "x"}, "kind"),
        ("confluence_add_comment", {"body": "x"}, "Give page_id or reply_to"),
        ("confluence_add_comment", {"page_id": "1", "reply_to": "2", "body": "x"}, "one of the"),
        ("confluence_add_comment", {"reply_to": "2", "anchor": "a", "body": "x"}, "anchor"),
        ("confluence_add_comment", {"page_id": "1", "body": ""}, "body"),
        ("confluence_edit_comment", {"comment_id": "1/../2", "body": "x"}, "comment_id"),
        ("confluence_delete_comment", {"comment_id": "x"}, "comment_id"),
    ],
)
async def test_bad_arguments_are_named_and_nothing_is_sent(
    bench: Bench, tool: str, arguments: dict[str, Any], problem: str
) -> None:
    await bench.failed("confluence_get_page", page_id="1")
    mark = await bench.sandbox.atlassian.mark()
    assert problem in await bench.failed(tool, **arguments)
    assert await bench.requests(mark) == []


async def test_the_id_of_a_page_is_no_comment(bench: Bench) -> None:
    page_id = await made(bench, "No comment")
    text = await bench.failed("confluence_delete_comment", comment_id=page_id)
    assert "may not see it" in text or "something else" in text
    await bench.ok("confluence_get_page", page_id=page_id)
