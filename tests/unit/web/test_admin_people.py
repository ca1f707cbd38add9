import html

import pytest

from tests.unit.web.fakes import ADA, GRACE, World
from xerus.audit.events import Event
from xerus.connections.views import State

HOSTILE = '<img src=x onerror="alert(1)">'
ACTIONS = ("signout", "clients", "disconnect", "disable", "enable", "remove")


@pytest.fixture
def world() -> World:
    world = World()
    world.people.hold(GRACE, "cloud", "Atlassian", State.NEEDS_RECONNECT, "Atlassian ended it.")
    world.people.hold(GRACE, "server-docs", "Company docs", State.DEGRADED)
    world.people.clients[GRACE] = 2
    return world


async def test_the_list_says_how_everybody_stands(world: World) -> None:
    async with world.client() as http:
        page = (await http.get("/admin/people")).text
    row = page.split('href="/admin/people/one?id=grace"')[1].split("</tr>")[0]
    for words in (
        *("grace@example.com", "Reconnect needed", "Atlassian", "Has trouble", "Company docs"),
        *("1 browser<", "2 MCP clients", "Not seen lately", "/admin/audit?person=grace"),
    ):
        assert words in row
    assert "Nothing connected" in page
    assert 'aria-label="Remove Grace Hopper"' in page
    assert "Remove Ada Lovelace" not in page  # who looks at it


async def test_people_are_found_by_what_they_are_called(world: World) -> None:
    world.people.put("kept", "Kept Out", "kept@example.com", is_off=True)
    async with world.client() as http:
        found = (await http.get("/admin/people?q=HOPPER")).text
        off = (await http.get("/admin/people?only=off")).text
        nobody = (await http.get("/admin/people?q=%3Cimg%3E")).text
    assert "one?id=grace" in found
    assert "one?id=ada" not in found
    assert 'value="HOPPER"' in found
    assert "Turned off" in off
    assert "one?id=grace" not in off
    assert "Nobody of that name" in nobody
    assert "<img>" not in nobody


async def test_a_long_list_of_people_has_pages(world: World) -> None:
    for n in range(120):
        world.people.put(f"many-{n}", f"Person {n}", f"p{n}@example.com")
    async with world.client() as http:
        page = (await http.get("/admin/people?q=person&page=2")).text
    assert "51 to 100 of 120 people" in page
    assert 'href="/admin/people?q=person&amp;page=3"' in page


async def test_a_persons_page_shows_what_is_held_for_them_and_that_it_was_looked_at(
    world: World,
) -> None:
    world.grants.add("f1", GRACE, HOSTILE, "https://app.example.com/callback")
    async with world.client() as http:
        page = (await http.get("/admin/people/one?id=grace")).text
    for words in (
        *("Atlassian ended it.", "Firefox on Linux", "answers go to app.example.com"),
        *("at=cloud", "at=server-docs", "Turn off access", "&lt;img"),
    ):
        assert words in page
    assert "<img src=x" not in page
    facts = {"page": "/admin/people/one", "person": "grace"}
    assert world.audit.written == [(Event.ADMIN_PAGE_VIEWED, ADA, facts)]


@pytest.mark.parametrize(
    ("action", "title", "asked_for"),
    [
        ("signout", "Sign Grace Hopper out everywhere?", "signout"),
        ("clients", "End the access of Grace Hopper's MCP clients?", "clients"),
        ("disconnect", "Disconnect Company docs for Grace Hopper?", "disconnect server-docs"),
        ("disable", "Turn off Grace Hopper's access?", "disable"),
        ("enable", "Turn on Grace Hopper's access?", "enable"),
    ],
)
async def test_nothing_is_ended_before_it_was_confirmed(
    world: World, action: str, title: str, asked_for: str
) -> None:
    path, fields = f"/admin/people/{action}", {"id": "grace", "at": "server-docs"}
    async with world.client() as http:
        asked = await http.get(path, params=fields)
        again = await http.post(path, data=world.form(**fields))
        assert world.people.done == []
        done = await http.post(path, data=world.form(**fields, confirm="yes"))
        told = await http.get(done.headers["location"])
    for page in (asked, again):
        for words in (title, "What happens, at once", "What stays", 'value="yes"'):
            assert words in html.unescape(page.text)
    assert world.people.done == [(asked_for, GRACE, ADA)]
    assert 'role="status"' in told.text


