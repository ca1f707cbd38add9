"""The chat by HTTP alone: the demo model runs the real tools with the person's own token."""

import asyncio
import re

from tests.support.browser import Browser
from tests.support.journeys import ADA, GRACE, connect_atlassian, sign_in
from tests.support.stack import Stack


async def ask(browser: Browser, url: str, text: str) -> str:
    """Begin a conversation and return what the page then says."""
    await browser.open(f"{url}/")
    await browser.click("Send", text=text)
    assert "/chat/" in browser.page.url, browser.page.text
    return browser.page.text


async def ready(browser: Browser, stack: Stack, account: str = ADA) -> int:
    """Sign in, connect, and return the mark of the sandbox's log."""
    await sign_in(browser, stack.url, account)
    await connect_atlassian(browser, stack.url, account)
    return await stack.sandbox.atlassian.mark()


async def writes(stack: Stack, mark: int) -> list[tuple[str, str]]:
    entries = await stack.sandbox.atlassian.log(mark)
    return [
        (entry["method"], entry["account"])
        for entry in entries
        if entry["method"] in {"POST", "PUT"} and "/search" not in entry["path"]
    ]


async def test_open_bugs_are_found_with_the_persons_own_token(
    stack: Stack, browser: Browser
) -> None:
    mark = await ready(browser, stack)

    said = await ask(browser, stack.url, "find open bugs in ENG")

    assert "Demo model" in said
    assert "Search issues" in said
    assert "ENG-" in said
    calls = [one for one in await stack.sandbox.atlassian.log(mark) if "/rest/" in one["path"]]
    assert {(one["account"], one["credential"]) for one in calls} == {(ADA, "oauth")}


async def test_a_task_is_created_once_and_only_after_approval(
    stack: Stack, browser: Browser
) -> None:
    mark = await ready(browser, stack)

    said = await ask(browser, stack.url, "create a task in ENG: Written from the chat")
    assert "Approve: Create issue?" in said
    assert "Written from the chat" in said
    assert await writes(stack, mark) == []
    waiting = browser.page

    said = (await browser.click("Approve")).text
    assert "Approved" in said
    assert re.search(r"ENG-\d+", said)
    assert await writes(stack, mark) == [("POST", ADA)]

    browser.page = waiting
    await browser.click("Approve")
    assert await writes(stack, mark) == [("POST", ADA)]


async def test_two_clicks_at_once_create_one_issue(
    stack: Stack, browser: Browser, other_browser: Browser
) -> None:
    mark = await ready(browser, stack)
    await sign_in(other_browser, stack.url, ADA)
    await ask(browser, stack.url, "create a bug in ENG: Clicked twice")
    await other_browser.open(browser.page.url)

    await asyncio.gather(browser.click("Approve"), other_browser.click("Approve"))

    assert await writes(stack, mark) == [("POST", ADA)]


async def test_a_declined_call_is_not_run_and_the_answer_says_so(
    stack: Stack, browser: Browser
) -> None:
    mark = await ready(browser, stack)
    await ask(browser, stack.url, "comment on ENG-12: Never mind")

    said = (await browser.click("Decline")).text

    assert "Declined" in said
    assert "Not run" in said
    assert await writes(stack, mark) == []


async def test_a_call_is_edited_by_plain_forms_and_runs_as_it_was_shown(
    stack: Stack, browser: Browser
) -> None:
    mark = await ready(browser, stack)
    await ask(browser, stack.url, "create a task in ENG: Written by the model")

    await browser.click("Edit the call: Create issue")
    said = (await browser.click("Save and look at it again", **{"arg.issue_type": "Epoch"})).text
    assert "Edited by you" in said
    assert "Epoch" in said
    await browser.click("Edit the call: Create issue")
    said = (
        await browser.click(
            "Save and look at it again",
            **{"arg.issue_type": "Bug", "arg.summary": "Written by Ada"},
        )
    ).text
    assert "Written by Ada" in said
    assert await writes(stack, mark) == []

    said = (await browser.click("Approve")).text

    assert await writes(stack, mark) == [("POST", ADA)]
    assert "The person changed the call before approving it" in said
    await ask(browser, stack.url, "find open bugs in ENG")
    assert "Written by Ada" in browser.page.text


async def test_what_is_allowed_in_a_conversation_runs_unasked_until_it_is_taken_back(
    stack: Stack, browser: Browser
) -> None:
    mark = await ready(browser, stack)
    await ask(browser, stack.url, "comment on ENG-12: Asked about")
    await browser.click("Approve, and do not ask about this tool again in this conversation")

    said = (await browser.click("Send", text="comment on ENG-12: Not asked about")).text
    assert "Ran without asking: you allowed it in this conversation." in said
    assert await writes(stack, mark) == [("POST", ADA), ("POST", ADA)]

    await browser.click("Ask again about Add comment")
    said = (await browser.click("Send", text="comment on ENG-12: Asked about again")).text
    assert "Approve: Add comment?" in said
    assert len(await writes(stack, mark)) == 2


async def test_a_blocked_tool_does_not_run_and_a_reset_brings_it_back(
    stack: Stack, browser: Browser
) -> None:
    mark = await ready(browser, stack)
    page = f"{stack.url}/connections/atlassian"
    await browser.open(page)
    said = (await browser.click("Save", **{"policy.jira_add_comment": "block"})).text
    assert "Chosen by you" in said

    said = await ask(browser, stack.url, "comment on ENG-12: Blocked")
    assert "the person has blocked this tool" in said
    assert await writes(stack, mark) == []

    await browser.open(page)
    assert "Reset. Reading runs at once" in (await browser.click("Reset all")).text
    assert "Approve: Add comment?" in await ask(browser, stack.url, "comment on ENG-12: Back")
    await browser.open(page)
    refused = await browser.click("Save", **{"policy.jira_delete_issue": "allow"})
    assert refused.status == 400
    assert "asked about each time" in refused.text


async def test_pages_are_found_read_and_created(stack: Stack, browser: Browser) -> None:
    await ready(browser, stack)

    said = await ask(browser, stack.url, "show page Release process")
    assert "Get page" in said
    assert "did not succeed" not in said

    await ask(browser, stack.url, "create a page in DOCS: Notes of the demo")
    said = (await browser.click("Approve")).text
    assert "Notes of the demo" in said
    assert "did not succeed" not in said


async def test_a_pause_and_its_conversation_survive_a_restart(
    stack: Stack, browser: Browser
) -> None:
    mark = await ready(browser, stack)
    await ask(browser, stack.url, "move ENG-15 to In Progress")
    address = browser.page.url

    stack.xerus.restart()

    await browser.open(address)
    said = (await browser.click("Approve")).text
    assert "Transition issue" in said
    assert await writes(stack, mark) == [("POST", ADA)]


async def test_nobody_opens_the_conversation_of_somebody_else(
    stack: Stack, browser: Browser, other_browser: Browser
) -> None:
    await ready(browser, stack)
    await sign_in(other_browser, stack.url, GRACE)
    await ask(browser, stack.url, "create a task in ENG: Mine alone")

    page = await other_browser.open(browser.page.url)

    assert page.status == 404
    assert "Mine alone" not in page.text
