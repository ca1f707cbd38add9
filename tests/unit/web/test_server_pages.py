"""The cards and pages of MCP servers, for the people who connect them."""

from dataclasses import replace

import pytest

from tests.gallery.server_states import OWN, OWN_VIEWS
from tests.unit.web.fake_servers import FakeLink, registered, server, signing_in
from tests.unit.web.fakes import CONNECTED, World, flow, problem
from xerus.connections.views import FlowStatus, Outcome, State
from xerus.errors import UpstreamRefused
from xerus.remotes.checks import Tried
from xerus.remotes.servers import Auth
from xerus.remotes.views import shared_view

HOSTILE = '<img src=x onerror="alert(1)">'
BASE = "/connections/servers/docs"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def docs(world: World) -> FakeLink:
    return world.remotes.put(signing_in("docs", "Docs"), OWN_VIEWS[State.NOT_CONNECTED])


async def test_a_card_offers_what_can_be_done_in_its_state(world: World, docs: FakeLink) -> None:
    words = {
        State.NOT_CONNECTED: ("Configure Docs",),
        State.CONNECTED: ("Manage Docs", "Reconnect Docs", "Disconnect Docs"),
        State.NEEDS_RECONNECT: ("Reconnect needed", "Reconnect Docs", "no longer accepts"),
        State.DISCONNECTED: ("Configure Docs", "was told to end the access"),
    }
    async with world.client() as http:
        for state, expected in words.items():
            docs.shown = OWN_VIEWS[state]
            page = (await http.get("/tools")).text
            for word in expected:
                assert word in page, state
            assert 'id="server-docs"' in page
            assert f'data-base="{BASE}"' in page


async def test_a_server_for_everybody_has_nothing_to_connect(world: World) -> None:
    free = registered(server("wiki", "Team wiki"))
    world.remotes.put(free, shared_view(free))
    async with world.client() as http:
        card = (await http.get("/tools/servers/wiki")).text
    assert "Ready" in card
    assert "there is nothing for you to connect" in card
    assert "/start" not in card


async def test_a_card_says_that_atlassian_tokens_are_handed_and_to_whom(world: World) -> None:
    handed = registered(server("mine", "mcp-atlassian", handed=True))
    world.remotes.put(handed, shared_view(handed))
    async with world.client() as http:
        lacking = (await http.get("/tools/servers/mine")).text
        world.connections.shown = CONNECTED
        ready = (await http.get("/tools/servers/mine")).text
        page = (await http.get("/connections/servers/mine")).text
    assert "Needs Atlassian" in lacking
    assert "works with your Atlassian account, which is not connected" in lacking
    assert "Ready" in ready
    for text in (lacking, ready, page):
        assert "hands your own Atlassian token to mine.example.com" in text


async def test_start_goes_to_the_sign_in_and_never_from_another_site(
    world: World, docs: FakeLink
) -> None:
    async with world.client() as http:
        went = await http.get(f"{BASE}/start", headers={"Referer": "http://localhost:8000/chat/1"})
        assert went.status_code == 303
        assert went.headers["location"].startswith("https://login.example.com/")
        assert went.headers["cache-control"] == "no-store"
        other = await http.get(f"{BASE}/start", headers={"Sec-Fetch-Site": "cross-site"})
        assert other.status_code == 403
    assert docs.calls == [("begin", "/chat/1")]


@pytest.mark.parametrize(
    "return_to", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"]
)
async def test_a_way_back_off_this_server_is_not_taken(
    world: World, docs: FakeLink, return_to: str
) -> None:
    async with world.client() as http:
        await http.get(f"{BASE}/start", params={"return_to": return_to})
    assert docs.calls == [("begin", "/tools")]