async def test_nobody_is_removed_before_it_was_confirmed() -> None:
    world = World()
    async with world.client() as http:
        asked = await http.get("/admin/people/remove?id=grace")
        again = await http.post("/admin/people/remove", data=world.form(id="grace"))
        assert world.people.removed == []
        done = await http.post("/admin/people/remove", data=world.form(id="grace", confirm="yes"))
        told = await http.get("/admin/people?done=removed")
    for page in (asked, again):
        for words in ("Remove Grace Hopper?", "What goes, at once", "What stays", "audit log"):
            assert words in page.text
    assert (done.status_code, done.headers["location"]) == (303, "/admin/people?done=removed")
    assert "The person is removed." in told.text
    assert world.people.removed == [(GRACE, ADA)]


@pytest.mark.parametrize("action", ["remove", "disable"])
async def test_the_page_offers_nobody_their_own_end(world: World, action: str) -> None:
    async with world.client() as http:
        page = await http.get(f"/admin/people/{action}?id=ada")
        own = (await http.get("/admin/people/one?id=ada")).text
        sent = await http.post("/admin/people/disable", data=world.form(id="ada", confirm="yes"))
    assert "This is you." in page.text
    assert f'action="/admin/people/{action}"' not in page.text
    assert "people/disable" not in own
    assert sent.status_code == 403
    assert "You cannot turn off your own access" in sent.text


async def test_a_person_who_is_kept_out_is_told_so_where_they_sign_in(world: World) -> None:
    world.sign_in.kept_out.add("grace-token")
    world.sessions.live.pop("grace-token")
    async with world.client("grace-token") as http:
        page = await http.get("/signin")
    assert page.status_code == 403
    assert "An administrator has turned off your access to Xerus." in page.text
    async with world.client("") as http:
        assert (await http.get("/signin")).status_code == 200


async def test_a_disabled_persons_page_says_what_rests_and_offers_the_way_back(
    world: World,
) -> None:
    world.people.put("kept", "", "kept@example.com", is_off=True)
    async with world.client() as http:
        page = (await http.get("/admin/people/one?id=kept")).text
    for words in ("neither renewed nor checked", "Turn on access", "No browser is signed in"):
        assert words in page
    assert "people/disable" not in page


@pytest.mark.parametrize("action", ["one", *ACTIONS])
async def test_somebody_who_is_not_there_is_not_found(world: World, action: str) -> None:
    async with world.client() as http:
        asked = await http.get(f"/admin/people/{action}?id=x")
        assert asked.status_code == 404
        if action != "one":
            form = world.form(id="x", confirm="yes")
            assert (await http.post(f"/admin/people/{action}", data=form)).status_code == 404
    assert world.people.done == []


@pytest.mark.parametrize("action", ACTIONS)
async def test_members_neither_see_nor_do_it(world: World, action: str) -> None:
    form = {"csrf": world.grace.csrf, "id": "ada", "at": "cloud", "confirm": "yes"}
    async with world.client("grace-token") as http:
        asked = await http.get(f"/admin/people/{action}?id=ada")
        sent = await http.post(f"/admin/people/{action}", data=form)
        for path in ("/admin/people", "/admin/people/one?id=ada"):
            page = await http.get(path)
            assert page.status_code == 403
            assert "ada@example.com" not in page.text
    assert asked.status_code == sent.status_code == 403
    assert world.people.done == []
    assert world.people.removed == []


@pytest.mark.parametrize("action", ACTIONS)
async def test_another_sites_form_and_one_without_its_token_do_nothing(
    world: World, action: str
) -> None:
    whole = world.form(id="grace", at="cloud", confirm="yes")
    async with world.client() as http:
        foreign = await http.post(
            f"/admin/people/{action}", data=whole, headers={"Origin": "https://evil.example"}
        )
        forged = await http.post(f"/admin/people/{action}", data={**whole, "csrf": "x"})
    assert foreign.status_code == forged.status_code == 403
    assert world.people.done == []
    assert world.people.removed == []
