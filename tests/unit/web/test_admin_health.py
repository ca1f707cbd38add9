"""What administrators see of connections and of use: counts, causes and whom, all in the address."""

from datetime import timedelta

import pytest

from tests.gallery.states import STATES
from tests.unit.web.fakes import NOW, World
from xerus.audit.use import By, Used
from xerus.connections.links import Link

GRACE = "10000000-0000-4000-8000-000000000000"


async def seen(path: str, world: World, token: str = "ada-token") -> tuple[int, str]:
    async with world.client(token) as http:
        page = await http.get(path)
    return page.status_code, page.text


async def test_nobody_connected_is_said_and_not_an_empty_heading() -> None:
    world = World()
    world.admin.states = {}
    for path in ("/admin", "/admin/connections"):
        _, page = await seen(path, world)
        assert "Nobody is connected yet" in page


async def test_states_causes_keys_and_processes_are_told() -> None:
    world = World()
    STATES["admin-connections"].arrange(world)
    _, page = await seen("/admin/connections", world)
    for words in (
        *("1,204", "Needs reconnect", "In trouble", "Jira Data Center"),
        *(">Docs</h3>", "Being renewed"),
        *("rejected this server", "client_rejected", "41", "2 hours ago", "4f9c21ab07de"),
        *("0b7e-new", "118 credentials and sign-ins", "Only opens", "sign-1"),
        *("app-1 4711", "cloud: 3 under way", "cloud: rests", "Silent", "Hears nobody"),
        *("team@example.com", "2 people"),
    ):
        assert words in page
    assert "Whom" not in page
    assert 'href="/admin/connections?link=cloud&amp;cause=client_rejected#concerned"' in page


async def test_a_cause_names_whom_it_concerns() -> None:
    world = World()
    _, page = await seen("/admin/connections?link=cloud&cause=client_rejected", world)
    assert world.admin.asked == [(Link.CLOUD, "client_rejected")]
    assert "grace@atlassian.example" in page
    assert "2 days ago" in page


async def test_use_is_narrowed_by_its_address_alone() -> None:
    world = World()
    world.admin.use.rows = [
        Used(key=GRACE, name="Grace · g@x", calls=9, failed=1, mean_ms=3, last_day=NOW.date())
    ]
    _, page = await seen("/admin/use?by=person&days=7&tool=jira_search", world)
    what, only = world.admin.use.asked[0]
    assert (what, only.tool, only.person) == (By.PERSON, "jira_search", None)
    assert only.since == NOW.date() - timedelta(days=6)
    narrowed = f"/admin/use?by=tool&amp;days=7&amp;tool=jira_search&amp;person={GRACE}"
    assert f'href="{narrowed}"' in page
    assert "9 calls in 7 days" in page

    await seen(narrowed.replace("&amp;", "&"), world)
    assert (By.TOOL, GRACE) in {(what, only.person) for what, only in world.admin.use.asked}


@pytest.mark.parametrize(
    "path",
    [
        "/admin/connections?link=moon&cause=x",
        "/admin/use?by=color",
        "/admin/use?days=1000000",
        "/admin/use?days=many",
        "/admin/use?person=1%27%20OR%201=1",
    ],
)
async def test_a_made_up_address_is_refused_in_words(path: str) -> None:
    status, page = await seen(path, World())
    assert status == 400
    assert "Open Admin" in page


@pytest.mark.parametrize("path", ["/admin/connections", "/admin/use"])
async def test_both_pages_are_for_administrators(path: str) -> None:
    status, page = await seen(path, World(), "grace-token")
    assert status == 403
    assert "Data key" not in page
