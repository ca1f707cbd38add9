"""People connect a Data Center by its application link, beside Cloud or without it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from mcp import Client

from tests.support.browser import Browser, LeftTheWorld
from tests.support.folders import reachable
from tests.support.journeys import ADA, ALAN, GRACE, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected, text_of
from tests.support.stack import Sandbox, Stack, Xerus, identity_env, user_mode

JIRA, CONFLUENCE = "Jira Data Center", "Confluence Data Center"
ISSUE = ("jira_get_issue", {"issue_key": "ENG-1"})
PAGES: tuple[str, dict[str, str]] = ("confluence_get_spaces", {})
TOKEN = "/dc/jira/rest/oauth2/latest/token"


async def links(sandbox: Sandbox) -> dict[str, str]:
    """Return the settings of an application link of each product."""
    known = await sandbox.credentials()
    found: dict[str, str] = {}
    for product, name in (("jira", "JIRA"), ("confluence", "CONFLUENCE")):
        app = known["data_center_oauth"][product]
        found |= {
            f"{name}_URL": known["data_center"][product],
            f"{name}_OAUTH_CLIENT_ID": app["client_id"],
            f"{name}_OAUTH_CLIENT_SECRET": app["client_secret"],
        }
    return found


@pytest.fixture(scope="module")
async def both(sandbox: Sandbox) -> AsyncIterator[Stack]:
    """A stack with an app at Cloud and both application links."""
    env = {**await user_mode(sandbox), **await links(sandbox)}
    stack = Stack(sandbox, Xerus(reachable(), env).start())
    yield stack
    stack.xerus.stop()


@pytest.fixture(scope="module")
async def alone(sandbox: Sandbox) -> AsyncIterator[Stack]:
    """A stack without Cloud that asks for READ."""
    env = {**await identity_env(sandbox), **await links(sandbox), "XERUS_READ_ONLY": "true"}
    stack = Stack(sandbox, Xerus(reachable(), env).start())
    yield stack
    stack.xerus.stop()


async def connect(browser: Browser, stack: Stack, name: str, account: str) -> None:
    """Connect, unless it is; an attempt of another test may still be open there."""
    await browser.open(f"{stack.url}/tools")
    if not browser.can(f"Disconnect {name}"):
        await browser.open(f"{stack.url}/connections/{name.split(maxsplit=1)[0].lower()}/start")
        if browser.can(account):
            await browser.click(account)
        await browser.click("Accept")
        assert "Authentication Successful" in browser.page.text, browser.page.text
        assert f"{name} is connected as" in browser.page.text


@dataclass
class Seen:
    """A request as the sandbox saw it."""

    path: str
    account: str
    credential: str


async def seen(stack: Stack, client: Client, call: tuple[str, dict[str, str]]) -> list[Seen]:
    """Make a call that succeeds; return what came of it upstream."""
    mark = await stack.sandbox.atlassian.mark()
    answer = await client.call_tool(*call)
    assert not answer.is_error, text_of(answer)
    log = await stack.sandbox.atlassian.log(mark)
    # A token that another test let run out is refused first, and renewed.
    served = [one for one in log if one["status"] != 401 and not one["path"].endswith("/token")]
    return [Seen(one["path"], one["account"], one["credential"]) for one in served]


async def test_each_link_has_its_card_and_its_own_account(both: Stack, browser: Browser) -> None:
    await sign_in(browser, both.url, ALAN)
    for name in ("Atlassian", JIRA, CONFLUENCE):
        assert browser.can(f"Configure {name}") or browser.can(f"Disconnect {name}")
    await connect(browser, both, JIRA, ALAN)
    await connect(browser, both, CONFLUENCE, ALAN)
    async with connected(both.url, Storage(), browser, ALAN) as client:
        issue = await seen(both, client, ISSUE)
        spaces = await seen(both, client, PAGES)
    assert {(one.path.split("/")[2], one.account, one.credential) for one in issue} == {
        ("jira", ALAN, "oauth")
    }
    assert {one.path.split("/")[2] for one in spaces} == {"confluence"}
    assert all(one.path.startswith("/dc/") for one in (*issue, *spaces))


async def test_cloud_and_data_center_side_by_side(both: Stack, browser: Browser) -> None:
    await sign_in(browser, both.url, ADA)
    await connect(browser, both, JIRA, ADA)
    await connect_atlassian(browser, both.url, ADA)
    async with connected(both.url, Storage(), browser, ADA) as client:
        unnamed = await seen(both, client, ISSUE)
        named = await seen(both, client, (ISSUE[0], {**ISSUE[1], "site": "jira"}))
        status = text_of(await client.call_tool("connection_status", {}))
        unknown = await client.call_tool(ISSUE[0], {**ISSUE[1], "site": "nowhere"})
    assert all(one.path.startswith("/ex/jira/") for one in unnamed)
    assert all(one.path.startswith("/dc/jira/") for one in named)
    assert f"Connection: {JIRA}\nState: connected" in status
    assert "Connection: Atlassian\nState: connected" in status
    assert unknown.is_error
    assert "acme" in text_of(unknown)
    assert "jira" in text_of(unknown)


async def test_without_cloud_there_is_no_card_for_it(alone: Stack, browser: Browser) -> None:
    await sign_in(browser, alone.url, GRACE)
    assert not browser.can("Configure Atlassian")
    assert "ATLASSIAN_OAUTH_CLIENT_ID" not in browser.page.text
    assert browser.can(f"Configure {JIRA}")


async def test_fifty_calls_on_an_expired_token_ask_for_one_new_pair(
    both: Stack, browser: Browser
) -> None:
    await sign_in(browser, both.url, GRACE)
    await connect(browser, both, JIRA, GRACE)
    async with connected(both.url, Storage(), browser, GRACE) as client:
        await client.call_tool(*ISSUE)
        mark = await both.sandbox.atlassian.mark()
        await both.sandbox.atlassian.advance(2 * 3600)
        answers = await asyncio.gather(*(client.call_tool(*ISSUE) for _ in range(50)))
        log = await both.sandbox.atlassian.log(mark)
    assert not any(answer.is_error for answer in answers)
    assert [one["status"] for one in log if one["path"] == TOKEN] == [200]


async def test_login_csrf_an_answer_brought_to_another_browser_connects_nobody(
    both: Stack, browser: Browser
) -> None:
    async with Browser(stops_at=(f"{both.url}/connections/atlassian/callback",)) as attacker:
        await sign_in(attacker, both.url, GRACE)
        await attacker.open(f"{both.url}/connections/confluence/start")
        await attacker.click(GRACE)
        with pytest.raises(LeftTheWorld) as left:
            await attacker.click("Accept")
    await sign_in(browser, both.url, ADA)
    page = await browser.open(left.value.url)
    assert "Authentication Failed" in page.text
    assert "does not belong to your session" in page.text


async def test_an_answer_of_one_link_is_nothing_to_another(both: Stack, browser: Browser) -> None:
    """The state decides which server redeems the code, so a code cannot be mixed up."""
    callback = f"{both.url}/connections/atlassian/callback"
    await sign_in(browser, both.url, GRACE)
    browser.stops_at = (callback,)
    await browser.open(f"{both.url}/connections/confluence/start")
    if browser.can(GRACE):
        await browser.click(GRACE)
    mark = await both.sandbox.atlassian.mark()
    with pytest.raises(LeftTheWorld) as left:
        await browser.click("Accept")
    browser.stops_at = ()
    await browser.open(left.value.url)
    paths = {one["path"] for one in await both.sandbox.atlassian.log(mark)}
    assert "/dc/confluence/rest/oauth2/latest/token" in paths
    assert not paths & {TOKEN, "/oauth/token"}


async def test_a_disconnected_link_serves_nothing_and_leaves_the_others(
    both: Stack, browser: Browser
) -> None:
    await sign_in(browser, both.url, GRACE)
    await connect(browser, both, JIRA, GRACE)
    await connect(browser, both, CONFLUENCE, GRACE)
    await browser.open(f"{both.url}/tools")
    await browser.click(f"Disconnect {JIRA}")
    assert "id.atlassian.com" not in browser.page.html
    await browser.click("Disconnect")
    async with connected(both.url, Storage(), browser, GRACE) as client:
        refused = await client.call_tool(*ISSUE)
        await seen(both, client, PAGES)
    assert refused.is_error
    assert "not connected" in text_of(refused)


async def test_a_grant_to_read_alone_writes_nothing(
    alone: Stack, sandbox: Sandbox, browser: Browser
) -> None:
    await sign_in(browser, alone.url, ADA)
    await connect(browser, alone, JIRA, ADA)
    alone.xerus.stop()
    alone.xerus.env = {**await identity_env(sandbox), **await links(sandbox)}
    alone.xerus.start()
    async with connected(alone.url, Storage(), browser, ADA) as client:
        await seen(alone, client, ISSUE)
        mark = await sandbox.atlassian.mark()
        call = {"issue_key": "ENG-1", "body": "written"}
        refused = await client.call_tool("jira_add_comment", call)
        assert await sandbox.atlassian.log(mark) == []
    assert refused.is_error
    assert "was not granted: WRITE" in text_of(refused)
    assert f"{alone.url}/tools" in text_of(refused)
    await browser.open(f"{alone.url}/connections/jira")
    assert "Read, create and change what you may (not granted)" in browser.page.text


async def test_a_link_that_does_not_allow_writing_says_what_to_change(
    both: Stack, browser: Browser
) -> None:
    await both.sandbox.atlassian.configure(dc_granted_scopes=["READ"])
    await sign_in(browser, both.url, GRACE)
    await browser.open(f"{both.url}/connections/confluence/start")
    await both.sandbox.atlassian.configure(dc_granted_scopes=None)
    assert "Confluence Data Center returned without granting access." in browser.page.text
    assert "It does not allow WRITE here" in browser.page.text


async def test_two_people_call_one_data_center_each_as_themselves(
    both: Stack, browser: Browser
) -> None:
    async with Browser() as other:
        for person, account in ((browser, ADA), (other, ALAN)):
            await sign_in(person, both.url, account)
            await connect(person, both, JIRA, account)
            async with connected(both.url, Storage(), person, account) as client:
                calls = await seen(both, client, (ISSUE[0], {**ISSUE[1], "site": "jira"}))
            assert {one.account for one in calls} == {account}


async def test_a_lost_answer_to_a_renewal_asks_to_connect_again_and_goes_nowhere_else(
    both: Stack, browser: Browser
) -> None:
    """Data Center spent the refresh token and leaves no time to repeat the request."""
    port = both.sandbox.atlassian
    await sign_in(browser, both.url, ALAN)
    await connect(browser, both, JIRA, ALAN)
    await connect(browser, both, CONFLUENCE, ALAN)
    async with connected(both.url, Storage(), browser, ALAN) as client:
        await port.advance(2 * 3600)
        await port.faults([{"method": "POST", "path_regex": TOKEN, "fault": "lost_response"}])
        mark = await port.mark()
        refused = await client.call_tool(*ISSUE)
        log = await port.log(mark)
        await seen(both, client, PAGES)
    assert refused.is_error
    assert "The connection to Jira Data Center has ended" in text_of(refused)
    assert f"Connect it here: {both.url}/tools" in text_of(refused)
    assert not any(one["path"].startswith("/ex/") for one in log)
    await browser.open(f"{both.url}/tools")
    await browser.click(f"Reconnect {JIRA}")
    if browser.can(ALAN):
        await browser.click(ALAN)
    await browser.click("Accept")
    assert f"{JIRA} is connected as" in browser.page.text
