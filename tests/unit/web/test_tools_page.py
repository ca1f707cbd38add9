from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.web.fakes import ACME, CONNECTED, LABS, NOW, World, flow, problem
from xerus.atlassian.credentials import Product
from xerus.connections.links import Link
from xerus.connections.views import ConnectionView, FlowStatus, State
from xerus.web.card import Notice, card_for
from xerus.web.deps import CredentialsMode

NONE = ConnectionView(state=State.NOT_CONNECTED)


async def tools(world: World) -> str:
    async with world.client() as http:
        answer = await http.get("/tools")
    assert answer.status_code == 200
    return answer.text


async def test_a_person_without_a_connection_is_offered_configure() -> None:
    page = await tools(World())
    assert ">Tools</h1>" in page
    assert ">MCP Tools</h2>" in page
    assert 'aria-label="Configure Atlassian"' in page
    assert 'href="/connections/atlassian/start"' in page
    assert "Opens a new window" in page


async def test_a_connection_shows_account_sites_permissions_and_expiry() -> None:
    world = World()
    world.connections.shown = CONNECTED
    page = await tools(world)
    for words in (
        "ada@example.com",
        "acme (in use), labs",
        "read and change Jira",
        "in 42 minutes",
    ):
        assert words in page
    for action in ("Manage", "Reconnect", "Disconnect"):
        assert f">{action}<" in page
    assert "Configure" not in page


async def test_success_is_said_once_the_window_is_done() -> None:
    world = World()
    world.connections.shown, world.connections.newest = CONNECTED, flow(FlowStatus.CONNECTED)
    page = await tools(world)
    assert "Authentication Successful" in page
    assert "Atlassian is connected as ada@example.com (acme)." in page


async def test_old_news_is_not_told_again() -> None:
    world = World()
    world.connections.shown = CONNECTED
    old = flow(FlowStatus.CONNECTED)
    world.connections.newest = replace(old, created_at=CONNECTED.connected_at or old.created_at)
    assert "Authentication Successful" not in await tools(world)


async def test_while_the_window_is_open_there_are_three_ways_on() -> None:
    world = World()
    world.connections.shown = ConnectionView(state=State.CONNECTING)
    world.connections.newest = flow(FlowStatus.PENDING)
    page = await tools(world)
    for words in ("Waiting for Atlassian", "Open the window again", "Use this tab instead"):
        assert words in page
    assert ">Cancel</button>" in page
    assert 'data-pending="true"' in page


@pytest.mark.parametrize("status", [FlowStatus.DENIED, FlowStatus.FAILED, FlowStatus.EXPIRED])
async def test_an_attempt_that_came_to_nothing_says_why_and_what_next(status: FlowStatus) -> None:
    world = World()
    world.connections.newest = flow(status, problem("c", "It did not work.", "Do this next."))
    page = await tools(world)
    for words in ("It did not work.", "Do this next.", "4f9c21ab07de", "Configure Atlassian"):
        assert words in page


async def test_several_sites_are_one_button_each() -> None:
    world = World()
    sites = (replace(ACME, chosen=False), LABS)
    world.connections.shown = replace(CONNECTED, state=State.CHOOSING_SITE, sites=sites)
    page = await tools(world)
    assert 'value="cloud-acme" aria-label="acme"' in page
    assert 'value="cloud-labs" aria-label="labs"' in page


async def test_an_installation_without_an_app_offers_no_dead_button() -> None:
    world = World()
    world.connections.shown = ConnectionView(state=State.NOT_CONFIGURED)
    page = await tools(world)
    assert "ATLASSIAN_OAUTH_CLIENT_ID" in page
    assert "Configure Atlassian" not in page


async def test_a_shared_token_is_called_shared_and_needs_nothing() -> None:
    world = World(mode="shared")
    world.connections.shown = ConnectionView(state=State.NOT_CONFIGURED)
    page = await tools(world)
    assert "Shared service token" in page
    assert "Configure Atlassian" not in page


