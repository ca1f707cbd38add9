"""Reading and changing pages, and their history."""

import re
from typing import Any

from tests.tools.bench import Bench
from tests.tools.confluence_pages import BODY, hidden, known, made
from xerus_sandbox.accounts import ADA


async def test_a_body_is_replaced_and_the_answer_says_what_changed(bench: Bench) -> None:
    page_id = await made(bench, "Update me")
    text = await bench.ok(
        "confluence_update_page",
        page_id=page_id,
        content=BODY.replace("Second", "Another"),
        title="Updated",
        expected_version=1,
        version_comment="Because",
    )
    assert "Version 1 -> 2. Title changed; body +1 -1 lines." in text
    assert "title: Update me -> Updated" in text
    assert "-Second text." in text
    assert "+Another text." in text
    page = await bench.json("confluence_get_page", page_id=page_id)
    assert (page["title"], page["version"]) == ("Updated", 2)
    assert "|Because|" in await bench.ok("confluence_versions", page_id=page_id)


async def test_a_page_is_created_with_its_labels(bench: Bench) -> None:
    text = await bench.ok(
        "confluence_create_page",
        space_key="DOCS",
        title="Labelled from the start",
        content="Words",
        labels=["One", "two"],
    )
    assert text.startswith("Created. Page ")
    page = await known(bench, "Labelled from the start", "DOCS")
    found = await bench.json("confluence_get_labels", page_id=page["page_id"])
    assert sorted(found["labels"]) == ["one", "two"]


async def test_a_stale_version_is_refused_with_the_present_one(bench: Bench) -> None:
    page_id = await made(bench, "Stale")
    await bench.ok("confluence_update_page", page_id=page_id, content="New")
    mark = await bench.sandbox.atlassian.mark()
    text = await bench.failed(
        "confluence_update_page", page_id=page_id, content="Old", expected_version=1
    )
    assert "has version 2" in text
    assert "not 1. Nothing was changed." in text
    ada = ADA.account_id if bench.is_cloud else ADA.name
    assert f"Version 2 is by {ada}" in text
    assert [line.split()[0] for line in await bench.requests(mark)] == ["GET"]


async def test_a_page_changed_between_read_and_write_is_a_conflict(bench: Bench) -> None:
    page_id = await made(bench, "Raced")
    await bench.sandbox.atlassian.faults(
        [
            {
                "method": "PUT",
                "path_regex": f".*{page_id}$",
                "times": 1,
                "fault": "status",
                "status": 409,
                "body": {"message": "Version must be incremented"},
            }
        ]
    )
    text = await bench.failed("confluence_update_page", page_id=page_id, content="x")
    assert "Somebody else changed it" in text


async def test_a_body_that_markdown_cannot_carry_is_not_flattened(bench: Bench) -> None:
    page = await known(bench, "Service: checkout page")
    mark = await bench.sandbox.atlassian.mark()
    text = await bench.failed(
        "confluence_update_page", page_id=page["page_id"], content="Just text"
    )
    assert "would lose it" in text
    assert "status" in text
    assert not [line for line in await bench.requests(mark) if not line.startswith("GET")]


async def test_the_title_alone_changes_without_touching_the_body(bench: Bench) -> None:
    page = await known(bench, "Service: checkout page")
    raw = await bench.json("confluence_get_page", page_id=page["page_id"], content_format="storage")
    text = await bench.ok(
        "confluence_update_page", page_id=page["page_id"], title="Service: Trolley"
    )
    assert "Title changed; body untouched." in text
    after = await bench.json(
        "confluence_get_page", page_id=page["page_id"], content_format="storage"
    )
    assert after["body"] == raw["body"]
    assert after["version"] == page["version"] + 1
    await bench.ok("confluence_update_page", page_id=page["page_id"], title=page["title"])


