"""What survives: expiry under load, a crash between calls, a restart of everything."""

import asyncio
import signal

from tests.support.browser import Browser
from tests.support.journeys import ADA, GRACE, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected, text_of
from tests.support.stack import Stack


def token_requests(log: list[dict[str, object]]) -> int:
    return sum(1 for entry in log if entry["path"] == "/oauth/token")


async def test_fifty_parallel_calls_after_expiry_cause_one_token_request_and_no_failure(
    stack: Stack, browser: Browser
) -> None:
    await sign_in(browser, stack.url, ADA)
    await connect_atlassian(browser, stack.url, ADA)
    async with connected(stack.url, Storage(), browser, ADA) as client:
        await client.call_tool("jira_get_issue", {"issue_key": "ENG-1"})
        await stack.sandbox.atlassian.advance(2 * 3600)
        mark = await stack.sandbox.atlassian.mark()
        answers = await asyncio.gather(
            *(client.call_tool("jira_get_issue", {"issue_key": f"ENG-{n}"}) for n in range(1, 51))
        )
    assert [text_of(a) for a in answers if a.is_error] == []
    assert token_requests(await stack.sandbox.atlassian.log(mark)) == 1


async def test_a_crash_between_calls_loses_no_connection_no_client_and_no_session(
    stack: Stack, browser: Browser
) -> None:
    await sign_in(browser, stack.url, ADA)
    await connect_atlassian(browser, stack.url, ADA)
    storage = Storage()
    async with connected(stack.url, storage, browser, ADA) as client:
        assert not (await client.call_tool("jira_get_issue", {"issue_key": "ENG-1"})).is_error
    registered = storage.client
    stack.xerus.restart(with_signal=signal.SIGKILL)
    page = await browser.open(f"{stack.url}/tools")
    assert page.url == f"{stack.url}/tools"
    assert ADA in page.text
    async with Browser() as nobody, connected(stack.url, storage, nobody, ADA) as client:
        assert not (await client.call_tool("jira_get_issue", {"issue_key": "ENG-2"})).is_error
    assert storage.client == registered


async def test_a_restart_of_the_sandbox_and_of_xerus_loses_nothing(
    stack: Stack, browser: Browser
) -> None:
    await sign_in(browser, stack.url, ADA)
    await connect_atlassian(browser, stack.url, ADA)
    storage = Storage()
    async with connected(stack.url, storage, browser, ADA) as client:
        await client.list_tools()
    stack.xerus.stop()
    stack.sandbox.stop()
    stack.sandbox.start()
    stack.xerus.start()
    async with Browser() as nobody, connected(stack.url, storage, nobody, ADA) as client:
        answer = await client.call_tool("jira_get_issue", {"issue_key": "ENG-3"})
        assert not answer.is_error, text_of(answer)


async def test_a_page_that_waits_for_a_connection_does_not_hold_up_an_orderly_stop(
    stack: Stack, browser: Browser
) -> None:
    await sign_in(browser, stack.url, GRACE)
    start = await browser.http.get(f"{stack.url}/connections/atlassian/start")
    assert start.status_code == 303
    async with browser.http.stream("GET", f"{stack.url}/connections/atlassian/events") as answer:
        events = answer.aiter_lines()
        assert '"pending":true' in await anext(events)
        stopping = asyncio.create_task(asyncio.to_thread(stack.xerus.stop))
        rest = [line async for line in events]
    await stopping
    assert "event: end" not in rest  # or the page would not ask again
    assert "timeout graceful shutdown exceeded" not in stack.xerus.log.read_text()
    stack.xerus.start()
