import pytest

from tests.gallery.conversations import branched, failed, few, orphaned
from tests.unit.web.fakes import World
from xerus.errors import LimitReached


async def test_a_message_is_edited_on_a_page_of_its_own_and_sent_in_a_branch() -> None:
    world = World()
    branched(world)
    async with world.client() as http:
        page = await http.get("/chat/branch")
        assert '/chat/branch/edit?turn=2"' in page.text
        asked = await http.get("/chat/talk/edit?turn=0")
        sent = await http.post("/chat/talk/edit", data=world.form(turn="0", text="In OPS?"))
    assert ">Which bugs are open in ENG?</textarea>" in asked.text
    assert (sent.status_code, sent.headers["location"]) == (303, "/chat/branch")
    assert world.conversations.said("branch") == ["In OPS?"]
    assert world.conversations.said("talk") == ["Which bugs are open in ENG?"]


async def test_an_edit_that_is_not_taken_comes_back_as_it_was_written() -> None:
    world = World()
    few(world)

    async def full(*_: object) -> str:
        raise LimitReached("More than 60 requests in a minute.", retry_after=5, hint="Wait.")

    world.assistant.send = full  # type: ignore[method-assign, assignment]  # for this test alone
    async with world.client() as http:
        refused = await http.post("/chat/talk/edit", data=world.form(turn="0", text="In <OPS>?"))
        empty = await http.post("/chat/talk/edit", data=world.form(turn="0", text=" "))
    assert refused.status_code == 429
    assert ">In &lt;OPS&gt;?</textarea>" in refused.text
    assert "More than 60 requests" in refused.text
    assert empty.status_code == 400
    assert "branch" not in world.conversations.rows


async def test_branches_and_their_origin_lead_to_each_other() -> None:
    world = World()
    branched(world)
    async with world.client() as http:
        branch = (await http.get("/chat/branch")).text
        origin = (await http.get("/chat/talk")).text
    assert 'href="/chat/talk#turn-0"' in branch
    assert "Went on elsewhere: " in branch
    assert '<a href="/chat/branch"' in origin.partition('id="chat-head"')[2]


async def test_a_branch_says_that_its_origin_was_deleted() -> None:
    world = World()
    orphaned(world)
    async with world.client() as http:
        assert "from a conversation that was deleted." in (await http.get("/chat/branch")).text


async def test_a_failed_answer_is_one_click_from_being_tried_again() -> None:
    world = World()
    failed(world)
    async with world.client() as http:
        page = await http.get("/chat/talk")
        again = await http.post("/chat/talk/again", data=world.form())
    assert 'action="/chat/talk/again"' in page.text
    assert (again.status_code, again.headers["location"]) == (303, "/chat/talk")
    assert world.conversations.said("talk") == ["Which bugs are open in ENG?"] * 2


async def test_nothing_is_offered_again_while_it_is_answered_or_waits() -> None:
    for state in ("answering", "waiting"):
        world = World()
        failed(world)
        world.conversations.add("talk", "Bugs", state=state)
        async with world.client() as http:
            page = (await http.get("/chat/talk")).text
        assert "/chat/talk/again" not in page
        assert "/chat/talk/branch" not in page


@pytest.mark.parametrize("turn", ["", "x", "-1", "1" * 30, "\u0661"])
async def test_what_names_no_message_is_refused_in_words(turn: str) -> None:
    world = World()
    few(world)
    async with world.client() as http:
        assert (await http.get("/chat/talk/edit", params={"turn": turn})).status_code == 400
        for path in ("/chat/talk/edit", "/chat/talk/branch"):
            answer = await http.post(path, data=world.form(turn=turn, text="x"))
            assert answer.status_code == 400


async def test_somebody_elses_conversation_is_neither_branched_nor_answered_again() -> None:
    world = World()
    few(world)
    async with world.client("grace-token") as http:
        assert (await http.get("/chat/talk/edit?turn=0")).status_code == 404
        for what in ("edit", "branch", "again"):
            form = {"csrf": world.grace.csrf, "turn": "0", "text": "x"}
            assert (await http.post(f"/chat/talk/{what}", data=form)).status_code == 404
    assert list(world.conversations.rows) == ["talk"]
