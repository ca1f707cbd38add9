"""Every control of the sandbox, and what a fault of the outside world looks like through Xerus."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from mcp import Client

from tests.support.browser import Browser
from tests.support.journeys import ADA, ALAN, GRACE, sign_in
from tests.support.mcp_client import Storage, connected, text_of
from tests.support.stack import Port, Stack

ISSUE = "/rest/api/3/issue"
TOKEN = "^/oauth/token$"
READ = ("jira_get_issue", {"issue_key": "ENG-1"})
WRITE = ("jira_add_comment", {"issue_key": "ENG-1", "comment": "Once"})


@pytest.fixture(autouse=True)
async def calm(stack: Stack) -> AsyncIterator[None]:
    """Leave no fault and no changed setting to the next test."""
    ports = (stack.sandbox.atlassian, stack.sandbox.entra)
    before = [await port.config() for port in ports]
    yield
    for port, values in zip(ports, before, strict=True):
        values.pop("credentials")
        await port.configure(**values)
        async with httpx2.AsyncClient(trust_env=False) as http:
            await http.delete(f"{port.base}/_sandbox/faults")


async def consent_anew(browser: Browser, url: str, account: str) -> None:
    """Connect, or connect again, with the first site."""
    await browser.open(f"{url}/connections/atlassian/start")
    await browser.click(account)
    await browser.click("Accept")
    if browser.can("acme"):
        await browser.click("acme")
    assert "Authentication Successful" in browser.page.text, browser.page.text


@asynccontextmanager
async def working(stack: Stack, account: str = ADA) -> AsyncIterator[Client]:
    """Yield the MCP client of a person who has just connected."""
    async with Browser() as browser:
        await sign_in(browser, stack.url, account)
        await consent_anew(browser, stack.url, account)
        async with connected(stack.url, Storage(), browser, account) as client:
            yield client


async def eventually(client: Client) -> None:
    """Call until it works, as a person would; a fault may hold calls back for seconds."""
    async with asyncio.timeout(60):
        while (await client.call_tool(*READ)).is_error:  # noqa: ASYNC110 - a fault passes silently
            await asyncio.sleep(0.5)


async def seen(port: Port, mark: int, path: str, method: str = "") -> list[int]:
    log = await port.log(mark)
    return [e["status"] for e in log if path in e["path"] and method in e["method"]]


async def test_both_ports_answer_the_controls_and_show_the_same_credentials(stack: Stack) -> None:
    shown = await stack.sandbox.atlassian.config(), await stack.sandbox.entra.config()
    wanted = {"access_token_seconds", "latency_ms", "granted_scopes", "coop_header", "verify_pkce"}
    for values in shown:
        assert wanted <= set(values)
        assert {"entra", "atlassian", "sites", "api_tokens", "pats"} <= set(values["credentials"])
    assert shown[0]["credentials"] == shown[1]["credentials"]
    assert "refresh_grace_seconds" in shown[0]
    assert "token_version" in shown[1]


async def test_the_log_names_each_call_with_its_account_credential_and_status(
    stack: Stack,
) -> None:
    port = stack.sandbox.atlassian
    async with working(stack) as client:
        mark = await port.mark()
        await client.call_tool(*READ)
        entry = (await port.log(mark))[-1]
    assert set(entry) == {"n", "time", "method", "path", "account", "credential", "status"}
    assert (entry["method"], entry["account"], entry["credential"]) == ("GET", ADA, "oauth")
    assert entry["n"] > mark
    assert entry["path"].endswith(f"{ISSUE}/ENG-1")


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "status", "status": 503, "times": 2},
        {"fault": "status", "status": 429, "headers": {"Retry-After": "1"}},
        {"fault": "reset"},
        {"fault": "truncate"},
        {"fault": "lost_response"},
    ],
    ids=lambda fault: f"{fault['fault']} {fault.get('status', '')}".strip(),
)
async def test_a_read_outlives_a_passing_fault(stack: Stack, fault: dict[str, Any]) -> None:
    async with working(stack) as client:
        await stack.sandbox.atlassian.faults([{"method": "GET", "path_regex": ISSUE, **fault}])
        answer = await client.call_tool(*READ)
        assert not answer.is_error, text_of(answer)


@pytest.mark.parametrize(
    "fault",
    [{"fault": "status", "status": 502}, {"fault": "reset"}, {"fault": "lost_response"}],
    ids=lambda fault: fault["fault"],
)
async def test_a_write_without_an_answer_is_not_repeated_and_says_that_it_may_have_happened(
    stack: Stack, fault: dict[str, Any]
) -> None:
    port = stack.sandbox.atlassian
    async with working(stack) as client:
        mark = await port.mark()
        await port.faults([{"method": "POST", "path_regex": ISSUE, **fault}])
        answer = await client.call_tool(*WRITE)
        assert answer.is_error
        assert "may have happened" in text_of(answer)
        assert len(await seen(port, mark, ISSUE, "POST")) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "status", "status": 500},
        {"fault": "status", "status": 503, "body": "<html>Down</html>", "times": 3},
        {"fault": "status", "status": 200, "body": "<html>Captive portal</html>"},
        {"fault": "status", "status": 429, "headers": {"Retry-After": "1"}},
        {"fault": "status", "status": 401, "body": {"error": "access_denied"}},
        {"fault": "reset", "times": 3},
        {"fault": "truncate", "times": 2},
        {"fault": "lost_response"},
        {"fault": "lost_response", "times": 3},
    ],
    ids=lambda f: f"{f['fault']} {f.get('status', '')} x{f.get('times', 1)}",
)
async def test_a_fault_on_the_token_endpoint_never_ends_a_connection(
    stack: Stack, browser: Browser, fault: dict[str, Any]
) -> None:
    port = stack.sandbox.atlassian
    async with working(stack) as client:
        await port.advance(2 * 3600)
        await port.faults([{"method": "POST", "path_regex": TOKEN, **fault}])
        first = await client.call_tool(*READ)
        assert not first.is_error or "Traceback" not in text_of(first)
        await sign_in(browser, stack.url, ADA)
        page = await browser.open(f"{stack.url}/tools")
        assert ADA in page.text
        if fault.get("status") != 401:  # our own secret is refused: probed once a minute
            await eventually(client)
        else:  # nobody renews for a moment, which is not the next test's business
            stack.xerus.restart()


async def test_a_lost_answer_to_a_renewal_is_survived_within_the_grace(stack: Stack) -> None:
    port = stack.sandbox.atlassian
    assert (await port.config())["refresh_grace_seconds"] == 600
    async with working(stack) as client:
        await port.advance(2 * 3600)
        mark = await port.mark()
        await port.faults([{"method": "POST", "path_regex": TOKEN, "fault": "lost_response"}])
        answer = await client.call_tool(*READ)
        assert not answer.is_error, text_of(answer)
        assert await seen(port, mark, "/oauth/token") == [200, 200]


async def test_a_trickled_answer_is_cut_at_the_deadline_and_ends_no_connection(
    stack: Stack,
) -> None:
    port = stack.sandbox.atlassian
    async with working(stack) as client, working(stack, GRACE) as other:
        await port.faults([{"path_regex": f"{ISSUE}/ENG-1$", "fault": "trickle"}])
        slow = asyncio.create_task(other.call_tool(*READ))
        await port.advance(2 * 3600)
        await port.faults([{"path_regex": TOKEN, "fault": "trickle"}])
        async with asyncio.timeout(55):
            answers = await asyncio.gather(client.call_tool(*READ), slow)
        assert all("Traceback" not in text_of(answer) for answer in answers)
        await eventually(client)
        await eventually(other)


async def test_a_token_that_looked_valid_is_renewed_once(stack: Stack) -> None:
    port = stack.sandbox.atlassian
    async with working(stack) as client:
        await port.advance(2 * 3600)
        mark = await port.mark()
        assert not (await client.call_tool(*READ)).is_error
        assert await seen(port, mark, ISSUE) == [401, 200]
        assert await seen(port, mark, "/oauth/token") == [200]


async def test_a_missing_scope_is_named_and_never_renewed(stack: Stack, browser: Browser) -> None:
    port = stack.sandbox.atlassian
    await sign_in(browser, stack.url, ALAN)
    start = await browser.http.get(f"{stack.url}/connections/atlassian/start")
    asked = parse_qs(urlsplit(start.headers["location"]).query)["scope"][0].split()
    await port.configure(granted_scopes=[scope for scope in asked if scope != "write:jira-work"])
    async with working(stack, ALAN) as client:
        mark = await port.mark()
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert "jira_search" in names
        assert "jira_create_issue" not in names
        refused = await client.call_tool(*WRITE)
        assert refused.is_error
        assert "write:jira-work" in text_of(refused)
        assert f"{stack.url}/tools" in text_of(refused)
        assert await port.log(mark) == []


async def test_a_revoked_grant_asks_for_a_new_consent_and_leaves_others_alone(
    stack: Stack, browser: Browser
) -> None:
    port = stack.sandbox.atlassian
    async with working(stack) as client, working(stack, GRACE) as other:
        await port.revoke(ADA)
        await port.advance(2 * 3600)
        refused = await client.call_tool(*READ)
        assert refused.is_error
        assert f"{stack.url}/tools" in text_of(refused)
        assert not (await other.call_tool(*READ)).is_error
        await sign_in(browser, stack.url, ADA)
        await browser.open(f"{stack.url}/tools")
        assert browser.can("Reconnect")
        await consent_anew(browser, stack.url, ADA)
        assert not (await client.call_tool(*READ)).is_error


async def test_a_reset_forgets_the_grants_and_keeps_the_seed(stack: Stack) -> None:
    port = stack.sandbox.atlassian
    async with working(stack) as client:
        await port.reset()
        assert (await client.call_tool(*READ)).is_error
    async with working(stack) as client:
        assert "ENG-1" in text_of(await client.call_tool(*READ))


@pytest.mark.parametrize(
    "change",
    [
        {"latency_ms": 100},
        {"coop_header": "same-origin"},
        {"verify_pkce": False},
        {"access_token_seconds": 2},
        {"refresh_grace_seconds": 0},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_the_journey_works_under_each_setting_of_atlassian(
    stack: Stack, change: dict[str, Any]
) -> None:
    await stack.sandbox.atlassian.configure(**change)
    async with working(stack) as client:
        for _ in range(2):
            answer = await client.call_tool(*READ)
            assert not answer.is_error, text_of(answer)


@pytest.mark.parametrize(
    "prepare",
    [
        lambda entra: entra.rotate_keys(),
        lambda entra: entra.configure(latency_ms=100),
        lambda entra: entra.configure(token_version=1),
        lambda entra: entra.configure(coop_header="same-origin"),
        lambda entra: entra.faults([{"path_regex": "/keys$", "fault": "reset"}]),
    ],
    ids=["keys/rotate", "latency_ms", "token_version", "coop_header", "fault"],
)
async def test_signing_in_works_under_each_control_of_entra(
    stack: Stack, browser: Browser, prepare: Callable[[Port], Any]
) -> None:
    await prepare(stack.sandbox.entra)
    await sign_in(browser, stack.url, GRACE)


async def test_entra_that_fails_during_a_sign_in_leaves_a_calm_page_and_a_next_step(
    stack: Stack, browser: Browser
) -> None:
    entra = stack.sandbox.entra
    fault = {"path_regex": "/token$", "fault": "status", "status": 503, "times": 9}
    await entra.faults([fault])
    await browser.open(f"{stack.url}/tools")
    await browser.click("Continue with Microsoft")
    page = await browser.click(GRACE)
    assert page.status >= 400
    assert "Reference for support" in page.text
    async with httpx2.AsyncClient(trust_env=False) as http:
        await http.delete(f"{entra.base}/_sandbox/faults")
    await sign_in(browser, stack.url, GRACE)


async def test_a_person_whom_entra_refuses_gets_no_new_token_for_a_client(stack: Stack) -> None:
    storage = Storage()
    async with Browser() as browser, connected(stack.url, storage, browser, ALAN) as client:
        await client.list_tools()
    assert storage.tokens
    assert storage.client
    await stack.sandbox.entra.configure(disabled_accounts=[ALAN])
    await stack.sandbox.entra.revoke(ALAN)
    form = {
        "grant_type": "refresh_token",
        "refresh_token": storage.tokens.refresh_token or "",
        "client_id": storage.client.client_id or "",
        "client_secret": storage.client.client_secret or "",
    }
    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.post(f"{stack.url}/oauth/token", data=form)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] == "invalid_grant"