async def test_raw_bodies_are_read_and_written_back_whole(bench: Bench) -> None:
    page = await known(bench, "Service: search index")
    forms = ("storage", "adf") if bench.is_cloud else ("storage",)
    for form in forms:
        raw = await bench.json("confluence_get_page", page_id=page["page_id"], content_format=form)
        text = await bench.ok(
            "confluence_update_page",
            page_id=page["page_id"],
            content=raw["body"],
            content_format=form,
        )
        assert "the body reads the same as Markdown" in text
        again = await bench.json(
            "confluence_get_page", page_id=page["page_id"], content_format=form
        )
        assert again["body"] == raw["body"]


async def test_mentions_survive_reading_and_writing(bench: Bench) -> None:
    person = (
        '<ac:link><ri:user ri:account-id="5b10a2844c20165700ede21a" /></ac:link>'
        if bench.is_cloud
        else '<ac:link><ri:user ri:username="ada" /></ac:link>'
    )
    page_id = await made(bench, "Mentions", f"<p>Ask {person} first.</p>", content_format="storage")
    page = await bench.json("confluence_get_page", page_id=page_id)
    await bench.ok("confluence_update_page", page_id=page_id, content=page["body"] + "\n\nMore.")
    raw = await bench.json("confluence_get_page", page_id=page_id, content_format="storage")
    assert "ri:user" in raw["body"]


async def test_wrong_content_is_refused_before_it_is_sent(bench: Bench) -> None:
    page_id = await made(bench, "Wrong content")
    ask = {"page_id": page_id}
    assert "Give content" in await bench.failed("confluence_update_page", **ask)
    text = await bench.failed(
        "confluence_update_page", **ask, content="no json", content_format="adf"
    )
    assert "not JSON" in text if bench.is_cloud else "Data Center has no ADF" in text
    text = await bench.failed(
        "confluence_update_page", **ask, content="<p>open", content_format="storage"
    )
    assert "Error parsing xhtml" in text
    assert (await bench.json("confluence_get_page", **ask))["version"] == 1


async def test_the_outline_and_one_section_of_a_page(bench: Bench) -> None:
    page_id = await made(bench, "Sections", BODY + "\n\n```\n# no heading\n```")
    text = await bench.ok("confluence_get_page", page_id=page_id, part="outline")
    assert "1. One (" in text
    assert "  2. Two (" in text
    assert "no heading" not in text
    for named in ("two", "2", "## Two"):
        part = await bench.json("confluence_get_page", page_id=page_id, section=named)
        assert part["body"] == "## Two\n\nSecond text."
    part = await bench.json("confluence_get_page", page_id=page_id, part="section", section="One")
    assert "Second text." in part["body"]
    assert "Third" not in part["body"]
    text = await bench.failed("confluence_get_page", page_id=page_id, section="Four")
    assert "There is no heading 'Four'" in text
    assert "3. Three" in text
    text = await bench.failed("confluence_get_page", page_id=page_id, part="section")
    assert "Give section" in text


async def test_a_page_is_deleted_into_the_trash_and_restored(bench: Bench) -> None:
    page_id = await made(bench, "Delete me")
    text = await bench.ok("confluence_delete_page", page_id=page_id)
    assert f"Deleted: page {page_id} (version 1)" in text
    assert "To restore: confluence_restore" in text
    assert "viewtrash.action?key=DOCS" in text
    assert "may not see it" in await bench.failed("confluence_get_page", page_id=page_id)
    text = await bench.ok("confluence_restore", page_id=page_id)
    assert text.startswith("Restored from the trash under ")
    assert "First text." in text
    page = await bench.json("confluence_get_page", page_id=page_id)
    assert page["title"] == "Delete me"


async def test_a_page_with_children_is_deleted_only_on_request(bench: Bench) -> None:
    top = await made(bench, "Top of a tree")
    child = await made(bench, "Child of a tree", parent_id=top)
    leaf = await made(bench, "Leaf of a tree", parent_id=child)
    text = await bench.failed("confluence_delete_page", page_id=top)
    assert f"has 1 below it: {child}. Nothing was deleted." in text
    text = await bench.ok("confluence_delete_page", page_id=top, with_children=True)
    assert "and 2 below it" in text
    for page_id in (top, child, leaf):
        assert "may not see it" in await bench.failed("confluence_get_page", page_id=page_id)
    assert child not in await bench.ok("confluence_page_tree", space_key="DOCS", limit=250)
    await bench.ok("confluence_restore", page_id=top)
    text = await bench.ok("confluence_restore", page_id=child)
    assert f"Restored from the trash under {top}." in text


