"""Drafts and live docs, which only Cloud has by its public API."""

import re

import pytest

from tests.tools.bench import Bench


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
