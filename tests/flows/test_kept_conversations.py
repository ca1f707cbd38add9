"""What is done to whole conversations, by HTTP alone: found, taken away, branched, deleted."""

from tests.support.browser import Browser
from tests.support.journeys import ADA, GRACE, sign_in
from tests.support.stack import Stack


async def test_a_conversation_is_found_branched_exported_and_deleted_by_its_person_alone(
    stack: Stack, browser: Browser, other_browser: Browser
) -> None:
    await sign_in(browser, stack.url, ADA)
    await browser.open(f"{stack.url}/")
    await browser.click("Send", text="what is a quokka")
    mine = browser.page.url.partition("#")[0]
    assert "I did not understand that" in browser.page.text

    await browser.open(f"{stack.url}/conversations")
    assert "quokka" in (await browser.click("Search", q="QUOKKA understand")).text
    assert "that is all of them" in browser.page.text
    exported = await browser.open(f"{mine}/export?form=markdown")
    assert exported.headers["content-disposition"].startswith("attachment")
    assert "quokka" in exported.html
    await browser.open(f"{mine}/edit?turn=0")
    branch = await browser.click("Send in a branch", text="am I connected")
    assert branch.url != mine
    assert "Branched from" in branch.text

    await sign_in(other_browser, stack.url, GRACE)
    for path in ("", "/rename", "/delete", "/edit?turn=0", "/export?form=json", "/transcript"):
        assert (await other_browser.open(f"{mine}{path}")).status == 404
    found = await other_browser.open(f"{stack.url}/conversations?q=quokka")
    assert "Nothing found" in found.text

    await browser.open(f"{mine}/delete")
    assert "The conversation is deleted." in (await browser.click("Delete")).text
    assert (await browser.open(mine)).status == 404
    assert "from a conversation that was deleted." in (await browser.open(branch.url)).text
