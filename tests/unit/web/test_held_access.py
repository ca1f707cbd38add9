from tests.unit.web.fakes import ADA, CONNECTED, GRACE, World, person
from xerus.ids import FamilyId
from xerus.web.held_access import in_words


async def test_clients_are_listed_with_what_they_may_and_where_answers_go() -> None:
    world = World()
    world.grants.add("f1", ADA, "Claude", "https://claude.ai/callback", "http://127.0.0.1:1/cb")
    world.grants.add("f2", GRACE, "Of Grace", "https://elsewhere.example/cb")
    async with world.client() as http:
        page = await http.get("/access")
    for words in ("Claude", "May read and change Jira, read Confluence.", "2 minutes ago"):
        assert words in page.text
    assert "claude.ai, a program on your computer" in page.text
    assert "Of Grace" not in page.text


async def test_without_clients_the_way_to_connect_one_is_shown() -> None:
    async with World().client() as http:
        page = await http.get("/access")
    assert "No MCP client has access" in page.text
    assert 'href="/tools/clients"' in page.text


async def test_an_ended_client_is_gone_and_a_second_click_changes_nothing() -> None:
    world = World()
    world.grants.add("f1", ADA, "Claude", "https://claude.ai/callback")
    async with world.client() as http:
        first = await http.post("/access/clients/end", data=world.form(id="f1"))
        second = await http.post("/access/clients/end", data=world.form(id="f1"))
        page = await http.get(first.headers["location"])
    assert (first.status_code, second.headers["location"]) == (303, "/access")
    assert "Its next request is refused." in page.text
    assert "Claude" not in page.text.split("Signed-in browsers")[0].split("No MCP client")[0]


async def test_nobody_ends_what_is_somebody_elses() -> None:
    world = World()
    world.grants.add("f2", GRACE, "Of Grace", "https://elsewhere.example/cb")
    async with world.client() as http:
        await http.post("/access/clients/end", data=world.form(id="f2"))
        await http.post("/access/browsers/end", data=world.form(id=world.grace.id))
    assert FamilyId("f2") in world.grants.held
    assert "grace-token" in world.sessions.live


async def test_the_present_browser_is_marked_and_another_one_can_be_ended() -> None:
    world = World()
    other = world.sessions.add("old-token", person(ADA))
    async with world.client() as http:
        page = await http.get("/access")
        ended = await http.post("/access/browsers/end", data=world.form(id=other.id))
    assert page.text.count("This browser") == 1
    assert ended.headers["location"] == "/access?ended=browser"
    assert set(world.sessions.live) == {"ada-token", "grace-token"}


async def test_ending_the_present_browser_signs_it_out() -> None:
    world = World()
    async with world.client() as http:
        ended = await http.post("/access/browsers/end", data=world.form(id=world.ada.id))
    assert ended.headers["location"] == "/signout"
    assert "ada-token" not in world.sessions.live


async def test_an_end_needs_the_token_of_the_form() -> None:
    world = World()
    world.grants.add("f1", ADA, "Claude", "https://claude.ai/callback")
    async with world.client() as http:
        answer = await http.post("/access/clients/end", data={"id": "f1"})
    assert answer.status_code == 403
    assert FamilyId("f1") in world.grants.held


async def test_the_connection_stands_beside_them_with_its_end() -> None:
    world = World()
    world.connections.shown = CONNECTED
    async with world.client() as http:
        page = await http.get("/access")
    assert "ada@example.com" in page.text
    assert 'aria-label="Disconnect Atlassian"' in page.text


async def test_a_shared_token_is_nobodys_to_end() -> None:
    async with World(mode="shared").client() as http:
        page = await http.get("/access")
    assert "which you cannot end" in page.text
    assert "Disconnect" not in page.text


async def test_an_own_connection_can_be_ended_where_all_share_a_token() -> None:
    world = World(mode="shared")
    world.connections.shown = CONNECTED
    async with world.client() as http:
        for path in ("/access", "/tools"):
            page = (await http.get(path)).text
            assert 'aria-label="Disconnect Atlassian"' in page
            assert "Reconnect" not in page
            assert "acme" not in page
            assert "is not used" in page


def test_scopes_are_words() -> None:
    assert in_words(["confluence:write", "jira:read"]) == "read Jira, change Confluence"


async def test_what_is_allowed_without_asking_is_listed_and_asked_for_again() -> None:
    world = World()
    world.consents.add("c1", ADA, "Claude", "https://claude.ai/callback")
    world.consents.add("c2", GRACE, "Of Grace", "https://elsewhere.example/cb")
    async with world.client() as http:
        page = await http.get("/access")
        await http.post("/access/consents/forget", data=world.form(id="c2"))
        first = await http.post("/access/consents/forget", data=world.form(id="c1"))
        second = await http.post("/access/consents/forget", data=world.form(id="c1"))
    assert "You are not asked when it wants to read Jira" in page.text
    assert "claude.ai" in page.text
    assert "Of Grace" not in page.text
    assert first.headers["location"] == "/access?ended=consent"
    assert second.headers["location"] == "/access"
    assert world.consents.held.keys() == {"c2"}
