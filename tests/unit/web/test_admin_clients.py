import pytest

from tests.unit.web.fakes import ADA, World

HOSTILE = '<img src=x onerror="alert(1)">'
ID = "https://app.example.com/client?a=1&b=2"


@pytest.fixture
def world() -> World:
    world = World()
    world.clients.put("added-here", "Reports", "administrator", confidential=True)
    world.clients.put("in-file", "Desk", "file")
    world.clients.put("itself", HOSTILE, "dynamic")
    world.clients.put(ID, "Described", "document")
    return world


async def test_the_list_says_how_each_client_came_and_what_may_be_done(world: World) -> None:
    async with world.client() as http:
        page = (await http.get("/admin/clients")).text
    for words in (
        *("Added here", "Operator&#39;s file", "Registered itself", "Described online"),
        *("app.example.com, 127.0.0.1", "2 people allow it", "last used"),
    ):
        assert words in page
    assert 'href="/admin/clients/secret?id=added-here"' in page
    assert 'href="/admin/clients/remove?id=added-here"' in page
    assert "remove?id=in-file" not in page
    assert page.count("/admin/clients/secret?") == 1


async def test_a_hostile_name_is_text_on_every_page(world: World) -> None:
    async with world.client() as http:
        pages = [
            await http.get("/admin/clients"),
            await http.get("/admin/clients/remove?id=itself"),
            await http.post(
                "/admin/clients/add", data=world.form(name=HOSTILE, redirect_uris="https://a.b/")
            ),
            await http.post("/admin/clients/add", data=world.form(name=HOSTILE)),
        ]
    for page in pages:
        assert "&lt;img" in page.text
        assert "<img src=x" not in page.text


async def test_an_id_that_is_an_address_survives_link_and_form(world: World) -> None:
    async with world.client() as http:
        listed = (await http.get("/admin/clients")).text
        address = listed.split('href="/admin/clients/remove?id=https')[1].split('"')[0]
        asked = await http.get(f"/admin/clients/remove?id=https{address}")
        assert "Delete Described?" in asked.text
        assert "come back by itself" in asked.text
        done = await http.post("/admin/clients/remove", data=world.form(id=ID, confirm="yes"))
        assert "The client is deleted." in (await http.get(done.headers["location"])).text
    assert world.clients.calls == [("remove", ID, ADA)]


async def test_nothing_is_ended_or_replaced_before_it_was_confirmed(world: World) -> None:
    async with world.client() as http:
        for path, words in (
            ("/admin/clients/remove", "2 people lose this client's access"),
            ("/admin/clients/secret", "is refused at once"),
        ):
            asked = await http.post(path, data=world.form(id="added-here"))
            assert words in asked.text
            assert 'name="confirm" value="yes"' in asked.text
    assert world.clients.calls == []


async def test_a_secret_is_shown_in_the_answer_alone(world: World) -> None:
    async with world.client() as http:
        shown = await http.post(
            "/admin/clients/secret", data=world.form(id="added-here", confirm="yes")
        )
        assert "shown-once" in shown.text
        assert 'data-copy="client-secret"' in shown.text
        assert shown.headers["cache-control"] == "no-store"
        assert "shown-once" not in (await http.get("/admin/clients")).text
        public = world.form(name="Desk", redirect_uris="http://127.0.0.1/", kind="public")
        added = await http.post("/admin/clients/add", data=public)
    assert "Desk is added" in added.text
    assert "secret" not in added.text.lower()


async def test_a_form_with_mistakes_comes_back_as_it_was_filled_in(world: World) -> None:
    async with world.client() as http:
        page = await http.post(
            "/admin/clients/add",
            data=world.form(name="", redirect_uris="https://a.b/\nx y", kind="confidential"),
        )
    assert page.status_code == 400
    assert "The name is missing." in page.text
    assert "https://a.b/\nx y</textarea>" in page.text
    assert 'value="confidential" checked' in page.text