async def test_a_deletion_that_stops_halfway_says_how_far_it_came(bench: Bench) -> None:
    top = await made(bench, "Halfway")
    child = await made(bench, "Halfway child", parent_id=top)
    await bench.sandbox.atlassian.faults(
        [
            {
                "method": "DELETE",
                "path_regex": f".*/{top}$",
                "times": 1,
                "fault": "status",
                "status": 403,
                "body": {},
            }
        ]
    )
    text = await bench.failed("confluence_delete_page", page_id=top, with_children=True)
    assert f"1 of 2 pages are in the trash ({child}); then page {top} failed" in text


async def test_versions_are_listed_newest_first_and_compared(bench: Bench) -> None:
    page_id = await made(bench, "History")
    for number in (2, 3, 4):
        await bench.ok("confluence_update_page", page_id=page_id, content=f"Text {number}")
    first = await bench.json("confluence_versions", page_id=page_id, limit=3)
    second = await bench.json(
        "confluence_versions", page_id=page_id, limit=3, cursor=first["cursor"]
    )
    numbers = [row["version"] for row in (*first["versions"], *second["versions"])]
    assert numbers == ["4", "3", "2", "1"]
    assert second["cursor"] is None
    text = await bench.ok("confluence_versions", page_id=page_id, from_version=2, to_version=3)
    assert "version 2 -> 3: +1 -1 lines." in text
    assert "-Text 2\n+Text 3" in text
    text = await bench.ok("confluence_versions", page_id=page_id, from_version=3)
    assert "+Text 4" in text
    text = await bench.ok("confluence_versions", page_id=page_id, from_version=1, to_version=4)
    assert "version 1 -> 4" in text
    assert "may not see it" in await bench.failed(
        "confluence_versions", page_id=page_id, from_version=99
    )


async def test_an_old_version_is_read_and_restored(bench: Bench) -> None:
    page_id = await made(bench, "Second thoughts")
    await bench.ok("confluence_update_page", page_id=page_id, content="Worse")
    old = await bench.json("confluence_get_page", page_id=page_id, version=1)
    assert "First text." in old["body"]
    text = await bench.ok("confluence_restore", page_id=page_id, version=1)
    assert "Version 2 -> 3." in text
    assert "+First text." in text
    now = await bench.json("confluence_get_page", page_id=page_id)
    assert now["body"] == old["body"]
    assert "give an older one" in await bench.failed(
        "confluence_restore", page_id=page_id, version=3
    )


async def test_a_page_is_copied(bench: Bench) -> None:
    page = await known(bench, "Service: checkout page")
    text = await bench.ok("confluence_copy_page", page_id=page["page_id"], title="Basket copy")
    (new_id,) = re.findall(r"^Copied page \d+ to (\d+)", text)
    copied = await bench.json("confluence_get_page", page_id=new_id)
    assert copied["body"] == page["body"]
    assert copied["parent_id"] == page["parent_id"]
    parent = await made(bench, "Shelf")
    arguments = {"page_id": page["page_id"], "parent_id": parent}
    await bench.ok("confluence_copy_page", **arguments, title="Basket on the shelf")
    if bench.is_cloud:
        text = await bench.failed("confluence_copy_page", **arguments, title="Basket copy")
        assert "already exists" in text
    await bench.ok(
        "confluence_copy_page", page_id=page["page_id"], title="Basket", space_key="TEAM"
    )


async def test_restrictions_of_a_page_are_shown(bench: Bench) -> None:
    text = await bench.ok("confluence_restrictions", page_id=await hidden(bench))
    assert "|update|Ada Lovelace|" in text
    guides = await known(bench, "Guides")
    text = await bench.ok("confluence_restrictions", page_id=guides["page_id"])
    assert "no restrictions of its own" in text


