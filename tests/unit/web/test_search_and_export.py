from urllib.parse import unquote

import pytest

from tests.gallery.conversations import few, found_much, found_nothing, many
from tests.unit.web.fakes import World
from xerus.web.exports import attachment


async def test_a_search_shows_where_the_words_are_and_says_how_far_it_looked() -> None:
    world = World()
    found_much(world)
    async with world.client() as http:
        page = (await http.get("/conversations?q=bugs")).text
    assert "<mark>bugs</mark>" in page
    assert "&lt;b&gt;" in page
    assert "<b>Bold" not in page
    assert "Looked at 300 conversations, back to the one last used" in page
    assert 'href="/conversations?q=bugs&amp;before=' in page
    assert 'href="/chat/talk#turn-2"' in page
    assert 'value="bugs"' in page


async def test_a_search_without_a_find_says_so_and_what_was_looked_at() -> None:
    world = World()
    found_nothing(world)
    async with world.client() as http:
        page = (await http.get("/conversations?q=penguin")).text
    assert "Nothing found" in page
    assert "that is all of them" in page


async def test_words_that_cannot_be_searched_for_are_refused_in_words() -> None:
    world = World()
    few(world)
    async with world.client() as http:
        await http.get("/conversations?q=%20")  # the list
        odd = await http.get("/conversations", params={"q": "x", "before": "nowhere"})
        theirs = await World().client("grace-token").get("/conversations?q=bugs")
    assert odd.status_code == 400
    assert "Nothing found" in theirs.text


async def test_a_conversation_is_a_file_and_never_a_page_of_ours() -> None:
    world = World()
    few(world)
    async with world.client() as http:
        for form, kind in (
            ("markdown", "text/markdown; charset=utf-8"),
            ("json", "application/json"),
        ):
            answer = await http.get(f"/chat/talk/export?form={form}")
            assert answer.headers["content-type"] == kind
            assert answer.headers["content-disposition"].startswith("attachment; ")
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"
        for form in ("", "html", "MARKDOWN"):
            assert (await http.get(f"/chat/talk/export?form={form}")).status_code == 400
    async with world.client("grace-token") as http:
        assert (await http.get("/chat/talk/export?form=json")).status_code == 404


async def test_all_conversations_come_as_one_archive_of_ones_own() -> None:
    world = World()
    many(world)
    async with world.client() as http:
        mine = await http.post("/conversations/export", data=world.form())
    async with world.client("grace-token") as http:
        theirs = await http.post("/conversations/export", data={"csrf": world.grace.csrf})
    assert mine.headers["content-type"] == "application/zip"
    assert "Xerus conversations.zip" in mine.headers["content-disposition"]
    assert b"Release notes" in mine.content
    assert theirs.content == b""


@pytest.mark.parametrize(
    "name", ["plain.md", "\u30d0\u30b0 (1).md", 'a"; x=y.md', "50% off.md", "\u202egnp.md"]
)
def test_the_name_of_a_file_cannot_leave_its_header(name: str) -> None:
    header = attachment(name)["Content-Disposition"]
    assert header.isascii()
    plain, _, encoded = header.partition("; filename*=UTF-8''")
    assert unquote(encoded) == name
    assert plain.count('"') == 2
    assert plain.endswith('"')