async def test_what_is_not_an_administrators_to_change_is_said_in_words(world: World) -> None:
    async with world.client() as http:
        in_file = await http.get("/admin/clients/remove?id=in-file")
        assert "XERUS_OAUTH_CLIENTS_FILE" in in_file.text
        assert 'action="/admin/clients/remove"' not in in_file.text
        for path in ("secret?id=in-file", "secret?id=itself", "remove?id=unknown", "remove"):
            assert (await http.get(f"/admin/clients/{path}")).status_code == 404


async def test_a_long_list_has_pages_and_an_empty_one_says_what_comes(world: World) -> None:
    for n in range(120):
        world.clients.put(f"many-{n}", f"Program {n}", "dynamic")
    async with world.client() as http:
        page = (await http.get("/admin/clients?q=program&kind=dynamic&page=2")).text
        assert "51 to 100 of 120 clients" in page
        assert 'href="/admin/clients?q=program&amp;kind=dynamic&amp;page=3"' in page
        assert 'href="/admin/clients?q=program&amp;kind=dynamic"' in page
        assert "Reports" not in page
        assert "No client fits" in (await http.get("/admin/clients?q=nobody")).text
    async with World().client() as http:
        assert "No client yet" in (await http.get("/admin/clients")).text


async def test_the_filter_stands_in_the_address_and_in_the_form(world: World) -> None:
    async with world.client() as http:
        page = (await http.get("/admin/clients?q=%22%3E&kind=file&use=never&order=registered")).text
        for wrong in ("kind=other", "order=other"):
            assert (await http.get(f"/admin/clients?{wrong}")).status_code == 400
        assert (await http.get("/admin/clients?page=x9")).status_code == 200
    wanted = world.clients.wanted
    assert (wanted.words, wanted.source, wanted.never_used, wanted.order) == (
        "",
        None,
        False,
        "used",
    )
    for part in (
        *('value="&#34;&gt;"', '<option value="file" selected>', '<option value="never" selected>'),
        '<option value="registered" selected>',
    ):
        assert part in page


async def test_those_never_used_are_named_before_they_go(world: World) -> None:
    world.clients.put("idle", HOSTILE, "administrator", is_used=False)
    async with world.client() as http:
        assert "1 client was registered over 30 days ago" in (await http.get("/admin/clients")).text
        asked = await http.get("/admin/clients/unused")
        assert "Remove a client never used?" in asked.text
        assert "&lt;img" in asked.text
        again = await http.post("/admin/clients/unused", data=world.form())
        assert again.status_code == 200
        assert world.clients.calls == []
        before = asked.text.split('name="before" value="')[1].split('"')[0]
        for wrong in ("", "yesterday", "2026-11-01T00:00:00"):
            refused = await http.post(
                "/admin/clients/unused", data=world.form(confirm="yes", before=wrong)
            )
            assert refused.status_code == 400
        done = await http.post(
            "/admin/clients/unused", data=world.form(confirm="yes", before=before)
        )
        page = (await http.get(done.headers["location"])).text
        assert "Every client was used" in (await http.get("/admin/clients/unused")).text
    assert "The client is deleted." in page
    assert "Remove those never used" not in page
    assert world.clients.calls == [("remove_unused", before, ADA)]


@pytest.mark.parametrize(
    "page", ["", "/add", "/unused", "/secret?id=added-here", "/remove?id=added-here"]
)
async def test_the_pages_are_for_administrators(world: World, page: str) -> None:
    async with world.client("grace-token") as http:
        answer = await http.get(f"/admin/clients{page}")
    assert answer.status_code == 403
    assert "for administrators" in answer.text
    assert "Reports" not in answer.text


@pytest.mark.parametrize("form", ["add", "secret", "remove", "unused"])
async def test_the_forms_are_for_administrators(world: World, form: str) -> None:
    data = {
        "csrf": world.grace.csrf,
        "id": "added-here",
        "confirm": "yes",
        "name": "x",
        "redirect_uris": "https://a.b/",
        "before": "2026-10-01T00:00:00+00:00",
    }
    async with world.client("grace-token") as http:
        answer = await http.post(f"/admin/clients/{form}", data=data)
    assert answer.status_code == 403
    assert world.clients.calls == []
