"""Each trouble of connecting, provoked before Atlassian as it behaves: the page says what to do."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.browser import Browser, LeftTheWorld
from tests.support.database import embedded, rows
from tests.support.journeys import ALAN, GRACE, connect_atlassian, sign_in
from tests.support.stack import Sandbox, Stack
from xerus.web.help_answers import ANSWERS

Provoke = Callable[[Sandbox], Awaitable[None]]


def fault(kind: str, path: str, method: str = "POST", **more: object) -> Provoke:
    order = {"method": method, "path_regex": path, "fault": kind, **more}

    async def provoke(sandbox: Sandbox) -> None:
        await sandbox.atlassian.configure(sites_granted=["acme"])
        await sandbox.atlassian.faults([order])

    return provoke


def setting(**changes: object) -> Provoke:
    async def provoke(sandbox: Sandbox) -> None:
        await sandbox.atlassian.configure(**changes)

    return provoke


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What is provoked, and the words that a person reads."""

    provoke: Provoke
    title: str
    text: str
    hint: str
    answer: str


_REFUSED = "Check at Atlassian that this account may use the product and that the organisation"
_TROUBLES = {
    "an account without a site": Trouble(
        provoke=setting(sites_granted=[]),
        title="Authentication Failed",
        text=f"The Atlassian account {ALAN} has no site that it may use with this app.",
        hint="Sign in at Atlassian with another account, or ask for access to a site.",
        answer="account",
    ),
    "an organisation that blocks the app": Trouble(
        provoke=fault("status", "^/ex/", "GET", times=2, status=403),
        title="Authentication Failed",
        text="Atlassian refused a first read with status 403.",
        hint=f"{_REFUSED} allows the app.",
        answer="organisation",
    ),
    "an organisation that hides its content from the app": Trouble(
        provoke=fault("status", "^/ex/", "GET", times=2, status=404),
        title="Authentication Failed",
        text="Atlassian refused a first read with status 404.",
        hint=f"{_REFUSED} allows the app.",
        answer="organisation",
    ),
    "a network that is cut at the exchange": Trouble(
        provoke=fault("reset", "^/oauth/token"),
        title="Authentication Failed",
        text="Atlassian cannot be reached.",
        hint="Try again in a moment.",
        answer="trouble",
    ),
    "an outage at the exchange": Trouble(
        provoke=fault("status", "^/oauth/token", status=503, body="<h1>Down</h1>"),
        title="Authentication Failed",
        text="Atlassian cannot answer at the moment (status 503).",
        hint="Try again in a minute.",
        answer="trouble",
    ),
    "a code that is not taken": Trouble(
        provoke=fault("status", "^/oauth/token", status=403, body={"error": "invalid_grant"}),
        title="Authentication Failed",
        text="Atlassian did not accept its own answer: it was used before or is too old.",
        hint="Try again.",
        answer="failed",
    ),
    "an app whose secret is wrong": Trouble(
        provoke=fault("status", "^/oauth/token", status=401, body={"error": "access_denied"}),
        title="Authentication Failed",
        text="Atlassian rejected this server's own app credentials.",
        hint="An administrator has to check ATLASSIAN_OAUTH_CLIENT_ID and",
        answer="not-set-up",
    ),
    "an app that may not stay connected": Trouble(
        provoke=setting(granted_scopes=["read:me", "read:jira-work", "read:jira-user"]),
        title="Authentication Failed",
        text="Atlassian granted access for a short time only.",
        hint="An administrator has to allow offline_access for the app at Atlassian.",
        answer="not-set-up",
    ),
}


@pytest.fixture
async def tools(stack: Stack, browser: Browser) -> AsyncIterator[Browser]:
    """Alan on the Tools page, not connected, before an Atlassian as it was at first."""
    await stack.sandbox.atlassian.reset()
    await sign_in(browser, stack.url, ALAN)
    if browser.can("Cancel"):
        await browser.click("Cancel")
    if browser.can("Disconnect Atlassian"):
        await browser.click("Disconnect Atlassian")
        await browser.click("Disconnect")
    yield browser
    await stack.sandbox.atlassian.reset()


