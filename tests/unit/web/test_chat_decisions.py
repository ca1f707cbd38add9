"""What the chat's pages show of calls that wait, and the decisions they take."""

from dataclasses import replace
from typing import Any

from tests.gallery.server_states import OWN_VIEWS
from tests.unit.web.fake_servers import signing_in
from tests.unit.web.fakes import CONNECTED, NOW, World, flow, problem
from tests.unit.web.waiting import approval, created, held
from xerus.assistant.changes import Preview
from xerus.assistant.verdicts import Verdict
from xerus.connections.views import FlowStatus, State


async def test_an_approval_shows_what_will_be_done_and_takes_a_decision() -> None:
    world = World()
    page = await shown(world, approval(created("<b>Rotate</b>")))
    async with world.client() as http:
        given = {"call_id": "c1", "shown": "5f"}
        await http.post("/chat/talk/decide", data=world.form(decision="approve", **given))
        await http.post(
            "/chat/talk/decide",
            data=world.form(decision="decline", reason="Not \n today", **given),
        )
        odd = await http.post("/chat/talk/decide", data=world.form(decision="yes", **given))
        nothing = await http.post("/chat/talk/decide", data=world.form(decision="approve"))
    assert "Approve: Create issue?" in page
    assert "&lt;b&gt;Rotate&lt;/b&gt;" in page
    assert "Done as ada@example.com." in page
    assert world.assistant.verdicts == [
        Verdict(approval_id="c1", approve=True, shown="5f"),
        Verdict(approval_id="c1", approve=False, shown="5f", reason="Not today"),
    ]
    assert (odd.status_code, nothing.status_code) == (400, 400)


async def test_a_decision_needs_a_session_the_form_token_and_our_own_page() -> None:
    world = World()
    world.assistant.entries["talk"] = [approval()]
    form = world.form(decision="approve", call_id="c1", shown="5f")
    async with world.client() as http:
        forged = await http.post("/chat/talk/decide", data=form | {"csrf": "forged"})
        away = await http.post(
            "/chat/talk/decide", data=form, headers={"Sec-Fetch-Site": "cross-site"}
        )
        world.sessions.live.clear()
        ended = await http.post("/chat/talk/decide", data=form)
    assert (forged.status_code, away.status_code) == (403, 403)
    assert (ended.status_code, ended.headers["location"]) == (303, "/signin")
    assert world.assistant.verdicts == []


async def test_before_and_after_are_told_apart_in_words() -> None:
    preview = Preview(target="ENG-7: Login")
    preview.change("Priority", "Low", "High")
    preview.lost("Description", "Old text")
    preview.texts("Text", "same\nold", "same\nnew <i>")
    page = await shown(World(), approval(preview))
    for words in ("Now: </span>Low", "Then: </span>High", "Will be gone: </span>Old text"):
        assert words in page
    assert "Removed: </span>old</del>" in page
    assert "Added: </span>new &lt;i&gt;</ins>" in page


async def test_a_decision_that_is_over_says_which() -> None:
    for state, words in (
        ("expired", "Expired, not run"),
        ("superseded", "you wrote something else"),
        ("disconnected", "Atlassian was disconnected"),
    ):
        page = await shown(World(), approval(state=state))
        assert words in page
        assert 'value="approve"' not in page


async def shown(world: World, *entries: Any) -> str:
    world.assistant.entries["talk"] = list(entries)
    async with world.client() as http:
        return (await http.get("/chat/talk")).text


async def test_a_call_without_a_connection_offers_configure_in_place() -> None:
    page = await shown(World(), held())
    assert 'aria-label="Configure Atlassian"' in page
    assert 'href="/tools"' in page
    assert "“Get issue” needs your permission" in page


async def test_once_connected_the_call_goes_on_by_itself_and_by_a_button() -> None:
    world = World()
    world.connections.shown = replace(CONNECTED, connected_at=NOW)
    page = await shown(world, held())
    assert "Configure" not in page
    assert 'hx-trigger="submit, load"' in page
    assert "Continue" in page


async def test_a_call_that_failed_on_a_standing_connection_is_not_begun_again_by_itself() -> None:
    world = World()
    world.connections.shown = CONNECTED
    page = await shown(world, held())
    assert 'hx-trigger="submit"' in page
    assert "Continue" in page


async def test_a_missing_permission_is_named_and_asked_for_again() -> None:
    world = World()
    world.connections.shown = CONNECTED
    page = await shown(world, held(lacking=("write:jira-work",)))
    assert 'aria-label="Reconnect Atlassian"' in page
    assert "Jira: Create and change issues and comments" in page
    assert "Continue" not in page


async def test_a_wait_that_is_over_says_why_and_offers_nothing() -> None:
    world = World()
    for state, words in (("expired", "not connected in time"), ("declined", "you gave it up")):
        page = await shown(world, held(state=state))
        assert words in page
        assert "Configure" not in page
        assert "Continue" not in page


async def test_declining_in_the_window_is_told_in_the_chat_with_a_way_on() -> None:
    world = World()
    refused = problem("access_denied", "You declined access at Atlassian.", "Connect again.")
    world.connections.newest = flow(FlowStatus.DENIED, refused)
    page = await shown(world, held())
    assert "You declined access at Atlassian." in page
    assert 'aria-label="Configure Atlassian"' in page
    assert 'hx-get="/chat/talk/transcript"' in page
    assert "Do not run it" in page


async def test_calls_of_other_servers_offer_their_own_connection_each_beside_atlassians() -> None:
    world = World()
    docs = world.remotes.put(signing_in("docs", "Docs"), OWN_VIEWS[State.NOT_CONNECTED])
    away = held(call_ids=("c2",), titles=("Connect Docs",), name="Docs", server="docs")
    page = await shown(world, held(), away)
    assert page.index("Configure Atlassian") < page.index("Configure Docs")
    assert "“Connect Docs” needs your permission at Docs" in page
    assert 'data-base="/connections/servers/docs"' in page
    assert page.count('btn btn-primary" role="button"') == 1

    docs.shown = replace(OWN_VIEWS[State.CONNECTED], connected_at=NOW)
    page = await shown(world, away)
    assert 'hx-trigger="submit, load"' in page

    world.remotes.held.clear()
    page = await shown(world, away)
    assert "because Docs is not here any more" in page
    assert "Continue" not in page


async def test_a_connection_that_ended_is_reconnected_from_the_chat() -> None:
    world = World()
    world.connections.shown = replace(CONNECTED, state=State.NEEDS_RECONNECT)
    page = await shown(world, held())
    assert 'aria-label="Reconnect Atlassian"' in page