async def test_the_return_says_how_it_ended(world: World, docs: FakeLink) -> None:
    docs.outcome = Outcome(status=FlowStatus.CONNECTED, flow_id=None, view=OWN)
    async with world.client() as http:
        good = (await http.get(f"{BASE}/callback?code=c&state=s")).text
        error = problem("access_denied", "You declined access at Docs.", "Connect again.")
        docs.outcome = replace(docs.outcome, status=FlowStatus.DENIED, error=error)
        declined = (await http.get(f"{BASE}/callback?error=access_denied&state=s")).text
        empty = await http.get(f"{BASE}/callback")
    assert "Authentication Successful" in good
    assert "Docs is connected." in good
    assert 'data-connect-result="connected"' in good
    assert "You declined access at Docs." in declined
    assert empty.status_code == 400


async def test_a_key_is_given_in_a_form_and_never_shown(world: World) -> None:
    keyed = registered(server("docs", "Docs", auth=Auth.API_KEY), key_of_each=True)
    link = world.remotes.put(keyed, OWN_VIEWS[State.NOT_CONNECTED])
    link.refuses_key = UpstreamRefused("The server refused a first call with status 401.")
    async with world.client() as http:
        form = (await http.get(f"{BASE}/start")).text
        assert 'type="password"' in form
        refused = await http.post(f"{BASE}/key", data=world.form(key="hush-hush"))
        assert refused.status_code == 502
        assert "Nothing was stored." in refused.text
        link.refuses_key = None
        kept = await http.post(f"{BASE}/key", data=world.form(key="hush-hush"))
        assert "Authentication Successful" in kept.text
        card = (await http.get("/tools")).text
    assert "hush-hush" not in refused.text + kept.text + card
    assert link.calls == [("key", "hush-hush")]
    # A form needs no window.
    assert "data-popup" not in card.split('id="server-docs"')[1]


async def test_disconnecting_is_asked_first(world: World, docs: FakeLink) -> None:
    docs.shown = OWN
    async with world.client() as http:
        asked = await http.post(f"{BASE}/disconnect", data=world.form())
        assert "The server is told to end the access." in asked.text
        assert docs.calls == []
        await http.post(f"{BASE}/disconnect", data=world.form(confirm="yes"))
    assert docs.calls == [("disconnect", world.ada.user.id)]


async def test_a_test_says_in_words_how_it_went(world: World, docs: FakeLink) -> None:
    docs.shown = OWN
    async with world.client() as http:
        assert "It works." in (await http.post(f"{BASE}/test", data=world.form())).text
        docs.tried = Tried(seconds=1, error=UpstreamRefused("It says no.", hint="Ask there."))
        failed = (await http.post(f"{BASE}/test", data=world.form())).text
    assert "It says no." in failed
    assert "Ask there." in failed


async def test_status_and_stream_tell_how_far_an_attempt_is(world: World, docs: FakeLink) -> None:
    docs.newest = flow(FlowStatus.PENDING)
    async with world.client() as http:
        status = (await http.get(f"{BASE}/status")).json()
        stream = (await http.get(f"{BASE}/events")).text
    assert (status["pending"], status["state"]) == (True, "not_connected")
    assert stream.endswith("event: end\ndata: {}\n\n")


async def test_a_hostile_name_and_hostile_scopes_are_text_on_every_page(world: World) -> None:
    row = signing_in("docs", HOSTILE)
    link = world.remotes.put(row, replace(OWN, scopes=frozenset({HOSTILE}), cause=HOSTILE))
    link.outcome = Outcome(
        status=FlowStatus.FAILED, flow_id=None, view=OWN, error=problem("x", HOSTILE, HOSTILE)
    )
    async with world.client() as http:
        for path in ("/tools", BASE, f"{BASE}/disconnect", f"{BASE}/callback?code=c&state=s"):
            page = (await http.get(path)).text
            assert "&lt;img" in page, path
            assert "<img src=x" not in page, path


@pytest.mark.parametrize("path", ["", "/start", "/callback?code=c", "/status", "/disconnect"])
async def test_a_server_that_is_gone_is_not_found(world: World, path: str) -> None:
    async with world.client() as http:
        assert (await http.get(f"/connections/servers/none{path}")).status_code == 404
