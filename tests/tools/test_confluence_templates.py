"""Templates of pages: listed, read as Markdown, made into pages. Cloud only."""

import pytest

from tests.tools.bench import Bench
from tests.tools.test_filters import HELD, OUTSIDE

pytestmark = pytest.mark.parametrize("deployment", ["cloud"], indirect=True)


async def template(bench: Bench, **where: str) -> str:
    found = await bench.json("confluence_templates", **where)
    return str(found["templates"][0]["id"])


async def test_a_page_is_made_from_a_template_of_the_site(bench: Bench) -> None:
    found = await bench.json("confluence_templates", template_id=await template(bench))
    assert found["variables"] == ["service", "owner"]
    assert "## What happened to {service}?" in found["body"]
    filled = found["body"].replace("{service}", "the shop").replace("{owner}", "Ada")
    text = await bench.ok(
        "confluence_create_page", space_key="DOCS", title="Outage of today", content=filled
    )
    assert "What happened to the shop?" in text
    shown = await bench.ok("confluence_templates", template_id=await template(bench))
    assert "confluence_create_page" in shown
    assert "markers only, leave them out: ac:placeholder." in shown


async def test_templates_of_a_space_are_listed_with_its_key_only(bench: Bench) -> None:
    assert "Guide" in await bench.ok("confluence_templates", space_key="DOCS")
    assert "Guide" not in await bench.ok("confluence_templates")
    assert "No templates there" in await bench.ok("confluence_templates", space_key="TEAM")


async def test_the_filter_holds_templates(bench: Bench) -> None:
    hidden, own = await template(bench, space_key="HR"), await template(bench, space_key="DOCS")
    held = bench.under(HELD)
    for where in ({"template_id": hidden}, {"space_key": "HR"}):
        text = await held.failed("confluence_templates", **where)
        assert OUTSIDE in text
        assert "Salary" not in text
    assert "## Goal" in await held.ok("confluence_templates", template_id=own)
    assert "{owner}" in await held.ok("confluence_templates", template_id=await template(held))
