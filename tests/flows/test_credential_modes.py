"""Whose credential a call goes out with, for each value of XERUS_ATLASSIAN_CREDENTIALS."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.support.browser import Browser
from tests.support.database import embedded, rows
from tests.support.folders import reachable
from tests.support.journeys import ADA, GRACE, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected, text_of
from tests.support.stack import Sandbox, Stack, Xerus, user_mode

ALAN = "alan@example.com"
READ = ("jira_get_issue", {"issue_key": "ENG-1"})


async def both(sandbox: Sandbox, mode: str) -> dict[str, str]:
    """Return the settings of an Atlassian app and of an operator's token, which is Alan's."""
    known = await sandbox.credentials()
    return {
        **await user_mode(sandbox),
        "JIRA_URL": known["sites"]["acme"]["url"],
        "JIRA_USERNAME": ALAN,
        "JIRA_PERSONAL_TOKEN": known["api_tokens"][ALAN],
        **({"XERUS_ATLASSIAN_CREDENTIALS": mode} if mode else {}),
    }


@pytest.fixture(scope="module", params=["", "shared", "user-then-shared"])
async def mode_stack(
    request: pytest.FixtureRequest, sandbox: Sandbox
) -> AsyncIterator[tuple[Stack, str]]:
    folder = reachable()
    stack = Stack(sandbox, Xerus(folder, await both(sandbox, request.param)).start())
    yield stack, request.param
    stack.xerus.stop()


async def credentials_used(stack: Stack, browser: Browser, account: str) -> set[tuple[str, str]]:
    """Make one call as `account`; return who Atlassian saw, and with what."""
    mark = await stack.sandbox.atlassian.mark()
    async with connected(stack.url, Storage(), browser, account) as client:
        answer = await client.call_tool(*READ)
    calls = [c for c in await stack.sandbox.atlassian.log(mark) if "/issue/" in c["path"]]
    assert answer.is_error == (not calls), text_of(answer)
    return {(call["account"], call["credential"]) for call in calls}


async def test_a_person_without_a_connection_gets_what_the_mode_says(
    mode_stack: tuple[Stack, str], browser: Browser
) -> None:
    stack, mode = mode_stack
    expected = {(ALAN, "basic")} if mode else set()
    assert await credentials_used(stack, browser, GRACE) == expected


async def test_a_connected_person_is_served_with_their_own_token_unless_all_share_one(
    mode_stack: tuple[Stack, str], browser: Browser
) -> None:
    stack, mode = mode_stack
    await sign_in(browser, stack.url, ADA)
    if mode == "shared":
        await browser.open(f"{stack.url}/tools")
        assert not browser.can("Configure Atlassian")
        assert await credentials_used(stack, browser, ADA) == {(ALAN, "basic")}
        return
    await connect_atlassian(browser, stack.url, ADA)
    assert await credentials_used(stack, browser, ADA) == {(ADA, "oauth")}


async def test_the_audit_says_whose_credential_each_call_used(
    mode_stack: tuple[Stack, str], browser: Browser
) -> None:
    stack, mode = mode_stack
    await credentials_used(stack, browser, GRACE)
    found = rows(
        embedded(stack.xerus.folder / "data").administrator,
        "SELECT event, facts FROM audit_events JOIN users u ON u.id = user_id"
        " WHERE event LIKE 'tool:call:%%' AND email = %s",
        GRACE,
    )
    assert {row["facts"].get("credential") for row in found} == ({"shared"} if mode else {None})
    assert mode or {row["event"] for row in found} == {"tool:call:refused"}


async def test_a_caller_who_is_not_signed_in_is_never_served(
    mode_stack: tuple[Stack, str],
) -> None:
    stack, _ = mode_stack
    mark = await stack.sandbox.atlassian.mark()
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": READ[0]}}
    async with httpx2.AsyncClient(trust_env=False) as http:
        for token in ("", "Bearer", "Bearer a.b.c", "Bearer " + "x" * 9000, "Basic eDp5"):
            answer = await http.post(
                f"{stack.url}/mcp", json=call, headers={"Authorization": token} if token else {}
            )
            assert answer.status_code == 401
            assert "resource_metadata=" in answer.headers["www-authenticate"]
    assert await stack.sandbox.atlassian.log(mark) == []


async def test_start_up_warns_where_one_token_serves_everybody(
    mode_stack: tuple[Stack, str],
) -> None:
    stack, mode = mode_stack
    told = stack.xerus.log.read_text()
    assert ("shared" in told) == bool(mode)
    assert (await stack.sandbox.credentials())["api_tokens"][ALAN] not in told
