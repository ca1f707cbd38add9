"""Clients that an administrator adds: the whole way, a new secret, and the end of one."""

import html
import re
from collections.abc import AsyncIterator

import pytest
from mcp.shared.auth import OAuthClientInformationFull
from pydantic import AnyUrl

from tests.flows.front_door.door import Attempt
from tests.support.browser import Browser
from tests.support.journeys import ADA, GRACE, sign_in
from tests.support.mcp_client import CALLBACK, Storage, connected
from tests.support.pages import Page
from tests.support.served import Served
from tests.support.stack import Stack
from xerus.ids import secret_hash

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
async def served(stack: Stack) -> AsyncIterator[Served]:
    async with Served(xerus=stack.xerus) as running:
        yield running


@pytest.fixture
async def admin(stack: Stack, browser: Browser) -> Browser:
    await sign_in(browser, stack.url, ADA)
    return browser


@pytest.fixture
async def grace() -> AsyncIterator[Browser]:
    async with Browser(stops_at=(CALLBACK,)) as fresh:
        yield fresh


def shown(page: Page, what: str) -> str:
    """Return the text of a field that can be copied, '' if there is none."""
    found = re.search(rf'<pre id="{what}"[^>]*><code>([^<]*)</code>', page.html)
    return html.unescape(found[1]) if found else ""


async def add(admin: Browser, url: str, name: str, *, kind: str) -> tuple[str, str]:
    """Add a client as a person does; return its id and its secret."""
    await admin.open(f"{url}/admin/clients")
    await admin.click("Add a client")
    page = await admin.click("Add", name=name, redirect_uris=f"{CALLBACK}\r\n", kind=kind)
    assert page.status == 200, page.text
    return shown(page, "client-id"), shown(page, "client-secret")


async def held(served: Served, person: Browser, client_id: str, secret: str) -> str:
    """Let a person allow a client; return its refresh token."""
    trying = Attempt(served, client_id, redirect_uri=CALLBACK)
    code = (await trying.answer(person, GRACE))["code"]
    reply = await trying.redeem(code, **({"client_secret": secret} if secret else {}))
    assert reply.status_code == 200, reply.text
    return str(reply.json()["refresh_token"])


@pytest.mark.parametrize("kind", ["public", "confidential"])
async def test_a_client_that_was_added_goes_the_whole_way(
    served: Served, admin: Browser, grace: Browser, kind: str
) -> None:
    client_id, secret = await add(admin, served.url, f"A {kind} one", kind=kind)
    assert bool(secret) == (kind == "confidential")
    storage = Storage(
        client=OAuthClientInformationFull(
            client_id=client_id,
            client_secret=secret or None,
            redirect_uris=[AnyUrl(CALLBACK)],
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
        )
    )
    async with connected(served.url, storage, grace, GRACE) as mcp:
        assert (await mcp.list_tools()).tools
    assert storage.client
    assert storage.client.client_id == client_id  # it did not register itself
    page = await admin.open(f"{served.url}/admin/clients")
    assert client_id in page.text
    assert "1 person allows it" in page.text


async def test_of_a_secret_only_the_hash_is_kept_and_a_wrong_one_is_refused(
    served: Served, admin: Browser, grace: Browser
) -> None:
    client_id, secret = await add(admin, served.url, "Reports", kind="confidential")
    (row,) = served.stored(client_id)
    assert (row["source"], row["secret_hash"]) == ("administrator", secret_hash(secret))
    assert secret not in str(row)
    refresh_token = await held(served, grace, client_id, secret)
    for wrong in ({}, {"client_secret": secret[:-1]}):
        refused = await Attempt(served, client_id).renew(refresh_token, **wrong)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    created = served.events(client_id)[0]
    assert created[0] == "client:registration:created"
    assert created[1].items() >= {"client_name": "Reports", "by": ADA}.items()


async def test_a_new_secret_takes_the_place_of_the_old_one_and_grants_stay(
    served: Served, admin: Browser, grace: Browser
) -> None:
    client_id, old = await add(admin, served.url, "Rotated", kind="confidential")
    refresh_token = await held(served, grace, client_id, old)
    await admin.open(f"{served.url}/admin/clients")
    await admin.click("New secret for Rotated")
    new = shown(await admin.click("Make a new secret"), "client-secret")
    trying = Attempt(served, client_id)
    refused = await trying.renew(refresh_token, client_secret=old)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert (await trying.renew(refresh_token, client_secret=new)).status_code == 200
    replaced = dict(served.events(client_id))["client:secret:replaced"]
    assert replaced.items() >= {"client_name": "Rotated", "by": ADA}.items()


