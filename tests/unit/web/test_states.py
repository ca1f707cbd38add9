"""Each of the ten states tells why, since when and what to do next, on both pages that show it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.web.fakes import ACME, CONNECTED, NOW, World, flow, problem
from xerus.connections.links import Link
from xerus.connections.views import ConnectionView, FlowStatus, State
from xerus.web.standing import standing_of

_SINCE = NOW - timedelta(minutes=7)
_WAYS = ("Configure", "Reconnect", "Open the window again")
_BARE = {State.NOT_CONFIGURED, State.NOT_CONNECTED, State.CONNECTING, State.DISCONNECTED}


def view_of(state: State) -> ConnectionView:
    if state in _BARE:
        return ConnectionView(state=state, since=_SINCE)
    sites = (replace(ACME, chosen=state is not State.CHOOSING_SITE),)
    return replace(CONNECTED, state=state, since=_SINCE, sites=sites)


async def pages(view: ConnectionView) -> list[str]:
    world = World()
    world.connections.shown = view
    if view.state is State.CONNECTING:
        world.connections.newest = flow(FlowStatus.PENDING)
    async with world.client() as http:
        return [(await http.get(path)).text for path in ("/tools", "/connections/atlassian")]


@pytest.mark.parametrize("state", list(State))
async def test_a_state_has_a_cause_a_time_and_a_next_step(state: State) -> None:
    for page in await pages(view_of(state)):
        (line,) = re.findall(r"<dd [^>]*data-standing>(.*?)</dd>", page, re.DOTALL)
        assert f'datetime="{_SINCE.isoformat()}"' in line
        assert "7 minutes ago" in line
        standing = standing_of(Link.CLOUD.label, view_of(state), now=NOW)
        assert standing.cause in page
        assert standing.step in page


@pytest.mark.parametrize("state", list(State))
async def test_there_is_always_a_way_to_connect_again(state: State) -> None:
    for page in await pages(view_of(state)):
        offered = {word for word in _WAYS if f">{word}<" in page}
        if state is State.NOT_CONFIGURED:
            assert not offered
        else:
            assert offered
        if state not in _BARE:
            assert "Reconnect" in offered


async def test_a_cause_of_its_own_is_told_once_with_its_time() -> None:
    view = replace(view_of(State.DEGRADED), cause="Atlassian said no.", hint="Ask there.")
    for page in await pages(view):
        assert page.count("Atlassian said no.") == 1 + page.count('data-announce="Atlassian said')
        assert page.count(">Ask there.<") == 1
        assert "7 minutes ago" in page


async def test_the_page_of_a_connection_tells_its_last_check_and_its_last_problem() -> None:
    failed = replace(problem("refused", "Atlassian said no.", "Ask there."), at=_SINCE)
    view = replace(
        CONNECTED,
        checked_at=_SINCE,
        check_seconds=0.314,
        last_error=failed,
        failing_since=NOW - timedelta(days=2),
    )
    _, page = await pages(view)
    for words in ("7 minutes ago", "0.31 s", "Atlassian said no.", "Ask there.", "2 days ago"):
        assert words in page
    assert failed.correlation_id in page


async def test_an_account_that_somebody_else_uses_too_is_said_without_a_name() -> None:
    world = World()
    world.connections.shown = CONNECTED
    world.connections.in_company = True
    async with world.client() as http:
        page = (await http.get("/connections/atlassian")).text
    assert "Somebody else here is connected with this account too." in page


async def test_an_account_that_took_the_place_of_another_says_so() -> None:
    for page in await pages(replace(CONNECTED, replaced_account="alan@example.com")):
        assert "took the place of alan@example.com" in page
