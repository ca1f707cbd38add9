"""One search and one fetch over both products."""

from base64 import b64encode
from typing import Any

import pytest

from tests.tools.bench import Bench
from tests.unit.tools.fakes import caller
from xerus.atlassian.confluence.client import READ_PAGE, SEARCH
from xerus.atlassian.jira.client import READ


async def some_page(bench: Bench) -> dict[str, Any]:
    found = await bench.json("confluence_search", query='title = "Release process"', limit=1)
    page: dict[str, Any] = found["hits"][0]
    return page


async def test_both_products_are_searched_with_one_request_each(bench: Bench) -> None:
    await bench.ok("search", query="release")
    mark = await bench.sandbox.atlassian.mark()
    text = await bench.ok("search", query="release", limit=5)
    assert len(await bench.requests(mark)) == 2
    assert "|page|DOCS|" in text
    assert "|ENG-" in text
    assert text.count("<untrusted ") == 1


async def test_hits_are_typed_and_carry_ids_that_fetch_takes(bench: Bench) -> None:
    found = await bench.json("search", query="release", limit=2)
    for row in found["results"]:
        assert row["url"].startswith("http")
        fetched = await bench.json("fetch", id=row["id"])
        assert fetched["id"] == row["id"]
        assert fetched["title"] == row["title"]


@pytest.mark.parametrize(("place", "other"), [("jira", "page"), ("confluence", "ENG-")])
async def test_one_product_alone_can_be_searched(bench: Bench, place: str, other: str) -> None:
    text = await bench.ok("search", **{"query": "release", "in": place})
    assert other not in text


async def test_pages_of_hits_follow_each_other_in_both_products(bench: Bench) -> None:
    first = await bench.json("search", query="the", limit=3)
    second = await bench.json("search", query="the", limit=3, cursor=first["cursor"])
    ids = [row["id"] for row in (*first["results"], *second["results"])]
    assert len(ids) == len(set(ids)) > 6


async def test_a_product_that_fails_does_not_take_the_other_with_it(bench: Bench) -> None:
    fault = {"path_regex": "/rest/api/search$", "times": 1, "fault": "status", "status": 403}
    await bench.sandbox.atlassian.faults([{"method": "GET", **fault}])
    text = await bench.ok("search", query="release")
    assert "Not searched: Confluence" in text
    assert "|ENG-" in text


async def test_the_product_that_a_client_may_not_read_is_named(bench: Bench) -> None:
    result = await bench.runner.run(caller(["jira:read"]), "search", {"query": "release"})
    assert "confluence:read" in result.text
    assert "|ENG-" in result.text
    page = await some_page(bench)
    refused = await bench.runner.run(caller(["jira:read"]), "fetch", {"id": page["id"]})
    assert refused.is_error
    assert "confluence:read" in refused.text


async def test_a_missing_scope_leaves_the_other_product_searched(bench: Bench) -> None:
    if not bench.is_cloud:
        return
    only_jira = bench.granted(READ)
    assert SEARCH in await only_jira.ok("search", query="release")
    neither = bench.granted()
    assert "not granted" in await neither.failed("search", query="release")
    page = await some_page(bench)
    assert READ_PAGE in await only_jira.failed("fetch", id=page["id"])


async def test_an_issue_is_fetched_by_key_and_by_every_address(bench: Bench) -> None:
    by_key = await bench.ok("fetch", id="eng-1")
    assert by_key == await bench.ok("jira_get_issue", issue_key="ENG-1", max_chars=20_000)
    base = (await bench.json("jira_get_issue", issue_key="ENG-1"))["link"].partition("/browse/")[0]
    for path in (
        "/browse/ENG-1",
        "/browse/ENG-1?focusedCommentId=10000",
        "/jira/software/c/projects/ENG/boards/1?selectedIssue=ENG-1",
        "/projects/ENG/issues/ENG-1",
        "/secure/RapidBoard.jspa?rapidView=1&selectedIssue=ENG-1",
        "/servicedesk/customer/portal/3/ENG-1",
    ):
        assert await bench.ok("fetch", id=base + path) == by_key


async def test_a_page_is_fetched_by_id_and_by_every_address(bench: Bench) -> None:
    page = await some_page(bench)
    by_id = await bench.ok("fetch", id=page["id"])
    base = page["link"].partition("/spaces/")[0].partition("/display/")[0]
    number = int(page["id"]).to_bytes(8, "little").rstrip(b"\0")
    tiny = b64encode(number, b"_-").decode().rstrip("=")
    for path in (
        f"/spaces/DOCS/pages/{page['id']}/Anything+at+all",
        f"/spaces/DOCS/pages/{page['id']}",
        f"/pages/viewpage.action?pageId={page['id']}",
        f"/x/{tiny}",
        "/display/DOCS/Release+process",
    ):
        assert await bench.ok("fetch", id=base + path) == by_id


async def test_what_is_not_there_or_nowhere_is_a_clear_answer(bench: Bench) -> None:
    assert "may not see it" in await bench.failed("fetch", id="ENG-999999")
    assert "may not see it" in await bench.failed("fetch", id="99999999")
    mark = await bench.sandbox.atlassian.mark()
    for address in ("https://evil.example/browse/ENG-1", "https://evil.example/wiki/x/AbCd"):
        assert "evil.example" in await bench.failed("fetch", id=address)
    assert "id: " in await bench.failed("fetch", id="what?")
    assert "cursor: not one" in await bench.failed("search", query="x", cursor="e30=")
    elsewhere = b64encode(b'{"jira":"1"}').decode()
    gone = await bench.failed("search", **{"query": "x", "in": "confluence", "cursor": elsewhere})
    assert "no more hits in confluence" in gone
    for unclear in ("http://[x", "x" * 100 + "-1"):
        assert "neither a page id" in await bench.failed("fetch", id=unclear)
    assert "no word" in await bench.failed("search", query="()")
    assert await bench.requests(mark) == []


async def test_nobody_finds_or_fetches_what_they_may_not_see(bench: Bench, grace: Bench) -> None:
    found = await bench.json("confluence_search", query="space = HR and type = page", limit=1)
    for hidden in ("HR-1", found["hits"][0]["id"]):
        assert not (await bench.run("fetch", id=hidden)).is_error
        assert "may not see it" in await grace.failed("fetch", id=hidden)
    rows = (await grace.json("search", query="the", limit=50))["results"]
    assert rows
    assert all(row["place"] != "HR" for row in rows)
