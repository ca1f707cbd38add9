"""The main job by HTTP alone: sign in, connect, and work from an MCP client."""

from tests.support.browser import Browser
from tests.support.journeys import ADA, GRACE, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected, text_of
from tests.support.stack import Stack


async def test_a_page_asked_for_without_a_session_is_returned_to_after_signing_in(
    stack: Stack, browser: Browser
) -> None:
    response = await browser.http.get(f"{stack.url}/activity")
    assert response.status_code == 303
    assert response.headers["location"].startswith("/signin")
    await browser.open(f"{stack.url}/activity")
    await browser.click("Continue with Microsoft")
    page = await browser.click(GRACE)
    assert page.url == f"{stack.url}/activity"
    assert GRACE in page.html


async def test_a_person_with_several_sites_connects_and_works_in_both_products(
    stack: Stack, browser: Browser
) -> None:
    await sign_in(browser, stack.url, ADA)
    page = await browser.open(f"{stack.url}/tools")
    assert "MCP Tools" in page.text
    await connect_atlassian(browser, stack.url, ADA, site="acme")
    page = await browser.open(f"{stack.url}/tools")
    assert ADA in page.text
    assert "acme" in page.text
    assert not browser.can("Configure Atlassian")
    mark = await stack.sandbox.atlassian.mark()
    async with connected(stack.url, Storage(), browser, ADA) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"jira_search", "jira_create_issue", "confluence_get_page"} <= names
        found = await client.call_tool("jira_search", {"jql": "project = ENG", "limit": 5})
        assert not found.is_error, text_of(found)
        assert "ENG-" in text_of(found)
        made = await client.call_tool(
            "jira_create_issue",
            {"project_key": "ENG", "issue_type": "Task", "summary": "Written by the journey"},
        )
        assert not made.is_error, text_of(made)
        pages = await client.call_tool("confluence_search", {"query": "release", "limit": 3})
        assert not pages.is_error, text_of(pages)
    calls = [c for c in await stack.sandbox.atlassian.log(mark) if "/rest/" in c["path"]]
    assert calls
    assert {(c["account"], c["credential"]) for c in calls} == {(ADA, "oauth")}


async def test_a_person_with_a_single_site_is_not_asked_for_one(
    stack: Stack, browser: Browser
) -> None:
    await sign_in(browser, stack.url, GRACE)
    await browser.open(f"{stack.url}/tools")
    await browser.click("Configure Atlassian")
    await browser.click(GRACE)
    page = await browser.click("Accept")
    assert "Authentication Successful" in page.text
    async with connected(stack.url, Storage(), browser, GRACE) as client:
        found = await client.call_tool("jira_search", {"jql": "project = ENG", "limit": 2})
        assert "ENG-" in text_of(found)


async def test_declining_leaves_nothing_stored_and_says_so(stack: Stack, browser: Browser) -> None:
    await sign_in(browser, stack.url, "alan@example.com")
    await browser.open(f"{stack.url}/tools")
    await browser.click("Configure Atlassian")
    await browser.click("alan@example.com")
    page = await browser.click("Decline")
    assert "declined" in page.text
    await browser.open(f"{stack.url}/tools")
    assert browser.can("Configure Atlassian")


async def test_a_person_without_a_connection_gets_the_link_and_nothing_goes_upstream(
    stack: Stack, browser: Browser
) -> None:
    await sign_in(browser, stack.url, "alan@example.com")
    mark = await stack.sandbox.atlassian.mark()
    async with connected(stack.url, Storage(), browser, "alan@example.com") as client:
        answer = await client.call_tool("jira_search", {"jql": "project = ENG"})
    assert answer.is_error
    assert f"{stack.url}/tools" in text_of(answer)
    assert await stack.sandbox.atlassian.log(mark) == []
