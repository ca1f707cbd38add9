import re

from tests.tools.bench import Bench


async def some_page(bench: Bench) -> tuple[str, str]:
    found = await bench.json("confluence_search", query="space = DOCS and type = page", limit=1)
    return found["hits"][0]["id"], found["hits"][0]["title"]


async def test_pages_are_found_by_words_and_by_cql(bench: Bench) -> None:
    by_words = await bench.ok("confluence_search", query="release", space_key="DOCS", limit=3)
    assert "|DOCS|" in by_words
    by_cql = await bench.ok("confluence_search", query='title = "Release process"')
    assert "|Release process|" in by_cql
    assert "no more" in by_cql


async def test_pages_of_hits_follow_each_other(bench: Bench) -> None:
    query = "space = DOCS and type = page order by title"
    first = await bench.json("confluence_search", query=query, limit=3)
    second = await bench.json("confluence_search", query=query, limit=3, cursor=first["cursor"])
    ids = [hit["id"] for hit in (*first["hits"], *second["hits"])]
    assert len(ids) == len(set(ids)) == 6


async def test_filter_values_are_bound_into_cql(bench: Bench) -> None:
    result = await bench.run("confluence_search", space_key="DOCS", label='x" or space = "HR')
    assert "|HR|" not in result.text


async def test_a_page_is_read_by_id_address_and_title(bench: Bench) -> None:
    page_id, title = await some_page(bench)
    by_id = await bench.ok("confluence_get_page", page_id=page_id)
    assert f"title: {title}" in by_id
    by_title = await bench.ok("confluence_get_page", title=title, space_key="DOCS")
    assert by_title == by_id
    base = bench.sandbox.atlassian.base
    address = f"{base}/wiki/spaces/DOCS/pages/{page_id}/Anything"
    assert await bench.ok("confluence_get_page", page_id=address) == by_id


async def test_an_address_of_another_host_is_not_called(bench: Bench) -> None:
    mark = await bench.sandbox.atlassian.mark()
    address = "https://evil.example/wiki/spaces/DOCS/pages/1"
    text = await bench.failed("confluence_get_page", page_id=address)
    assert "evil.example" in text
    assert await bench.requests(mark) == []


async def test_a_page_is_read_in_parts_without_loss(bench: Bench) -> None:
    page = await bench.json("confluence_get_page", title="Release process", space_key="DOCS")
    page_id, whole = page["page_id"], page["body"]
    text = await bench.ok("confluence_get_page", page_id=page_id, max_chars=200)
    assert f"Cut: characters 0 to 200 of {len(whole)}. Go on with offset=200." in text
    parts = ""
    while len(parts) < len(whole):
        part = await bench.json(
            "confluence_get_page", page_id=page_id, max_chars=200, offset=len(parts)
        )
        parts += part["body"]
    assert parts == whole


async def test_a_page_is_created_from_markdown_and_read_back(bench: Bench) -> None:
    parent, _ = await some_page(bench)
    text = await bench.ok(
        "confluence_create_page",
        space_key="DOCS",
        title=f"Made by a test {bench.is_cloud}",
        content="# Head\n\nText **bold**\n\n- [ ] todo\n\n```python\nx = 1\n```",
        parent_id=parent,
    )
    assert text.startswith("Created. Page ")
    for expected in ("# Head", "**bold**", "- [ ] todo", "```python"):
        assert expected in text
    (page_id,) = re.findall(r"^Created\. Page (\d+)", text)
    page = await bench.json("confluence_get_page", page_id=page_id)
    assert page["parent_id"] == parent
    assert page["version"] == 1


async def test_unknown_spaces_pages_and_cql_are_clear_answers(bench: Bench) -> None:
    for arguments in ({"title": "Nope", "space_key": "DOCS"}, {"page_id": "99999999"}):
        assert "may not see it" in await bench.failed("confluence_get_page", **arguments)
    text = await bench.failed("confluence_create_page", space_key="NOPE", title="x", content="y")
    assert "may not see it" in text
    assert "Give page_id" in await bench.failed("confluence_get_page", title="x")
    assert "<untrusted" in await bench.failed("confluence_search", query="type = nonsense and (")


async def test_orders_on_a_page_stay_inside_their_fence(bench: Bench) -> None:
    found = await bench.json("confluence_search", query="type = page", limit=50)
    for hit in found["hits"]:
        text = await bench.ok("confluence_get_page", page_id=hit["id"])
        assert text.count("<untrusted ") == text.count("</untrusted>") == 1
