import pytest

from tests.unit.web.fake_servers import registered, server
from tests.unit.web.fakes import ADA, World
from xerus.remotes.servers import Auth

HOSTILE = '<img src=x onerror="alert(1)">'
ONE = "/admin/servers/one?id=id-docs"


@pytest.fixture
def world() -> World:
    world = World()
    world.servers.put(registered(server("docs", "Docs")))
    world.servers.put(
        registered(server("crm", "Customers", auth=Auth.API_KEY), key_of_each=True), people=2
    )
    world.servers.put(registered(server("evil", HOSTILE, handed=True)))
    return world


async def test_the_list_says_of_each_how_it_is_and_who_uses_it(world: World) -> None:
    async with world.client() as http:
        page = (await http.get("/admin/servers")).text
    for words in (
        *("docs.example.com", "Without a credential", "Each person&#39;s own key", "Answers"),
        *("2 people have connected it", "12 tools", "Gets Atlassian tokens"),
    ):
        assert words in page


async def test_a_server_is_looked_at_before_it_is_added(world: World) -> None:
    async with world.client() as http:
        looked = await http.post(
            "/admin/servers/look", data=world.form(url="https://new.example.com/mcp")
        )
        assert "answers without asking who calls" in looked.text
        assert world.servers.calls == []
        added = await http.post(
            "/admin/servers/add",
            data=world.form(
                url="https://new.example.com/mcp", name="New", slug="new", way="nothing"
            ),
        )
        shown = await http.get(added.headers["location"])
    assert "The server is added." in shown.text
    assert world.servers.calls == [("add", "new", ADA)]


async def test_an_address_that_may_not_be_called_is_refused_in_words_and_kept(
    world: World,
) -> None:
    async with world.client() as http:
        answer = await http.post("/admin/servers/look", data=world.form(url="http://10.0.0.1/"))
    assert answer.status_code == 400
    assert "it has to begin with https" in answer.text
    assert 'value="http://10.0.0.1/"' in answer.text


async def test_what_cannot_be_added_comes_back_with_the_mistakes_but_without_the_key(
    world: World,
) -> None:
    async with world.client() as http:
        answer = await http.post(
            "/admin/servers/add",
            data=world.form(
                url="https://a.example.com/", name="", slug="b", way="shared_key", key="hush-hush"
            ),
        )
    assert answer.status_code == 400
    assert "The name is missing." in answer.text
    assert 'value="shared_key" checked' in answer.text
    assert "hush-hush" not in answer.text


async def test_a_server_is_believed_which_tools_only_read_when_an_administrator_says_so(
    world: World,
) -> None:
    async with world.client() as http:
        assert "Every tool of this server waits" in (await http.get(ONE)).text
        for trust, shown in (("yes", "run without being asked about"), ("no", "Every tool of")):
            form = world.form(id="id-docs", trust=trust)
            done = await http.post("/admin/servers/trust", data=form)
            assert shown in (await http.get(done.headers["location"])).text
    assert [call[0] for call in world.servers.calls] == ["trust", "distrust"]


async def test_tokens_are_handed_only_after_the_host_was_typed(world: World) -> None:
    async with world.client() as http:
        asked = await http.get("/admin/servers/hand?id=id-docs")
        assert "docs.example.com" in asked.text
        assert "for as long as the token lives" in asked.text
        wrong = await http.post(
            "/admin/servers/hand", data=world.form(id="id-docs", host="example.com")
        )
        assert wrong.status_code == 400
        assert world.servers.calls == []
        done = await http.post(
            "/admin/servers/hand", data=world.form(id="id-docs", host="docs.example.com")
        )
        assert "Tokens are handed" in (await http.get(done.headers["location"])).text
    assert world.servers.calls == [("hand", "id-docs", ADA)]


async def test_the_page_of_a_server_that_gets_tokens_says_what_that_means(world: World) -> None:
    async with world.client() as http:
        page = (await http.get("/admin/servers/one?id=id-evil")).text
        quiet = (await http.get(ONE)).text
    assert "hands the person's own Atlassian token to evil.example.com" in page
    assert "This server gets no token" in quiet


async def test_a_server_is_removed_after_a_page_that_says_what_goes(world: World) -> None:
    async with world.client() as http:
        asked = await http.post("/admin/servers/remove", data=world.form(id="id-crm"))
        assert "2 people lose their connection" in asked.text
        assert world.servers.calls == []
        done = await http.post("/admin/servers/remove", data=world.form(id="id-crm", confirm="yes"))
        assert "The server is removed." in (await http.get(done.headers["location"])).text
    assert world.servers.calls == [("remove", "id-crm", ADA)]


async def test_a_hostile_name_is_text_on_every_page(world: World) -> None:
    async with world.client() as http:
        for path in ("", "/one?id=id-evil", "/hand?id=id-evil", "/remove?id=id-evil"):
            page = (await http.get(f"/admin/servers{path}")).text
            assert "&lt;img" in page
            assert "<img src=x" not in page


async def test_pages_of_servers_are_for_administrators(world: World) -> None:
    async with world.client("grace-token") as http:
        for path in ("", "/add", "/one?id=id-docs", "/hand?id=id-docs", "/remove?id=id-docs"):
            assert (await http.get(f"/admin/servers{path}")).status_code == 403
        gone = await http.post(
            "/admin/servers/remove",
            data={"csrf": world.grace.csrf, "id": "id-docs", "confirm": "yes"},
        )
    assert gone.status_code == 403
    assert world.servers.calls == []
