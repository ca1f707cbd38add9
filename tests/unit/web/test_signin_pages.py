import pytest

from tests.unit.web.fakes import World

OUTSIDE = ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example"]


async def test_a_page_without_a_session_leads_to_sign_in_and_back() -> None:
    async with World().client("") as http:
        for path in ("/", "/tools", "/activity", "/admin", "/connections/atlassian", "/chat/x"):
            answer = await http.get(path)
            assert answer.status_code == 303
            assert answer.headers["location"] == f"/signin?return_to={path}"
        answer = await http.get("/activity?before=2026-11-22T10:00:00")
    assert answer.headers["location"].endswith("before%3D2026-11-22T10%3A00%3A00")


async def test_sign_in_offers_one_way() -> None:
    async with World().client("") as http:
        page = await http.get("/signin?return_to=/tools")
    assert "Sign in to Xerus" in page.text
    assert "Continue with Microsoft" in page.text
    assert "/signin/start?return_to=%2Ftools" in page.text


async def test_starting_remembers_the_browser_and_the_page_asked_for() -> None:
    world = World()
    async with world.client("") as http:
        answer = await http.get("/signin/start?return_to=/tools")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("https://login.example/")
    assert "xerus_browser=" in answer.headers["set-cookie"]
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert world.sign_in.return_to == "/tools"


@pytest.mark.parametrize("address", OUTSIDE)
async def test_nobody_is_returned_to_another_site(address: str) -> None:
    world = World()
    async with world.client("") as http:
        await http.get("/signin/start", params={"return_to": address})
        link = await http.get("/signin", params={"link": "good", "return_to": address})
    assert world.sign_in.return_to == "/"
    assert link.headers["location"] == "/"


async def test_a_signed_in_person_does_not_sign_in_again() -> None:
    async with World().client() as http:
        answer = await http.get("/signin?return_to=/tools")
        loop = await http.get("/signin?return_to=/signin")
    assert (answer.status_code, answer.headers["location"]) == (303, "/tools")
    assert loop.headers["location"] == "/"


async def test_without_a_provider_the_page_names_the_missing_settings_without_values() -> None:
    world = World()
    world.sign_in.configured = False
    async with world.client("") as http:
        page = await http.get("/signin")
    assert "Continue with Microsoft" not in page.text
    assert "<code>ENTRA_ID_CLIENT_ID</code> is missing" in page.text
    assert "one-time link" in page.text


async def test_a_local_link_signs_in_and_a_used_one_says_what_to_do() -> None:
    async with World().client("") as http:
        good = await http.get("/signin?link=good")
        bad = await http.get("/signin?link=bad")
    assert good.status_code == 303
    assert "xerus_session=new-ada" in good.headers["set-cookie"]
    assert bad.status_code == 401
    assert "Restart Xerus: it prints a new link." in bad.text


async def test_signing_out_ends_the_session_everywhere() -> None:
    world = World()
    async with world.client() as http:
        answer = await http.post("/signout", data=world.form())
        after = await http.get("/signout")
    assert answer.status_code == 303
    assert "ada-token" not in world.sessions.live
    assert "You are signed out" in after.text


async def test_signing_out_leads_on_to_the_identity_provider() -> None:
    world = World()
    world.sign_in.provider_sign_out = "https://login.example/logout?a=1&b=2"
    async with world.client() as http:
        answer = await http.post("/signout", data=world.form())
    # No redirect: Chromium blocks a form whose redirect leaves the site.
    assert answer.status_code == 200
    assert answer.headers["refresh"] == "0; url=https://login.example/logout?a=1&b=2"
    assert 'href="https://login.example/logout?a=1&amp;b=2"' in answer.text
    assert "ada-token" not in world.sessions.live


async def test_who_the_provider_demands_to_see_again_is_sent_there_at_once() -> None:
    world = World()
    world.sign_in.demanded.add("ended-token")
    async with world.client("ended-token") as http:
        sent = await http.get("/tools")
        onward = await http.get(sent.headers["location"])
    assert onward.status_code == 303
    assert onward.headers["location"] == "/signin/start?return_to=%2Ftools"


async def test_the_theme_is_kept_in_a_cookie_and_shown_without_a_script() -> None:
    async with World().client("") as http:
        answer = await http.post("/theme", data={"theme": "dark", "return_to": "//evil.example"})
        page = await http.get("/signin")
        await http.post("/theme", data={"theme": "'><script>", "return_to": "/"})
        odd = await http.get("/signin")
    assert answer.headers["location"] == "/"
    assert '<html lang="en" data-theme="dark">' in page.text
    assert 'data-theme="auto"' in odd.text


async def test_the_colours_are_offered_where_the_page_can_be_shown_again() -> None:
    world = World()
    async with world.client() as http:
        activity = await http.get("/activity?before=2026-11-22T10:00:00")
        once = await http.post("/admin/audit/verify", data=world.form())
    assert 'value="/activity?before=2026-11-22T10:00:00"' in activity.text
    assert 'action="/theme"' not in once.text
