"""Labels of pages, and spaces."""

from typing import Any

import pytest

from tests.tools.bench import Bench
from tests.tools.confluence_pages import hidden, made


async def test_labels_are_added_and_removed_and_the_page_is_found_by_one(bench: Bench) -> None:
    page_id = await made(bench, "Labelled")
    assert await bench.ok("confluence_get_labels", page_id=page_id) == (
        f"Page {page_id} has no labels."
    )
    text = await bench.ok("confluence_label", page_id=page_id, add=["Fresh", "two"])
    assert "+fresh, +two" in text
    text = await bench.ok("confluence_label", page_id=page_id, add=["three"], remove=["two"])
    assert "+three, -two" in text
    found = await bench.json("confluence_get_labels", page_id=page_id)
    assert found["labels"] == ["fresh", "three"]
    hits = await bench.json("confluence_search", label="fresh")
    assert [hit["id"] for hit in hits["hits"]] == [page_id]


async def test_labels_that_are_as_wished_are_not_sent(bench: Bench) -> None:
    page_id = await made(bench, "Same labels")
    await bench.ok("confluence_label", page_id=page_id, add=["same"])
    mark = await bench.sandbox.atlassian.mark()
    text = await bench.ok("confluence_label", page_id=page_id, add=["same"], remove=["other"])
    assert text.startswith("Nothing to change.")
    assert [line.split()[0] for line in await bench.requests(mark)] == ["GET"]


async def test_labels_of_what_is_not_seen_are_not_there(bench: Bench, grace: Bench) -> None:
    for page_id in (await hidden(bench), "99999999"):
        text = await grace.failed("confluence_get_labels", page_id=page_id)
        assert "may not see it" in text
        text = await grace.failed("confluence_label", page_id=page_id, add=["x"])
        assert "may not see it" in text


async def test_spaces_are_listed_without_those_that_are_hidden(bench: Bench, grace: Bench) -> None:
    text = await bench.ok("confluence_get_spaces")
    assert text.startswith("3 spaces, no more.")
    assert "|DOCS|Documentation|global|current|" in text
    text = await grace.ok("confluence_get_spaces")
    assert "|HR|" not in text
    found = await bench.json("confluence_get_spaces", type="personal")
    assert found["spaces"] == []


async def test_spaces_are_paged_and_found_by_name(bench: Bench) -> None:
    first = await bench.json("confluence_get_spaces", limit=2)
    second = await bench.json("confluence_get_spaces", limit=2, cursor=first["cursor"])
    keys = [space["key"] for space in (*first["spaces"], *second["spaces"])]
    assert sorted(keys) == ["DOCS", "HR", "TEAM"]
    assert second["cursor"] is None
    text = await bench.ok("confluence_get_spaces", name="web")
    assert text.startswith("1 space, no more. Filtered by name out of 3.")
    assert "|TEAM|" in text
    assert (await bench.ok("confluence_get_spaces", name="nope")).startswith("0 spaces, no more.")


async def test_a_space_is_shown_with_home_page_and_description(bench: Bench) -> None:
    mark = await bench.sandbox.atlassian.mark()
    space = await bench.json("confluence_get_space", space_key="DOCS")
    assert len(await bench.requests(mark)) == 1
    assert (space["name"], space["type"]) == ("Documentation", "global")
    assert space["description"] == "How the shop works and how to run it."
    home = await bench.json("confluence_get_page", page_id=space["home_page"])
    assert home["title"] == "Documentation Home"
    text = await bench.ok("confluence_get_space", space_key="DOCS")
    assert text.startswith("Space DOCS, global, current: http")
    assert f"Home page: {space['home_page']}." in text


async def test_unknown_and_hidden_spaces_look_the_same(grace: Bench) -> None:
    for key in ("NOPE", "HR"):
        text = await grace.failed("confluence_get_space", space_key=key)
        assert f"There is no space {key!r}, or the connected account may not see it." in text


@pytest.mark.parametrize(
    ("tool", "arguments", "scope"),
    [
        ("confluence_get_labels", {"page_id": "1"}, "read:page:confluence"),
        ("confluence_label", {"page_id": "1", "add": ["x"]}, "write:confluence-content"),
        ("confluence_get_spaces", {}, "read:space:confluence"),
        ("confluence_get_space", {"space_key": "DOCS"}, "read:space:confluence"),
    ],
)
async def test_a_missing_scope_is_named(
    bench: Bench, tool: str, arguments: dict[str, Any], scope: str
) -> None:
    if bench.is_cloud:
        text = await bench.granted("search:confluence").failed(tool, **arguments)
        assert scope in text


@pytest.mark.parametrize(
    ("tool", "arguments", "problem"),
    [
        ("confluence_label", {"page_id": "1"}, "Give add"),
        ("confluence_label", {"page_id": "1", "add": ["two words"]}, "add"),
        ("confluence_label", {"page_id": "1", "add": ["a"], "remove": ["A"]}, "both name a"),
        ("confluence_get_labels", {"page_id": "x"}, "neither a page id"),
        ("confluence_get_space", {"space_key": "a/b"}, "space_key"),
        ("confluence_get_spaces", {"limit": 0}, "limit"),
    ],
)
async def test_bad_arguments_are_named(
    bench: Bench, tool: str, arguments: dict[str, Any], problem: str
) -> None:
    assert problem in await bench.failed(tool, **arguments)
