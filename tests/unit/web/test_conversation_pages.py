from datetime import timedelta

import pytest

from tests.gallery.conversations import few, many, uuid
from tests.unit.web.fakes import NOW, World
from xerus.assistant.conversations import no_such_conversation
from xerus.web.kept import grouped, kept_for


async def test_the_list_goes_on_page_by_page_to_the_last_one() -> None:
    world, seen, path = World(), list[str](), "/conversations"
    many(world)
    async with world.client() as http:
        while path:
            page = (await http.get(path)).text
            seen += [f"/chat/{uuid(n)}" for n in range(80) if f'"/chat/{uuid(n)}"' in page]
            _, found, rest = page.partition('<a class="btn push" href="')
            path = rest.split('"')[0] if found else ""
    assert len(seen) == len(set(seen)) == 80


@pytest.mark.parametrize("before", ["x", "20261101T000000.000000.x", "1.2.3", "\u0660" * 40])
async def test_an_address_that_is_no_place_in_the_list_is_refused_in_words(before: str) -> None:
    async with World().client() as http:
        answer = await http.get("/conversations", params={"before": before})
    assert answer.status_code == 400
    assert "names no place" in answer.text


async def test_the_chat_names_the_open_conversation_and_marks_it_in_the_list() -> None:
    world = World()
    many(world)
    async with world.client() as http:
        page = (await http.get("/chat/talk")).text
    assert page.count('aria-current="page"><span class="talk-title"') == 1
    assert "Answering" in page
    assert "Waits for you" in page
    assert "Each is deleted 90 days after its last message." in page
    assert "<b>Bold</b>" not in page
    assert 'href="/conversations?before=' in page


async def test_an_answer_by_script_brings_the_list_and_the_title_of_the_page() -> None:
    world = World()
    async with world.client() as http:
        answer = await http.post(
            "/chat", data=world.form(text="hello"), headers={"HX-Request": "true"}
        )
    assert '<div id="chat-head" class="chat-head" hx-swap-oob="true"' in answer.text
    assert '<div id="conversations" hx-swap-oob="true"' in answer.text


async def test_a_conversation_is_renamed_and_a_wrong_name_comes_back_to_be_corrected() -> None:
    world = World()
    few(world)
    async with world.client() as http:
        wrong = await http.post("/chat/talk/rename", data=world.form(title="x" * 121))
        right = await http.post("/chat/talk/rename", data=world.form(title="Bugs"))
        page = await http.get(right.headers["location"])
    assert wrong.status_code == 400
    assert f'value="{"x" * 121}"' in wrong.text
    assert "at most 120" in wrong.text
    assert ">Bugs</h1>" in page.text


async def test_nothing_is_deleted_before_it_is_confirmed() -> None:
    world = World()
    few(world)
    async with world.client() as http:
        for path in ("/chat/talk/delete", "/conversations/delete"):
            asked = await http.post(path, data=world.form())
            assert asked.status_code == 200
            assert "Nobody can bring them back" in asked.text
            assert "talk" in world.conversations.rows
        done = await http.post("/chat/talk/delete", data=world.form(confirm="yes"))
        page = await http.get(done.headers["location"])
        again = await http.post("/chat/talk/delete", data=world.form(confirm="yes"))
    assert "The conversation is deleted." in page.text
    assert "No conversations yet" in page.text
    assert again.status_code == 404


async def test_somebody_elses_conversation_is_not_found_on_any_page_of_it() -> None:
    world = World()
    few(world)
    async with world.client("grace-token") as http:
        for what in ("rename", "delete"):
            assert (await http.get(f"/chat/talk/{what}")).status_code == 404
            form = {"csrf": world.grace.csrf, "confirm": "yes", "title": "Mine now"}
            assert (await http.post(f"/chat/talk/{what}", data=form)).status_code == 404
        form = {"csrf": world.grace.csrf, "confirm": "yes"}
        await http.post("/conversations/delete", data=form)
        assert "Which bugs" not in (await http.get("/conversations")).text
    assert world.conversations.rows["talk"].title == "Which bugs are open in ENG?"


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(0), "Today"),
        (timedelta(hours=10), "Today"),
        (timedelta(hours=10, seconds=1), "Yesterday"),
        (timedelta(days=1, hours=10, seconds=1), "Previous 7 days"),
        (timedelta(days=6, hours=10), "Previous 7 days"),
        (timedelta(days=6, hours=10, seconds=1), "November 2026"),
        (timedelta(days=30), "October 2026"),
        (timedelta(days=-1), "Today"),
    ],
)
def test_days_have_their_words(ago: timedelta, words: str) -> None:
    world = World()
    world.conversations.add("talk", "Hello", used_at=NOW - ago)
    [group] = grouped([*world.conversations.rows.values()], NOW)
    assert group.words == words


def test_how_long_conversations_are_kept_is_said_in_words() -> None:
    assert "until you delete them" in kept_for(None)
    assert "the day after its last message" in kept_for(1)
    assert "90 days after" in kept_for(90)


async def test_a_message_to_what_was_deleted_in_another_tab_is_kept_to_begin_anew() -> None:
    world = World()
    few(world)

    async def gone(*_: object) -> str:
        raise no_such_conversation()

    world.assistant.send = gone  # type: ignore[method-assign, assignment]  # for this test alone
    async with world.client() as http:
        page = await http.post("/chat", data=world.form(text="And <this>?", conversation_id="talk"))
    assert page.status_code == 404
    assert ">And &lt;this&gt;?</textarea>" in page.text
    assert "There is no such conversation." in page.text
    assert 'id="conversation-id" value=""' in page.text
