from tests.unit.web.fakes import ADA, GRACE, World


async def test_people_are_found_by_what_they_are_called() -> None:
    async with World().client() as http:
        everybody = (await http.get("/admin")).text
        found = (await http.get("/admin?q=HOPPER")).text
        nobody = (await http.get("/admin?q=%3Cimg%3E")).text
    assert 'aria-label="Remove Grace Hopper"' in everybody
    assert "Remove Ada Lovelace" not in everybody  # who looks at it
    assert "ada@example.com</td>" in everybody
    assert 'href="/admin/people/remove?id=grace"' in found
    assert "ada@example.com</td>" not in found
    assert 'value="HOPPER"' in found
    assert "Nobody of that name" in nobody
    assert "<img>" not in nobody


async def test_nobody_is_removed_before_it_was_confirmed() -> None:
    world = World()
    async with world.client() as http:
        asked = await http.get("/admin/people/remove?id=grace")
        again = await http.post("/admin/people/remove", data=world.form(id="grace"))
        assert world.admin.removed == []
        done = await http.post("/admin/people/remove", data=world.form(id="grace", confirm="yes"))
        told = await http.get("/admin?done=removed")
    for page in (asked, again):
        for words in ("Remove Grace Hopper?", "What goes, at once", "What stays", "audit log"):
            assert words in page.text
    assert (done.status_code, done.headers["location"]) == (303, "/admin?done=removed#people")
    assert "The person is removed." in told.text
    assert world.admin.removed == [(GRACE, ADA)]


async def test_the_page_offers_nobody_their_own_removal() -> None:
    async with World().client() as http:
        page = await http.get("/admin/people/remove?id=ada")
    assert "This is you." in page.text
    assert 'action="/admin/people/remove"' not in page.text


async def test_somebody_who_is_not_there_is_not_found() -> None:
    world = World()
    async with world.client() as http:
        asked = await http.get("/admin/people/remove?id=x")
        sent = await http.post("/admin/people/remove", data=world.form(id="x", confirm="yes"))
    assert asked.status_code == sent.status_code == 404


async def test_members_neither_see_nor_do_it() -> None:
    world = World()
    async with world.client("grace-token") as http:
        asked = await http.get("/admin/people/remove?id=ada")
        form = {"csrf": world.grace.csrf, "id": "ada", "confirm": "yes"}
        sent = await http.post("/admin/people/remove", data=form)
    assert asked.status_code == sent.status_code == 403
    assert world.admin.removed == []