async def test_a_page_is_watched_and_no_longer_watched(bench: Bench) -> None:
    page_id = await made(bench, "Watch me")
    text = await bench.ok("confluence_watch", page_id=page_id)
    assert "is watched by the connected account; before it was not." in text
    text = await bench.ok("confluence_watch", page_id=page_id, watch=False)
    assert "is not watched by the connected account; before it was." in text


_ONE_PAGE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("confluence_update_page", {"content": "x"}),
    ("confluence_delete_page", {}),
    ("confluence_page_tree", {"show": "children"}),
    ("confluence_page_tree", {"show": "descendants"}),
    ("confluence_page_tree", {"show": "ancestors"}),
    ("confluence_move_page", {"target_space_key": "DOCS"}),
    ("confluence_versions", {}),
    ("confluence_restore", {}),
    ("confluence_restore", {"version": 1}),
    ("confluence_copy_page", {"title": "Copied"}),
    ("confluence_restrictions", {}),
    ("confluence_watch", {}),
)


async def test_what_grace_may_not_see_is_as_if_it_were_not_there(
    bench: Bench, grace: Bench
) -> None:
    page_id = await hidden(bench)
    for tool, arguments in _ONE_PAGE:
        for wanted in (page_id, "99999999"):
            result = await grace.run(tool, page_id=wanted, **arguments)
            refused = "may not see it" in result.text or "does not allow this" in result.text
            assert refused, (tool, result.text)
            assert "Holiday" not in result.text
    assert "may not see it" in await grace.failed("confluence_page_tree", space_key="HR")
    page = await bench.json("confluence_get_page", page_id=page_id)
    assert page["title"] == "Holiday rules"


async def test_what_is_no_page_of_this_site_is_never_asked_for(bench: Bench) -> None:
    mark = await bench.sandbox.atlassian.mark()
    for tool, arguments in _ONE_PAGE:
        for wrong in ("../1", "https://evil.example/wiki/spaces/DOCS/pages/1", "x" * 50):
            await bench.failed(tool, page_id=wrong, **arguments)
    sent = await bench.requests(mark)
    assert not [line for line in sent if "/space" not in line]


async def test_a_missing_scope_is_named_and_nothing_is_sent(bench: Bench) -> None:
    tools = [bench.catalogue.get(name) for name in dict(_ONE_PAGE)]
    tools.append(bench.catalogue.get("confluence_get_page"))
    arguments = {"confluence_get_page": {}, **dict(_ONE_PAGE)}
    for tool in tools:
        for lacking in sorted(tool.scopes):
            few = bench.granted(*(tool.scopes - {lacking}))
            mark = await bench.sandbox.atlassian.mark()
            result = await few.run(tool.name, page_id="99999999", **arguments[tool.name])
            assert result.is_error
            if bench.is_cloud:
                assert lacking in result.text
                assert await bench.requests(mark) == []
            else:
                assert "may not see it" in result.text


async def test_a_scope_that_only_one_argument_needs_is_named_when_it_is_used(bench: Bench) -> None:
    if not bench.is_cloud:
        return
    page_id = (await known(bench, "Guides"))["page_id"]
    page = "read:page:confluence"
    few = bench.granted(page, "write:page:confluence", "write:confluence-content")
    calls: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("confluence_page_tree", {"page_id": page_id}, "read:hierarchical-content:confluence"),
        (
            "confluence_page_tree",
            {"page_id": page_id, "show": "ancestors"},
            "read:content.metadata:confluence",
        ),
        ("confluence_page_tree", {"space_key": "DOCS"}, "read:space:confluence"),
        (
            "confluence_move_page",
            {"page_id": page_id, "target_space_key": "TEAM"},
            "read:space:confluence",
        ),
    )
    for tool, arguments, scope in calls:
        assert scope in await few.failed(tool, **arguments)
    lacking = bench.granted(page, "write:page:confluence")
    text = await lacking.failed("confluence_restore", page_id=page_id, version=1)
    assert "give an older one" in text or "write:confluence-content" in text
