"""Application links beside the operator's own PAT for Jira: whose credential a call goes out with."""

from collections.abc import AsyncIterator

import pytest

from tests.flows.test_chat import ask
from tests.flows.test_data_center_links import ISSUE, JIRA, PAGES, connect, links, seen
from tests.support.browser import Browser
from tests.support.folders import reachable
from tests.support.journeys import ADA, ALAN, GRACE, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected, text_of
from tests.support.stack import Sandbox, Stack, Xerus, user_mode


async def with_pat(sandbox: Sandbox, mode: str) -> dict[str, str]:
    """Return the settings of Cloud, both links and a PAT of Alan's for Jira alone."""
    known = await sandbox.credentials()
    return {
        **await user_mode(sandbox),
        **await links(sandbox),
        "JIRA_PERSONAL_TOKEN": known["pats"][ALAN],
        "XERUS_ATLASSIAN_CREDENTIALS": mode,
    }


@pytest.fixture(scope="module")
async def behind(sandbox: Sandbox) -> AsyncIterator[Stack]:
    """A stack where the PAT serves who has not connected."""
    stack = Stack(sandbox, Xerus(reachable(), await with_pat(sandbox, "user-then-shared")).start())
    yield stack
    stack.xerus.stop()


@pytest.fixture(scope="module")
async def shared(sandbox: Sandbox) -> AsyncIterator[Stack]:
    """A stack where the PAT serves everybody."""
    stack = Stack(sandbox, Xerus(reachable(), await with_pat(sandbox, "shared")).start())
    yield stack
    stack.xerus.stop()


async def used(stack: Stack, browser: Browser, account: str, **more: str) -> set[tuple[str, str]]:
    """Read an issue as `account`; return who Atlassian saw, and with what."""
    async with connected(stack.url, Storage(), browser, account) as client:
        calls = await seen(stack, client, (ISSUE[0], {**ISSUE[1], **more}))
    told = [one for one in calls if "/issue/" in one.path]
    return {(one.account, one.credential) for one in told}


async def test_the_pat_serves_until_the_person_connects_and_no_longer(
    behind: Stack, browser: Browser
) -> None:
    await sign_in(browser, behind.url, GRACE)
    assert await used(behind, browser, GRACE) == {(ALAN, "pat")}
    await connect(browser, behind, JIRA, GRACE)
    assert await used(behind, browser, GRACE) == {(GRACE, "oauth")}


async def test_beside_cloud_the_pat_serves_its_own_server_where_that_is_named(
    behind: Stack, browser: Browser
) -> None:
    await sign_in(browser, behind.url, ADA)
    await connect_atlassian(browser, behind.url, ADA)
    assert await used(behind, browser, ADA) == {(ADA, "oauth")}
    assert await used(behind, browser, ADA, site="jira") == {(ALAN, "pat")}
    async with connected(behind.url, Storage(), browser, ADA) as client:
        unknown = await client.call_tool(ISSUE[0], {**ISSUE[1], "site": "nowhere"})
    assert unknown.is_error
    assert "acme" in text_of(unknown)


async def test_where_the_operator_has_no_token_the_person_is_told_to_connect(
    behind: Stack, browser: Browser
) -> None:
    async with connected(behind.url, Storage(), browser, ALAN) as client:
        refused = await client.call_tool(*PAGES)
        status = text_of(await client.call_tool("connection_status", {}))
    assert refused.is_error
    assert "not connected" in text_of(refused)
    assert f"{behind.url}/tools" in text_of(refused)
    assert "CONFLUENCE_PERSONAL_TOKEN" not in text_of(refused)
    assert f"Connection: {JIRA}\nState: not_connected" in status
    assert "Connection: Shared service token\nState: shared" in status


async def test_the_chat_asks_before_it_writes_with_the_pat_and_not_to_connect(
    behind: Stack, browser: Browser
) -> None:
    await sign_in(browser, behind.url, ALAN)
    said = await ask(browser, behind.url, "create a task in ENG: By way of the shared token")
    assert "Approve: Create issue?" in said


async def test_one_pat_for_all_offers_nobody_a_connection(shared: Stack, browser: Browser) -> None:
    await sign_in(browser, shared.url, GRACE)
    assert not any(browser.can(f"Configure {name}") for name in ("Atlassian", JIRA))
    assert await used(shared, browser, GRACE) == {(ALAN, "pat")}
    assert await used(shared, browser, GRACE, site="jira") == {(ALAN, "pat")}