async def to_atlassian(browser: Browser) -> None:
    await browser.click("Configure Atlassian")
    await browser.click(ALAN)


async def accepted(browser: Browser) -> str:
    """Accept at Atlassian; return the address of its answer, not opened yet."""
    browser.stops_at = (f"{urlsplit(browser.page.url).scheme}://localhost",)
    try:
        await browser.click("Accept")
    except LeftTheWorld as left:
        return left.url
    finally:
        browser.stops_at = ()
    raise AssertionError(browser.page.text)


async def says(browser: Browser, answer: str) -> None:
    """Follow the page's link to its answer, which repeats the reference and says what to do."""
    led = [one.href for one in browser.page.links if "What to do" in one.text]
    (href,) = [one for one in led if urlsplit(one).path == f"/help/{answer}"]
    query = parse_qs(urlsplit(href).query)
    page = await browser.open(href)
    for step in ANSWERS[answer].steps:
        assert step in page.text
    if "reference" in query:
        assert f"Reference for support: {query['reference'][0]}" in page.text


@pytest.mark.parametrize("name", _TROUBLES)
async def test_the_window_says_what_happened_and_what_to_do(
    stack: Stack, tools: Browser, name: str
) -> None:
    trouble = _TROUBLES[name]
    await trouble.provoke(stack.sandbox)
    await to_atlassian(tools)
    await tools.click("Accept")
    shown = tools.page.text
    assert trouble.title in shown
    assert trouble.text in shown
    assert trouble.hint in shown
    assert tools.can("Try again")
    assert "Reference for support" in shown
    await says(tools, trouble.answer)
    card = await tools.open(f"{stack.url}/tools")
    assert trouble.text in card.text
    assert tools.can("Configure Atlassian") or tools.can("Reconnect Atlassian")
    await says(tools, trouble.answer)


@pytest.mark.parametrize(
    "name", ["a network that is cut at the exchange", "an outage at the exchange"]
)
async def test_try_again_is_all_it_takes_once_the_trouble_is_over(
    stack: Stack, tools: Browser, name: str
) -> None:
    await _TROUBLES[name].provoke(stack.sandbox)
    await to_atlassian(tools)
    await tools.click("Accept")
    await tools.click("Try again")
    await tools.click("Accept")
    assert "Authentication Successful" in tools.page.text


async def test_the_wrong_account_is_named_and_the_right_one_takes_its_place(
    stack: Stack, tools: Browser
) -> None:
    await connect_atlassian(tools, stack.url, GRACE)
    assert f"Atlassian is connected as {GRACE}" in tools.page.text
    await tools.open(f"{stack.url}/tools")
    await tools.click("Reconnect Atlassian")
    await tools.click("Use another account")
    await tools.click(ALAN)
    await tools.click("Accept")
    await tools.click("acme")
    card = await tools.open(f"{stack.url}/tools")
    assert f"This account took the place of {GRACE}, whose tokens are erased." in card.text


async def test_missing_permissions_are_named_with_reconnect_as_the_way_on(
    stack: Stack, tools: Browser
) -> None:
    granted = ["read:me", "offline_access", "read:jira-work", "read:jira-user"]
    await stack.sandbox.atlassian.configure(granted_scopes=granted)
    await to_atlassian(tools)
    await tools.click("Accept")
    if tools.can("acme"):
        await tools.click("acme")
    await tools.open(f"{stack.url}/tools")
    rows(
        embedded(stack.xerus.folder / "data").administrator,
        "UPDATE connect_flows SET created_at = created_at - interval '1 hour'",
    )
    card = await tools.open(f"{stack.url}/tools")
    assert "Some permissions were not granted." in card.text
    assert "Choose Reconnect and allow all of them." in card.text
    await says(tools, "permissions")
    await tools.open(f"{stack.url}/connections/atlassian")
    assert "(not granted)" in tools.page.text
    banner = await tools.open(f"{stack.url}/activity")
    assert "Some permissions at Atlassian were not granted." in banner.text
    await stack.sandbox.atlassian.configure(granted_scopes=None)
    await tools.click("Reconnect: Some permissions at Atlassian were not granted.")
    await tools.click("Accept")
    if tools.can("acme"):
        await tools.click("acme")
    assert "Authentication Successful" in tools.page.text
    assert "not granted" not in (await tools.open(f"{stack.url}/activity")).text


