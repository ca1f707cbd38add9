from dataclasses import replace

import orjson
import pytest

from tests.unit.web.fakes import ACME, CONNECTED, LABS, World, flow, problem
from xerus.connections.views import ConnectionView, FlowStatus, Outcome, State
from xerus.errors import NotConfigured

BASE = "/connections/atlassian"
CHOOSING = replace(CONNECTED, state=State.CHOOSING_SITE, sites=(replace(ACME, chosen=False), LABS))


def outcome(status: FlowStatus, view: ConnectionView = CONNECTED, **rest: str) -> Outcome:
    error = problem("c", rest["message"], "Choose Try again.") if "message" in rest else None
    back = rest.get("return_to", "/tools")
    return Outcome(status=status, flow_id=None, view=view, error=error, return_to=back)


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}]
)
async def test_start_leads_to_atlassian(headers: dict[str, str]) -> None:
    async with World().client() as http:
        answer = await http.get(f"{BASE}/start", headers=headers)
    assert answer.status_code == 303
    assert answer.headers["location"] == "https://auth.example/authorize?state=x"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_site_cannot_start_a_flow(site: str) -> None:
    world = World()
    async with world.client() as http:
        answer = await http.get(f"{BASE}/start", headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert world.connections.calls == []


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://localhost:8000/chat/talk", "/chat/talk"),
        ("http://localhost:8000/connections/atlassian/callback?code=c", "/tools"),
        ("", "/tools"),
        ("https://evil.example//evil.example", "/tools"),
        ("http://[::1", "/tools"),
    ],
)
async def test_the_flow_leads_back_to_the_page_it_began_on(referer: str, back: str) -> None:
    world = World()
    async with world.client() as http:
        await http.get(f"{BASE}/start", headers={"Referer": referer})
    assert world.connections.calls == [("begin", back)]


async def test_a_flow_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    async def refuse(**_: object) -> None:
        raise NotConfigured("There is no Atlassian app.", hint="Set ATLASSIAN_OAUTH_CLIENT_ID.")

    monkeypatch.setattr(world.connections, "begin", refuse)
    async with world.client() as http:
        answer = await http.get(f"{BASE}/start")
    assert answer.status_code == 503
    assert "Set ATLASSIAN_OAUTH_CLIENT_ID." in answer.text


async def test_success_says_who_is_connected_and_closes() -> None:
    world = World()
    world.connections.outcome = outcome(FlowStatus.CONNECTED, return_to="/chat/talk")
    async with world.client() as http:
        page = await http.get(f"{BASE}/callback?code=c&state=s")
    assert page.status_code == 200
    assert "Authentication Successful" in page.text
    assert "ada@example.com (acme)" in page.text
    assert 'data-connect-result="connected" data-return-to="/chat/talk"' in page.text


async def test_the_way_back_stays_on_this_server() -> None:
    world = World()
    world.connections.outcome = outcome(FlowStatus.CONNECTED, return_to="//evil.example")
    async with world.client() as http:
        page = await http.get(f"{BASE}/callback?code=c&state=s")
    assert "evil.example" not in page.text


@pytest.mark.parametrize("status", [FlowStatus.DENIED, FlowStatus.FAILED])
async def test_failure_stays_open_with_a_next_step_and_a_reference(status: FlowStatus) -> None:
    world = World()
    world.connections.outcome = outcome(status, message="It did not work.")
    async with world.client() as http:
        page = await http.get(f"{BASE}/callback?error=access_denied&state=s")
    for words in ("It did not work.", "Try again", "4f9c21ab07de"):
        assert words in page.text
    assert 'data-connect-result="connected"' not in page.text


async def test_a_callback_without_parameters_is_an_error_in_words() -> None:
    async with World().client() as http:
        answer = await http.get(f"{BASE}/callback")
    assert answer.status_code == 400
    assert "Start again from the Tools page." in answer.text


