from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

from tests.unit.web.fakes import CONNECTED, NOW, World, flow, problem
from xerus.connections.views import FlowStatus, State


async def test_a_new_chat_names_the_demo_model_and_offers_examples() -> None:
    async with World().client() as http:
        page = await http.get("/")
    assert "Demo model: no AI." in page.text
    assert "find open bugs in ENG" in page.text
    assert "What can I do for you, Ada?" in page.text


async def test_a_message_without_scripts_reloads_with_the_whole_answer() -> None:
    world = World()
    async with world.client() as http:
        answer = await http.post("/chat", data=world.form(text="hello", conversation_id=""))
        page = await http.get(answer.headers["location"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat/talk")
    assert "hello" in page.text
    assert "<p>Understood.</p>" in page.text


async def test_a_message_by_script_gets_the_transcript_alone() -> None:
    world = World()
    async with world.client() as http:
        answer = await http.post(
            "/chat", data=world.form(text="hello"), headers={"HX-Request": "true"}
        )
    assert answer.status_code == 200
    assert answer.headers["hx-push-url"] == "/chat/talk"
    assert "<html" not in answer.text
    assert 'id="conversations" hx-swap-oob="true"' in answer.text


async def test_what_a_person_wrote_is_text_and_never_markup() -> None:
    world = World()
    async with world.client() as http:
        await http.post("/chat", data=world.form(text="<script>alert(1)</script>"))
        page = await http.get("/chat/talk")
    assert "<script>alert" not in page.text


async def test_an_empty_message_is_refused_in_words() -> None:
    world = World()
    async with world.client() as http:
        answer = await http.post("/chat", data=world.form(text="  "))
    assert answer.status_code == 400
    assert "Write something" in answer.text


async def test_a_conversation_of_somebody_else_is_not_found() -> None:
    world = World()
    world.assistant.entries["talk"] = []
    async with world.client("grace-token") as http:
        assert (await http.get("/chat/talk")).status_code == 404


async def test_an_approval_shows_what_will_be_done_and_takes_a_decision() -> None:
    world = World()
    world.assistant.entries["talk"] = [
        SimpleNamespace(
            kind="approval",
            call_id="c1",
            tool="jira_create_issue",
            title="Create issue in ENG",
            preview=[("Project", "ENG"), ("Summary", "<b>Rotate</b>")],
            arguments='{"project_key": "ENG"}',
            expires_at=NOW + timedelta(minutes=30),
            state="waiting",
        )
    ]
    async with world.client() as http:
        page = await http.get("/chat/talk")
        await http.post("/chat/talk/decide", data=world.form(call_id="c1", decision="approve"))
        await http.post("/chat/talk/decide", data=world.form(call_id="c1", decision="decline"))
        odd = await http.post("/chat/talk/decide", data=world.form(call_id="c1", decision="yes"))
    assert "Approve: Create issue in ENG?" in page.text
    assert "&lt;b&gt;Rotate&lt;/b&gt;" in page.text
    assert 'value="approve"' in page.text
    assert 'value="decline"' in page.text
    assert world.assistant.decisions == [("c1", True), ("c1", False)]
    assert odd.status_code == 400


async def test_a_call_without_a_connection_offers_configure_in_place() -> None:
    world = World()
    world.assistant.entries["talk"] = [
        SimpleNamespace(kind="needs_connection", text="Connect first.", url="/tools")
    ]
    async with world.client() as http:
        page = await http.get("/chat/talk")
    assert 'aria-label="Configure Atlassian"' in page.text
    assert 'href="/tools"' in page.text


async def test_once_connected_the_same_request_is_one_click_away() -> None:
    world = World()
    world.connections.shown = CONNECTED
    world.assistant.entries["talk"] = [
        SimpleNamespace(kind="person", text="show ENG-12"),
        SimpleNamespace(kind="needs_connection", text="Connect first.", url="/tools"),
    ]
    async with world.client() as http:
        page = await http.get("/chat/talk")
    assert "Configure" not in page.text
    assert 'name="text" value="show ENG-12"' in page.text


async def test_after_connecting_nothing_goes_on_saying_that_it_is_missing() -> None:
    world = World()
    world.connections.shown = CONNECTED
    world.assistant.entries["talk"] = [
        SimpleNamespace(kind="person", text="show ENG-12"),
        SimpleNamespace(kind="assistant", author="model", html="Atlassian is not connected."),
        SimpleNamespace(kind="needs_connection", text="Connect first.", url="/tools"),
    ]
    async with world.client() as http:
        page = await http.get("/chat/talk")
    assert "Connected now. Ask again." in page.text
    assert "not connected" not in page.text
    assert "Connect first." not in page.text


async def test_declining_in_the_window_is_told_in_the_chat_with_a_way_on() -> None:
    world = World()
    refused = problem("access_denied", "You declined access at Atlassian.", "Connect again.")
    world.connections.newest = flow(FlowStatus.DENIED, refused)
    world.assistant.entries["talk"] = [
        SimpleNamespace(kind="needs_connection", text="Connect first.", url="/tools")
    ]
    async with world.client() as http:
        page = await http.get("/chat/talk")
    assert "You declined access at Atlassian." in page.text
    assert 'aria-label="Configure Atlassian"' in page.text
    assert 'hx-get="/chat/talk/transcript"' in page.text


async def test_a_connection_that_ended_is_reconnected_from_the_chat() -> None:
    world = World()
    world.connections.shown = replace(CONNECTED, state=State.NEEDS_RECONNECT)
    world.assistant.entries["talk"] = [
        SimpleNamespace(kind="needs_connection", text="Connect first.", url="/tools")
    ]
    async with world.client() as http:
        page = await http.get("/chat/talk")
    assert 'aria-label="Reconnect Atlassian"' in page.text
