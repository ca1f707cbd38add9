"""Changing pages, finding one's way among them, and their history."""

import re
from typing import Any

import pytest

from tests.tools.bench import Bench
from tests.tools.test_filters import HELD, OUTSIDE
from xerus_sandbox.accounts import ADA

_BODY = "# One\n\nFirst text.\n\n## Two\n\nSecond text.\n\n# Three\n\nThird text."


async def made(bench: Bench, title: str, content: str = _BODY, **more: Any) -> str:
    given = {"space_key": "DOCS", **more}
    text = await bench.ok("confluence_create_page", title=title, content=content, **given)
    (page_id,) = re.findall(r"^Created\. Page (\d+)", text)
    return str(page_id)


async def known(bench: Bench, title: str, space_key: str = "DOCS") -> dict[str, Any]:
    return await bench.json("confluence_get_page", title=title, space_key=space_key)


async def hidden(bench: Bench) -> str:
    """A page of the space that Grace may not see."""
    return str((await known(bench, "Holiday rules", "HR"))["page_id"])


async def test_a_body_is_replaced_and_the_answer_says_what_changed(bench: Bench) -> None:
    page_id = await made(bench, "Update me")
    text = await bench.ok(
        "confluence_update_page",
        page_id=page_id,
        content=_BODY.replace("Second", "Another"),
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


@pytest.mark.parametrize("deployment", ["cloud"], indirect=True)
async def test_a_draft_stays_a_draft_until_it_is_published_in_confluence(bench: Bench) -> None:
    given = {"space_key": "DOCS", "title": "Not yet", "content": "Words"}
    text = await bench.ok("confluence_create_page", kind="draft", **given)
    assert text.startswith("Created. A draft: it is published in Confluence. Page ")
    page_id = re.findall(r"Page (\d+)", text)[0]
    listed = await bench.json("confluence_page_tree", space_key="DOCS", limit=250)
    assert page_id not in str(listed)
    updated = await bench.ok("confluence_update_page", page_id=page_id, content="Other words")
    assert "+Other words" in updated
    await bench.ok("confluence_update_page", page_id=page_id, title="Not yet, still")
    assert "is a draft" in await bench.failed("confluence_delete_page", page_id=page_id)
    assert "Other words" in await bench.ok("confluence_get_page", page_id=page_id)
    listed = await bench.json("confluence_page_tree", space_key="DOCS", limit=250)
    assert page_id not in str(listed)


@pytest.mark.parametrize("kind", ["draft", "live"])
async def test_a_draft_or_live_doc_is_refused_unasked_where_there_are_none(
    bench: Bench, kind: str
) -> None:
    given = {"space_key": "DOCS", "title": f"As {kind}", "content": "Words", "kind": kind}
    mark = await bench.sandbox.atlassian.mark()
    result = await bench.run("confluence_create_page", **given)
    if bench.is_cloud:
        assert result.text.startswith("Created. A" + (" draft" if kind == "draft" else "sked for"))
    else:
        assert "not there on Confluence Data Center" in result.text
        assert await bench.requests(mark) == []


@pytest.mark.parametrize("deployment", ["cloud"], indirect=True)
async def test_a_page_goes_into_a_folder(bench: Bench) -> None:
    text = await bench.ok("confluence_create_folder", space_key="DOCS", title="Drawer")
    folder_id = text.split()[2].strip(",")
    page = await bench.ok(
        "confluence_create_page",
        space_key="DOCS",
        title="In the drawer",
        content="Words",
        parent_id=folder_id,
    )
    assert page.startswith("Created. Page ")
    found = await known(bench, "In the drawer", "DOCS")
    assert found["parent_id"] == folder_id


@pytest.mark.parametrize("deployment", ["cloud"], indirect=True)
async def test_the_filter_lets_a_page_into_a_folder_inside_and_into_none_outside(
    bench: Bench,
) -> None:
    held = bench.under(HELD)
    for space_key, is_inside in (("DOCS", True), ("TEAM", False)):
        title = f"Drawer of {space_key}"
        text = await bench.ok("confluence_create_folder", space_key=space_key, title=title)
        above = text.split()[2].strip(",")
        given = {"space_key": "DOCS", "parent_id": above, "title": f"In {title}"}
        for tool, more in (
            ("confluence_create_page", {"content": "Words"}),
            ("confluence_create_folder", {}),
        ):
            result = await held.run(tool, **given, **more)
            assert result.text.startswith("Created. ") is is_inside, result.text
            assert (OUTSIDE in result.text) is not is_inside


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
    page_id = await made(bench, "Sections", _BODY + "\n\n```\n# no heading\n```")
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


async def test_the_tree_is_shown_downwards_and_upwards(bench: Bench) -> None:
    guides = await known(bench, "Guides")
    children = await bench.json("confluence_page_tree", page_id=guides["page_id"])
    assert children["pages"]
    assert {page["depth"] for page in children["pages"]} == {1}
    home = guides["parent_id"]
    text = await bench.ok(
        "confluence_page_tree", page_id=home, show="descendants", depth=2, limit=250
    )
    first = children["pages"][0]
    assert re.search(rf"^  {first['id']} ", text, re.MULTILINE)
    shallow = await bench.ok("confluence_page_tree", page_id=home, show="descendants", depth=1)
    assert f"{guides['page_id']} Guides" in shallow
    assert first["id"] not in shallow
    above = await bench.json("confluence_page_tree", page_id=first["id"], show="ancestors")
    assert [page["title"] for page in above["pages"]] == ["Documentation Home", "Guides"]


async def test_the_tree_of_a_space_goes_on_with_a_cursor(bench: Bench) -> None:
    whole = await bench.json("confluence_page_tree", space_key="DOCS", limit=250)
    assert whole["cursor"] is None
    found: list[str] = []
    cursor = None
    while True:
        part = await bench.json("confluence_page_tree", space_key="DOCS", limit=7, cursor=cursor)
        found += [page["id"] for page in part["pages"]]
        cursor = part["cursor"]
        if cursor is None:
            break
    assert sorted(found) == sorted(page["id"] for page in whole["pages"])
    depths = {page["title"]: page["depth"] for page in whole["pages"]}
    assert depths["Documentation Home"] == 1
    assert depths["Guides"] == 2


async def test_a_page_moves_below_another_with_what_is_below_it(bench: Bench) -> None:
    old, new = await made(bench, "Old place"), await made(bench, "New place")
    page_id = await made(bench, "Moving", parent_id=old)
    text = await bench.ok("confluence_move_page", page_id=page_id, target_id=new)
    assert f"Parent {old} -> {new}" in text
    assert f"move it back under {old}" in text
    page = await bench.json("confluence_get_page", page_id=page_id)
    assert page["parent_id"] == new
    text = await bench.failed("confluence_move_page", page_id=new, target_id=page_id)
    assert "<untrusted" in text


async def test_a_page_moves_to_another_space(bench: Bench) -> None:
    page_id = await made(bench, "Emigrant")
    child = await made(bench, "Child of an emigrant", parent_id=page_id)
    text = await bench.ok("confluence_move_page", page_id=page_id, target_space_key="TEAM")
    assert "space DOCS -> TEAM" in text
    assert (await bench.json("confluence_get_page", page_id=child))["space_key"] == "TEAM"
    text = await bench.failed("confluence_move_page", page_id=page_id, target_space_key="NOPE")
    assert "may not see it" in text


async def test_a_page_moves_beside_another_where_the_product_can(bench: Bench) -> None:
    parent = await made(bench, "Row")
    first = await made(bench, "Row 1", parent_id=parent)
    last = await made(bench, "Row 2", parent_id=parent)
    arguments = {"page_id": last, "target_parent_id": first, "position": "above"}
    if not bench.is_cloud:
        text = await bench.failed("confluence_move_page", **arguments)
        assert "Data Center can only move a page under another one" in text
        return
    await bench.ok("confluence_move_page", **arguments)
    tree = await bench.json("confluence_page_tree", page_id=parent)
    assert [page["id"] for page in tree["pages"]] == [last, first]
    home = (await known(bench, "Guides"))["parent_id"]
    text = await bench.failed(
        "confluence_move_page", page_id=last, target_id=home, position="after"
    )
    assert "at the top of its space" in text


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