async def test_a_page_of_atlassians_own_about_approval_leaves_a_way_on(
    stack: Stack, tools: Browser
) -> None:
    """Where an administrator has to approve the app, Atlassian says so and sends nobody back."""
    await fault(
        "status",
        "^/consent",
        status=403,
        headers={"Content-Type": "text/html"},
        body="<h1>Your site admin must authorize this app</h1>",
    )(stack.sandbox)
    await to_atlassian(tools)
    await tools.click("Accept")
    assert "Your site admin must authorize this app" in tools.page.text
    card = await tools.open(f"{stack.url}/tools")
    assert "Waiting for you to finish in the other window." in card.text
    assert tools.can("Use this tab instead")
    await says(tools, "stuck")
    assert "see “Your organisation blocks the app”" in tools.page.text
    await tools.open(f"{stack.url}/tools")
    await tools.click("Cancel")
    assert "You cancelled. Nothing was stored." in tools.page.text
    assert tools.can("Configure Atlassian")


async def test_a_state_of_nobodys_is_refused_with_the_way_to_begin(
    stack: Stack, tools: Browser
) -> None:
    await tools.open(f"{stack.url}/connections/atlassian/callback?code=c&state=guessed")
    assert "This return from Atlassian does not belong to your session here." in tools.page.text
    assert "Start again from the Tools page, in this browser." in tools.page.text
    await says(tools, "other-browser")


async def test_an_answer_that_is_used_twice_is_refused_or_says_the_same(
    stack: Stack, tools: Browser
) -> None:
    await to_atlassian(tools)
    back = await accepted(tools)
    await tools.open(back)
    await tools.click("acme")
    assert "Authentication Successful" in tools.page.text
    assert "Authentication Successful" in (await tools.open(back)).text


async def test_an_attempt_of_more_than_ten_minutes_is_over_and_says_so(
    stack: Stack, tools: Browser
) -> None:
    await to_atlassian(tools)
    back = await accepted(tools)
    rows(
        embedded(stack.xerus.folder / "data").administrator,
        "UPDATE connect_flows SET expires_at = now() - interval '1 second'"
        " WHERE status = 'pending'",
    )
    await tools.open(back)
    assert (
        "The window for connecting Atlassian was open for more than 10 minutes." in tools.page.text
    )
    assert "Start again." in tools.page.text
    await says(tools, "stuck")
    card = await tools.open(f"{stack.url}/tools")
    assert "was open for more than 10 minutes" in card.text


async def test_a_session_that_ended_meanwhile_is_asked_to_sign_in_and_goes_on(
    stack: Stack, tools: Browser
) -> None:
    await to_atlassian(tools)
    back = await accepted(tools)
    await tools.open(f"{stack.url}/tools")
    await tools.click("Sign out")
    await tools.open(back)
    assert urlsplit(tools.page.url).path == "/signin"
    assert tools.can("Continue with Microsoft")


async def test_a_grant_that_was_ended_at_atlassian_leads_back_to_the_page(
    stack: Stack, tools: Browser
) -> None:
    await connect_atlassian(tools, stack.url, ALAN)
    await stack.sandbox.atlassian.revoke(ALAN)
    await tools.open(f"{stack.url}/connections/atlassian")
    await tools.click("Test now")
    page = await tools.open(f"{stack.url}/activity")
    assert "Atlassian has to be connected again." in page.text
    await tools.click("Reconnect: Atlassian has to be connected again.")
    await tools.click("Accept")
    if tools.can("acme"):
        await tools.click("acme")
    await tools.click("Back to Xerus")
    assert urlsplit(tools.page.url).path == "/activity"
    assert "has to be connected again" not in tools.page.text