@pytest.mark.parametrize(
    ("link", "products", "badge", "words"),
    [
        (Link.CLOUD, {Product.JIRA}, "Shared service token", "It has none for Confluence."),
        (Link.JIRA, {Product.JIRA}, "Shared service token", "Everybody here works through one"),
        (Link.JIRA, {Product.CONFLUENCE}, "Not set up", "has set no token for Jira"),
        (Link.CLOUD, set(), "Not set up", "has set no token for Jira and Confluence"),
    ],
)
def test_the_shared_token_is_claimed_for_no_product_without_one(
    link: Link, products: set[Product], badge: str, words: str
) -> None:
    shown = card_for(link, NONE, None, mode="shared", now=NOW, shared_products=frozenset(products))
    assert shown.badge.word.startswith(badge)
    assert shown.notice
    assert words in f"{shown.notice.title} {shown.notice.text}"
    assert ("Confluence" in shown.says) == (products == set())


@pytest.mark.parametrize(
    ("products", "title"),
    [
        ({Product.JIRA, Product.CONFLUENCE}, "The shared service token is used until"),
        ({Product.CONFLUENCE}, "The shared service token is used for Confluence until"),
    ],
)
def test_a_token_behind_ones_own_says_what_it_serves(products: set[Product], title: str) -> None:
    notice = card_for(
        Link.CLOUD,
        NONE,
        None,
        mode="user-then-shared",
        now=NOW,
        shared_products=frozenset(products),
    ).notice
    assert notice
    assert notice.title.startswith(title)


async def test_a_dead_connection_offers_reconnect_first() -> None:
    world = World()
    world.connections.shown = replace(
        CONNECTED, state=State.NEEDS_RECONNECT, cause="Atlassian ended it.", hint="Reconnect."
    )
    page = await tools(world)
    assert "Reconnect needed" in page
    assert 'aria-label="Reconnect Atlassian"' in page
    assert "Renewed by itself" not in page


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (Link.CLOUD, "Atlassian was not told, because it has no way to be told."),
        (Link.JIRA, "In your profile there you can take back the access"),
    ],
)
def test_a_connection_given_up_lately_says_what_the_other_side_was_told(
    link: Link, words: str
) -> None:
    view = ConnectionView(
        state=State.DISCONNECTED, ended_at=NOW, access_until=NOW + timedelta(minutes=41, seconds=5)
    )

    def told(*, after: timedelta, mode: CredentialsMode = "user") -> Notice | None:
        return card_for(link, view, None, mode=mode, now=NOW + after).notice

    at_once, later = told(after=timedelta()), told(after=timedelta(hours=1))
    assert at_once
    assert words in at_once.text
    assert "for another 42 minutes" in at_once.text
    assert later
    assert "has run out" in later.text
    assert told(after=timedelta(days=2)) is None
    shared = told(after=timedelta(), mode="user-then-shared")
    assert shared
    assert "From now on the shared service token is used." in shared.title


def test_an_attempt_that_the_disconnect_cancelled_is_no_news() -> None:
    begun = flow(FlowStatus.CANCELLED)
    view = ConnectionView(state=State.DISCONNECTED, ended_at=begun.created_at)
    notice = card_for(Link.CLOUD, view, begun, mode="user", now=begun.created_at).notice
    assert notice
    assert "erased its tokens" in notice.title


async def test_names_from_outside_are_text_and_never_markup() -> None:
    world = World()
    evil = "<img src=x onerror=alert(1)>"
    world.connections.shown = replace(
        CONNECTED, account_email=evil, sites=(replace(ACME, name=evil),), cause=evil
    )
    world.connections.newest = flow(FlowStatus.FAILED, problem("c", evil, evil))
    async with world.client() as http:
        for path in ("/tools", "/connections/atlassian", "/connections/atlassian/done"):
            assert "<img src=x" not in (await http.get(path)).text


async def test_the_page_tells_how_to_connect_a_client() -> None:
    page = await tools(World())
    assert "http://localhost:8000/mcp" in page
    assert 'href="/tools/clients"' in page


async def test_the_card_alone_is_for_people_who_are_signed_in() -> None:
    world = World()
    async with world.client() as http:
        card = await http.get("/tools/atlassian")
    async with world.client("") as http:
        refused = await http.get("/tools/atlassian", headers={"Accept": "application/json"})
    assert "<html" not in card.text
    assert 'id="atlassian"' in card.text
    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "not_signed_in"
