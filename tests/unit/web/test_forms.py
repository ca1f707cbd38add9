"""What every form of a signed-in person needs, over all of them at once."""

import pytest

from tests.unit.web.fakes import World

ACTIONS = [
    "/signout",
    "/access/browsers/end",
    "/access/clients/end",
    "/access/consents/forget",
    "/connections/atlassian/site",
    "/connections/atlassian/cancel",
    "/connections/atlassian/test",
    "/notices/put-away",
    "/access/mail",
    "/admin/mail/test",
    "/connections/atlassian/disconnect",
    "/tools/clients/test",
    "/admin/audit/verify",
    "/admin/audit/export",
    "/admin/clients/add",
    "/admin/clients/secret",
    "/admin/clients/remove",
    "/admin/people/remove",
    "/admin/people/disable",
    "/admin/people/enable",
    "/admin/people/signout",
    "/admin/people/disconnect",
    "/admin/people/clients",
    "/admin/clients/unused",
    "/admin/servers/look",
    "/admin/servers/add",
    "/admin/servers/name",
    "/admin/servers/key",
    "/admin/servers/register",
    "/admin/servers/switch",
    "/admin/servers/trust",
    "/admin/servers/hand",
    "/admin/servers/keep",
    "/admin/servers/remove",
    "/connections/servers/docs/key",
    "/connections/servers/docs/cancel",
    "/connections/servers/docs/test",
    "/connections/servers/docs/disconnect",
    "/connections/servers/docs/policies",
    "/connections/atlassian/policies",
    "/chat/talk/ask-again",
    "/chat",
    "/chat/talk/decide",
    "/chat/talk/calls/c1/edit",
    "/chat/talk/again",
    "/chat/talk/edit",
    "/chat/talk/branch",
    "/chat/talk/rename",
    "/chat/talk/delete",
    "/conversations/delete",
    "/conversations/export",
    "/chat/talk/stop",
]


def test_the_list_names_every_action() -> None:
    posts = {
        route.path
        for route in World().app.routes
        if "POST" in (getattr(route, "methods", None) or ()) and hasattr(route, "path")
    }
    assert posts == {
        a.replace("/talk/", "/{id}/").replace("/docs/", "/{slug}/").replace("/c1/", "/{call}/")
        for a in ACTIONS
    } | {"/theme"}


@pytest.mark.parametrize("path", ACTIONS)
async def test_a_form_without_the_token_is_refused(path: str) -> None:
    world = World()
    async with world.client() as http:
        for data in ({}, {"csrf": ""}, {"csrf": world.grace.csrf}, {"csrf": "x" * 43}):
            answer = await http.post(path, data=data)
            assert answer.status_code == 403
            assert "out of date" in answer.text
    assert world.connections.calls == []
    assert world.clients.calls == []
    assert world.servers.calls == []


@pytest.mark.parametrize("path", [*ACTIONS, "/theme"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "https://localhost:8000"},
        {"Origin": "http://localhost:8001"},
        {"Origin": "http://localhost:8000.evil.example"},
        {"Origin": ""},
    ],
)
async def test_a_form_from_another_site_is_refused(path: str, headers: dict[str, str]) -> None:
    world = World()
    async with world.client() as http:
        answer = await http.post(path, data=world.form(), headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.text
    assert world.connections.calls == []
    assert world.clients.calls == []


@pytest.mark.parametrize("path", ACTIONS)
async def test_a_form_of_ours_is_taken_with_and_without_the_browsers_headers(path: str) -> None:
    own = {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}
    for headers in ({}, own):
        world = World()
        async with world.client() as http:
            answer = await http.post(path, data=world.form(), headers=headers)
        assert "another site" not in answer.text
        assert "out of date" not in answer.text


@pytest.mark.parametrize("path", ACTIONS)
async def test_a_form_without_a_session_leads_to_sign_in(path: str) -> None:
    world = World()
    async with world.client("") as http:
        answer = await http.post(path, data=world.form())
    assert (answer.status_code, answer.headers["location"]) == (303, "/signin")


async def test_a_form_that_is_too_large_is_refused_in_words() -> None:
    world = World()
    async with world.client() as http:
        large = await http.post("/chat", data=world.form(text="x" * 100_000))
        many = await http.post("/chat", data={f"f{n}": "1" for n in range(50)})
    assert large.status_code == many.status_code == 413
    assert "too long" in large.text


async def test_a_file_in_place_of_a_field_is_refused_in_words() -> None:
    world = World()
    async with world.client() as http:
        answer = await http.post("/chat", data=world.form(), files={"text": b"x"})
    assert answer.status_code == 413