async def test_deleting_asks_first_and_ends_every_grant_at_once(
    served: Served, admin: Browser, grace: Browser
) -> None:
    client_id, _ = await add(admin, served.url, "Short-lived", kind="public")
    refresh_token = await held(served, grace, client_id, "")
    await admin.open(f"{served.url}/admin/clients")
    page = await admin.click("Delete Short-lived")
    assert "1 person loses this client's access at once" in page.text
    trying = Attempt(served, client_id, redirect_uri=CALLBACK)
    renewed = await trying.renew(refresh_token)
    assert renewed.status_code == 200
    page = await admin.click("Delete")
    assert "The client is deleted." in page.text
    assert client_id not in page.text
    assert (await served.call(renewed.json()["access_token"])).status_code == 401
    refused = await trying.renew(renewed.json()["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert "not registered" in (await grace.open(trying.url())).text
    events = dict(served.events(client_id))
    assert (
        events["client:registration:removed"].items()
        >= {
            "cause": "removed_by_administrator",
            "client_name": "Short-lived",
            "by": ADA,
        }.items()
    )
    assert (
        events["grant:family:revoked"].items() >= {"cause": "client_removed", "by": GRACE}.items()
    )
    activity = await admin.open(f"{served.url}/activity")
    assert "MCP client removed" in activity.text
    assert "Short-lived" in activity.text


async def test_a_client_is_found_by_name_host_id_kind_and_use(
    served: Served, admin: Browser, grace: Browser
) -> None:
    used, _ = await add(admin, served.url, "Sought 100%", kind="public")
    await held(served, grace, used, "")
    reply = await served.http.post(
        f"{served.url}/oauth/register",
        json={"client_name": "Sought too", "redirect_uris": ["https://sought.example.com/x"]},
    )
    itself = reply.json()["client_id"]
    for query, found in (
        ("q=SOUGHT", {used, itself}),
        ("q=100%25", {used}),
        ("q=sought.example.com", {itself}),
        ("q=example.com/x", set()),
        (f"q={itself[:20]}", {itself}),
        ("q=sought&kind=administrator", {used}),
        ("q=sought&use=never", {itself}),
        ("q=sought&kind=dynamic&order=registered&page=7", {itself}),
        ("q=%00", {used, itself}),
    ):
        page = await admin.open(f"{served.url}/admin/clients?{query}")
        assert {one for one in (used, itself) if one in page.html} == found, query


async def test_only_what_nobody_used_for_thirty_days_goes_at_once(
    served: Served, admin: Browser, grace: Browser
) -> None:
    idle, _ = await add(admin, served.url, "Idle", kind="public")
    young, _ = await add(admin, served.url, "Young", kind="public")
    used, _ = await add(admin, served.url, "In use", kind="public")
    refresh_token = await held(served, grace, used, "")
    for client_id in (idle, used):
        served.age(client_id)
    await admin.open(f"{served.url}/admin/clients")
    page = await admin.click("Remove those never used")
    assert "Idle" in page.text
    assert "Young" not in page.text
    assert "In use" not in page.text
    page = await admin.click("Remove")
    assert "The client is deleted." in page.text
    assert served.stored(idle) == []
    assert served.stored(young)
    assert (await Attempt(served, used).renew(refresh_token)).status_code == 200
    removed = dict(served.events(idle))["client:registration:removed"]
    assert removed.items() >= {"cause": "never_used", "client_name": "Idle", "by": ADA}.items()


async def test_a_client_that_registered_itself_is_listed_escaped_and_can_be_ended(
    served: Served, admin: Browser
) -> None:
    reply = await served.http.post(
        f"{served.url}/oauth/register",
        json={"client_name": HOSTILE, "redirect_uris": ["https://evil.example.com/callback"]},
    )
    client_id = reply.json()["client_id"]
    page = await admin.open(f"{served.url}/admin/clients")
    assert HOSTILE in page.text
    assert HOSTILE not in page.html
    assert "evil.example.com" in page.text
    await admin.click(f"Delete {HOSTILE}")
    await admin.click("Delete")
    assert served.stored(client_id) == []


async def test_what_cannot_be_a_client_is_refused_with_every_mistake(
    served: Served, admin: Browser
) -> None:
    await admin.open(f"{served.url}/admin/clients/add")
    page = await admin.click(
        "Add",
        name="Two\u202eways",
        redirect_uris="http://example.com/\nother://app/",
        kind="public",
    )
    assert page.status == 400
    for words in ("on one line", "plain http is only for loopback", "private scheme"):
        assert words in page.text
    assert "http://example.com/\nother://app/</textarea>" in page.html
    page = await admin.click("Add", name="None", redirect_uris=" ", kind="public")
    assert "at least one redirect address" in page.text


async def test_strangers_neither_see_nor_change_clients(
    served: Served, admin: Browser, other_browser: Browser
) -> None:
    client_id, _ = await add(admin, served.url, "Guarded", kind="confidential")
    await sign_in(other_browser, served.url, GRACE)
    csrf = next(form.fields["csrf"] for form in other_browser.page.forms if "csrf" in form.fields)
    for path in ("", "/add", "/unused", f"/secret?id={client_id}", f"/remove?id={client_id}"):
        page = await other_browser.open(f"{served.url}/admin/clients{path}")
        assert page.status == 403
        assert "Guarded" not in page.html
    before = served.stored(client_id)
    for form in ("add", "secret", "remove", "unused"):
        answer = await other_browser.http.post(
            f"{served.url}/admin/clients/{form}",
            data={
                "csrf": csrf,
                "id": client_id,
                "confirm": "yes",
                "name": "x",
                "before": "2020-01-01T00:00:00+00:00",
            },
            headers={"Origin": served.url},
        )
        assert answer.status_code == 403
    assert served.stored(client_id) == before
    for method in ("GET", "DELETE"):  # RFC 7592: nobody has a token for it
        url = f"{served.url}/oauth/register/{client_id}"
        bearer = {"Authorization": f"Bearer {'x' * 43}"}
        assert (await served.http.request(method, url, headers=bearer)).status_code == 401