async def test_a_site_is_chosen_with_one_button_and_the_window_says_so() -> None:
    world = World()
    world.connections.shown = CHOOSING
    world.connections.outcome = outcome(FlowStatus.CHOOSING_SITE, CHOOSING)
    async with world.client() as http:
        page = await http.get(f"{BASE}/callback?code=c&state=s")
        chosen = await http.post(
            f"{BASE}/site", data=world.form(cloud_id="cloud-labs", return_to=f"{BASE}/done")
        )
        done = await http.get(chosen.headers["location"])
    assert 'aria-label="labs"' in page.text
    assert ("choose_site", "cloud-labs") in world.connections.calls
    assert "Authentication Successful" in done.text
    assert "(labs)" in done.text


async def test_a_site_of_somebody_else_is_not_found() -> None:
    world = World()
    world.connections.shown = CHOOSING
    async with world.client() as http:
        answer = await http.post(f"{BASE}/site", data=world.form(cloud_id="cloud-other"))
    assert answer.status_code == 404


async def test_cancel_returns_to_tools_or_replaces_the_card() -> None:
    world = World()
    async with world.client() as http:
        plain = await http.post(f"{BASE}/cancel", data=world.form())
        card = await http.post(f"{BASE}/cancel", data=world.form(), headers={"HX-Request": "true"})
    assert plain.headers["location"] == "/tools"
    assert "You cancelled. Nothing was stored." in card.text


async def test_disconnect_asks_first() -> None:
    world = World()
    world.connections.shown = CONNECTED
    async with world.client() as http:
        asked = await http.post(f"{BASE}/disconnect", data=world.form())
        assert world.connections.calls == []
        done = await http.post(f"{BASE}/disconnect", data=world.form(confirm="yes"))
    assert "Disconnect Atlassian?" in asked.text
    assert done.headers["location"] == "/tools"
    assert world.connections.calls == [("disconnect", "ada")]
    assert world.assistant.ran_out == ["ada"]


async def test_the_detail_shows_each_permission_in_words_and_those_not_granted() -> None:
    world = World()
    world.connections.shown = replace(CONNECTED, missing_scopes=frozenset({"write:jira-work"}))
    async with world.client() as http:
        page = await http.get(BASE)
    assert "Read issues, comments and projects" in page.text
    assert "Create and change issues and comments (not granted)" in page.text
    assert "Create and change pages" in page.text


async def test_a_test_shows_its_result() -> None:
    world = World()
    world.connections.shown = CONNECTED
    async with world.client() as http:
        page = await http.post(f"{BASE}/test", data=world.form())
    assert "It works." in page.text


async def test_status_holds_no_more_than_the_page_needs() -> None:
    world = World()
    world.connections.newest = flow(FlowStatus.PENDING)
    async with world.client() as http:
        status = (await http.get(f"{BASE}/status")).json()
    assert status["pending"] is True
    assert status["flow"] == {"id": "f1", "status": "pending"}
    assert set(status) == {"version", "state", "usable", "pending", "flow"}


async def test_the_stream_tells_the_state_and_each_change_and_ends() -> None:
    world = World()
    world.connections.newest = flow(FlowStatus.PENDING)
    async with world.client() as http:
        answer = await http.get(f"{BASE}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    messages = [line[6:] for line in answer.text.splitlines() if line.startswith('data: {"v')]
    first, second = (orjson.loads(message) for message in messages)
    assert (first["pending"], second["pending"]) == (True, False)
    assert first["version"] != second["version"]
    assert answer.text.endswith("event: end\ndata: {}\n\n")


async def test_where_a_token_is_shared_nobody_connects_by_its_address_either() -> None:
    world = World(mode="shared")
    async with world.client() as http:
        page = await http.get(f"{BASE}/start")
    assert page.status_code == 409
    assert "nothing for you to connect" in page.text
    assert "Try again" not in page.text
    assert world.connections.calls == []
