"""What is to be known stands above each page once, with its button, until it is put away."""

import re

import pytest

from tests.gallery.notice_states import OPERATOR, PERSONAL, RECONNECT, noticed
from tests.unit.web.fakes import ADA, CONNECTED, World
from xerus.connections.views import FlowStatus, Outcome

_LINE = re.compile(r'<li class="notice-line.*?</li>', re.DOTALL)


async def lines(world: World, path: str, token: str = "ada-token") -> list[str]:
    async with world.client(token) as http:
        return _LINE.findall((await http.get(path)).text)


@pytest.mark.parametrize("name", [*PERSONAL, *OPERATOR])
async def test_each_cause_has_words_a_button_and_a_way_to_put_it_away(name: str) -> None:
    (notice,) = {**PERSONAL, **OPERATOR}[name]
    world = World()
    noticed((notice,))(world)
    (line,) = await lines(world, "/activity")
    assert notice.title in line.replace("&#39;", "'")
    assert f">{notice.action}<" in line
    assert f'name="cause" value="{notice.cause}"' in line
    assert "Hide for a week" in line
    async with world.client() as http:
        (href,) = re.findall(r'class="btn btn-small" href="([^"]*)"', line)
        assert (await http.get(href)).status_code in {200, 303}


@pytest.mark.parametrize("path", ["/", "/activity", "/access", "/admin"])
async def test_connecting_again_leads_back_to_the_page(path: str) -> None:
    world = World()
    noticed(RECONNECT)(world)
    (line,) = await lines(world, path)
    (href,) = re.findall(r'href="(/connections[^"]*)"', line)
    async with world.client() as http:
        await http.get(href)
    assert world.connections.calls == [("begin", path)]


@pytest.mark.parametrize("path", ["/tools", "/connections/atlassian"])
async def test_a_page_that_shows_the_connection_does_not_say_it_twice(path: str) -> None:
    world = World()
    noticed((*RECONNECT, *OPERATOR["key"]))(world)
    (line,) = await lines(world, path)
    assert "rotate" in line


async def test_the_result_of_a_test_has_them_and_the_window_of_atlassian_has_not() -> None:
    world = World()
    noticed(OPERATOR["key"])(world)
    world.connections.outcome = Outcome(status=FlowStatus.CONNECTED, flow_id=None, view=CONNECTED)
    async with world.client() as http:
        tested = await http.post("/connections/atlassian/test", data=world.form())
        back = await http.get("/connections/atlassian/callback?code=c&state=s")
    assert len(_LINE.findall(tested.text)) == 1
    assert _LINE.findall(back.text) == []


async def test_a_page_without_any_carries_nothing_of_them() -> None:
    async with World().client() as http:
        page = (await http.get("/activity")).text
    assert "notices" not in page


async def test_putting_away_is_a_form_that_leads_back() -> None:
    world = World()
    noticed(RECONNECT)(world)
    async with world.client() as http:
        form = world.form(cause="cloud:reconnect", return_to="/activity?before=x")
        answer = await http.post("/notices/put-away", data=form)
        outside = world.form(cause="cloud:reconnect", return_to="https://elsewhere.example")
        led_out = await http.post("/notices/put-away", data=outside)
        forged = await http.post("/notices/put-away", data={"cause": "cloud:reconnect"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/activity?before=x")
    assert led_out.headers["location"] == "/"
    assert forged.status_code == 403
    assert world.notices.put_aways == [(ADA, "cloud:reconnect")] * 2
