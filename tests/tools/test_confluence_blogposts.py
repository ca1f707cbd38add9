"""Blog posts: created and listed by tools of their own, all else by the tools for pages."""

import re
from typing import Any

import pytest

from tests.tools.bench import Bench
from tests.tools.test_filters import HELD, OUTSIDE

_BODY = "# News\n\nFirst words."
_MACRO = (
    '<p>Before</p><ac:structured-macro ac:name="chart"><ac:parameter ac:name="type">pie'
    "</ac:parameter></ac:structured-macro>"
)


async def posted(bench: Bench, title: str, content: str = _BODY, **more: Any) -> str:
    given = {"space_key": "DOCS", **more}
    text = await bench.ok("confluence_create_blogpost", title=title, content=content, **given)
    (post_id,) = re.findall(r"^Created\. Blog post (\d+)", text)
    return str(post_id)


async def address(bench: Bench, post_id: str) -> str:
    return str((await bench.json("confluence_get_page", page_id=post_id))["link"])


async def test_a_post_is_read_by_its_id_and_by_its_address(bench: Bench) -> None:
    post_id = await posted(bench, "Read me", labels=["news"])
    link = await address(bench, post_id)
    assert re.search(r"/blog/\d{4}/|/display/DOCS/\d{4}/", link)
    for tool, name in (("confluence_get_page", "page_id"), ("fetch", "id"), ("fetch", "url")):
        for where in (post_id, link):
            text = await bench.ok(tool, **{name: where})
            assert text.startswith(f"Blog post {post_id}: ")
            assert "First words." in text
    assert "First words." in await bench.ok("confluence_get_page", page_id=link, version=1)


async def test_a_hit_of_a_search_can_be_opened(bench: Bench) -> None:
    found = await bench.json("confluence_search", type="blogpost", title="hello archive")
    (hit,) = found["hits"]
    assert hit["type"] == "blogpost"
    assert "The old handbook" in await bench.ok("confluence_get_page", page_id=hit["id"])
    assert "The old handbook" in await bench.ok("fetch", id=hit["link"])


async def test_a_post_is_updated_as_a_page_is(bench: Bench) -> None:
    post_id = await posted(bench, "Change me")
    text = await bench.ok(
        "confluence_update_page",
        page_id=post_id,
        content=_BODY.replace("First", "Other"),
        expected_version=1,
    )
    assert f"Blog post {post_id}: " in text
    assert "Version 1 -> 2. Title as before; body +1 -1 lines." in text
    stale = await bench.failed(
        "confluence_update_page", page_id=post_id, content="x", expected_version=1
    )
    assert "has version 2" in stale
    renamed = await bench.ok("confluence_update_page", page_id=post_id, title="Changed")
    assert "title: Change me -> Changed" in renamed
    page = await bench.json("confluence_get_page", page_id=post_id)
    assert (page["title"], page["version"]) == ("Changed", 3)
    assert "Other words." in page["body"]


async def test_markdown_that_would_lose_a_macro_of_a_post_is_refused(bench: Bench) -> None:
    post_id = await posted(bench, "With a chart", _MACRO, content_format="storage")
    text = await bench.failed("confluence_update_page", page_id=post_id, content="Words")
    assert "This blog post has what Markdown cannot carry" in text
    page = await bench.json("confluence_get_page", page_id=post_id)
    assert page["version"] == 1
    assert page["markers"]


async def test_a_post_goes_to_the_trash_and_comes_back(bench: Bench) -> None:
    post_id = await posted(bench, "Gone and back")
    text = await bench.ok("confluence_delete_page", page_id=post_id)
    assert f"Deleted: blog post {post_id} (version 1), now in the trash of space DOCS." in text
    assert "But" not in text
    await bench.failed("confluence_get_page", page_id=post_id)
    assert "Restored" in await bench.ok("confluence_restore", page_id=post_id)
    assert "First words." in await bench.ok("confluence_get_page", page_id=post_id)


async def test_posts_are_listed_by_space_and_by_author(bench: Bench, grace: Bench) -> None:
    mine = await posted(bench, "By Ada")
    hers = await posted(grace, "By Grace")
    both = await bench.json("confluence_blogposts", space_key="DOCS", limit=50)
    assert {mine, hers} <= {one["id"] for one in both["blog_posts"]}
    own = await bench.json("confluence_blogposts", author="me", limit=50)
    ids = {one["id"] for one in own["blog_posts"]}
    assert mine in ids
    assert hers not in ids
    name = "Grace Hopper" if bench.is_cloud else "grace"
    other = await bench.json("confluence_blogposts", author=name, space_key="DOCS")
    assert hers in {one["id"] for one in other["blog_posts"]}


async def test_posts_and_pages_keep_out_of_each_others_lists(bench: Bench) -> None:
    post_id = await posted(bench, "Not a page")
    tree = await bench.json("confluence_page_tree", space_key="DOCS", limit=250)
    assert post_id not in str(tree)
    assert "Release process" not in await bench.ok("confluence_blogposts", space_key="DOCS")


@pytest.mark.parametrize("deployment", ["cloud"], indirect=True)
async def test_the_address_of_a_post_where_only_pages_go_is_refused_with_words(
    bench: Bench,
) -> None:
    link = await address(bench, await posted(bench, "No page"))
    mark = await bench.sandbox.atlassian.mark()
    text = await bench.failed("confluence_get_labels", page_id=link)
    assert "blog post; this works with pages only" in text
    assert await bench.requests(mark) == []


@pytest.mark.parametrize("deployment", ["cloud"], indirect=True)
async def test_tasks_on_a_post_are_found_by_its_address(bench: Bench) -> None:
    link = await address(bench, await posted(bench, "To do, soon", "- [ ] Write it"))
    assert "Write it" in await bench.ok("confluence_get_tasks", page_id=link)


async def test_the_filter_holds_posts(bench: Bench) -> None:
    secret = await posted(bench, "Outside", "Secret words", space_key="TEAM")
    link = await address(bench, secret)
    named = link if bench.is_cloud else secret  # Data Center's address has no id in it
    held = bench.under(HELD)
    inside = await posted(held, "Inside", labels=["news"])
    await held.ok("confluence_update_page", page_id=inside, content="Inside, changed")
    calls: list[tuple[str, dict[str, Any]]] = [
        ("confluence_get_page", {"page_id": secret}),
        ("confluence_get_page", {"page_id": link}),
        ("fetch", {"id": link}),
        ("confluence_update_page", {"page_id": secret, "content": "x"}),
        ("confluence_update_page", {"page_id": named, "title": "x"}),
        ("confluence_delete_page", {"page_id": named}),
        ("confluence_restore", {"page_id": named, "version": 1}),
        ("confluence_create_blogpost", {"space_key": "TEAM", "title": "x", "content": "x"}),
        ("confluence_blogposts", {"space_key": "TEAM"}),
    ]
    for tool, arguments in calls:
        text = await held.failed(tool, **arguments)
        assert OUTSIDE in text, tool
        assert "Secret words" not in text
    found = await held.json("confluence_blogposts", author="me", limit=50)
    assert {one["space"] for one in found["blog_posts"]} == {"DOCS"}
    assert "Secret words" in await bench.ok("confluence_get_page", page_id=secret)
    await held.ok("confluence_delete_page", page_id=inside)
