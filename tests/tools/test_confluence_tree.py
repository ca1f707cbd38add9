"""Finding one's way among pages, and moving them."""

import re

from tests.tools.bench import Bench
from tests.tools.confluence_pages import known, made


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
