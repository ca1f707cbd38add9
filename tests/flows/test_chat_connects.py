"""Calls of the chat that wait for a connection, by HTTP alone: connecting, and going on."""

from tests.support.browser import Browser
from tests.support.journeys import ADA, ALAN, GRACE, sign_in
from tests.support.remote_server import remote_server
from tests.support.stack import Stack


async def ask(browser: Browser, url: str, text: str) -> str:
    """Begin a conversation; return its address."""
    await browser.open(f"{url}/")
    await browser.click("Send", text=text)
    assert "/chat/" in browser.page.url, browser.page.text
    return browser.page.url


async def disconnected(browser: Browser, stack: Stack, account: str) -> None:
    """Sign in, and have no connection."""
    await sign_in(browser, stack.url, account)
    if browser.can("Disconnect Atlassian"):
        await browser.click("Disconnect Atlassian")
        await browser.click("Disconnect")


async def connect(browser: Browser, account: str, answer: str = "Accept") -> str:
    """Go to Atlassian from where the browser is, in this tab; return what the page then says."""
    await browser.click("Configure Atlassian")
    if not browser.can(answer):
        await browser.click(account)
    await browser.click(answer)
    if browser.can("acme"):
        await browser.click("acme")
    return browser.page.text


async def calls(stack: Stack, mark: int, method: str) -> list[str]:
    log = await stack.sandbox.atlassian.log(mark)
    return [
        entry["path"]
        for entry in log
        if entry["method"] == method
        and "/rest/" in entry["path"]
        and "/search" not in entry["path"]
    ]


async def test_a_read_goes_on_after_connecting_without_being_asked_again(
    stack: Stack, browser: Browser
) -> None:
    await disconnected(browser, stack, GRACE)
    mark = await stack.sandbox.atlassian.mark()
    talk = await ask(browser, stack.url, "show ENG-12")
    assert "Connect Atlassian to go on" in browser.page.text
    assert await stack.sandbox.atlassian.log(mark) == []

    assert "Authentication Successful" in await connect(browser, GRACE)
    await browser.open(talk)
    assert browser.page.text.count("show ENG-12") >= 1
    said = (await browser.click("Continue")).text

    assert browser.page.url == talk
    assert "Get issue" in said
    assert "ENG-12" in said
    assert not browser.can("Continue")
    assert len([path for path in await calls(stack, mark, "GET") if "ENG-12" in path]) == 1


async def test_a_write_goes_on_to_its_approval_and_runs_once_across_a_restart(
    stack: Stack, browser: Browser
) -> None:
    await disconnected(browser, stack, GRACE)
    mark = await stack.sandbox.atlassian.mark()
    talk = await ask(browser, stack.url, "create a task in ENG: After connecting")
    assert not browser.can("Approve")

    await connect(browser, GRACE)
    stack.xerus.restart()
    await browser.open(talk)
    waiting = browser.page
    await browser.click("Continue")
    assert await calls(stack, mark, "POST") == []
    browser.page = waiting
    await browser.click("Continue")  # an older tab
    stack.xerus.restart()
    await browser.open(talk)
    said = (await browser.click("Approve")).text

    assert "Created. ENG-" in said
    assert len(await calls(stack, mark, "POST")) == 1


async def test_declining_at_atlassian_leaves_the_call_waiting_with_words(
    stack: Stack, browser: Browser
) -> None:
    await disconnected(browser, stack, ALAN)
    talk = await ask(browser, stack.url, "show ENG-12")
    assert "declined" in (await connect(browser, ALAN, "Decline")).lower()

    said = (await browser.open(talk)).text
    assert "You declined access" in said
    assert browser.can("Configure Atlassian")
    assert not browser.can("Continue")

    said = (await browser.click("Do not run it")).text
    assert "you gave it up" in said
    assert not browser.can("Configure Atlassian")


async def test_what_waits_for_approval_cannot_be_approved_after_disconnecting(
    stack: Stack, browser: Browser
) -> None:
    await disconnected(browser, stack, GRACE)
    await connect(browser, GRACE)
    talk = await ask(browser, stack.url, "create a task in ENG: In vain")
    waiting = browser.page
    mark = await stack.sandbox.atlassian.mark()
    await disconnected_again(browser, stack)

    browser.page = waiting
    refused = await browser.click("Approve")
    assert refused.status == 409
    assert "Atlassian was disconnected after this was asked" in refused.text
    assert "Not run: Atlassian was disconnected" in (await browser.open(talk)).text
    assert await calls(stack, mark, "POST") == []


async def disconnected_again(browser: Browser, stack: Stack) -> None:
    await browser.open(f"{stack.url}/tools")
    await browser.click("Disconnect Atlassian")
    await browser.click("Disconnect")


async def test_a_call_of_another_server_waits_for_it_and_goes_on_with_the_persons_own_access(
    stack: Stack, browser: Browser
) -> None:
    async with remote_server(signs_in=True) as docs, Browser() as others:
        await sign_in(others, stack.url, ADA)
        await others.open(f"{stack.url}/admin/servers/add")
        await others.click("Look at it", url=docs.url)
        await others.click("Add", name="Docs", slug="docs", way="sign_in")
        one = others.page.url

        await sign_in(browser, stack.url, ALAN)
        talk = await ask(browser, stack.url, "use docs_note with text harmless")
        assert "Connect Docs to go on" in browser.page.text
        await browser.click("Configure Docs")
        assert "You declined access at Docs." in (await browser.click("Deny")).text
        await browser.open(talk)
        assert "You declined access at Docs." in browser.page.text
        stack.xerus.restart()
        assert (await others.open(talk)).status == 404

        await browser.click("Configure Docs")
        assert "Authentication Successful" in (await browser.click("Allow")).text
        await browser.open(talk)
        said = (await browser.click("Continue")).text
        assert "Approve: note?" in said
        said = (await browser.click("Approve")).text

        assert "noted 'harmless'" in said
        assert browser.page.url == talk
        await others.open(one)
        await others.click("Remove")
        await others.click("Remove")
