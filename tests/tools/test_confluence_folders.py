"""Folders, which only Cloud has."""

import pytest

from tests.tools.bench import Bench
from tests.tools.confluence_pages import known
from tests.tools.test_filters import HELD, OUTSIDE


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
