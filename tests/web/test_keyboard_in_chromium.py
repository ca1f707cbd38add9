"""Everything by keyboard alone: sign in, connect, ask, approve, decline, disconnect."""

from playwright.async_api import Browser, Page, expect

from tests.support.chromium import profile
from tests.support.journeys import GRACE
from tests.support.stack import Stack

_TABS = 80
_FOCUSED = """() => {
  const at = document.activeElement;
  const label = at.getAttribute("aria-label") ?? at.labels?.[0]?.innerText ?? at.innerText;
  return at === document.body ? "" : (label || at.id || at.tagName).trim();
}"""
_HELD = "document.activeElement && document.activeElement !== document.body"


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called `name` has the focus, on the page that has it."""
    await (
        page.get_by_role("button", name=name)
        .or_(page.get_by_role("textbox", name=name))
        .or_(page.get_by_role("link", name=name))
        .first.wait_for()
    )
    seen = []
    for _ in range(_TABS):
        await page.keyboard.press("Tab")
        focused = str(await page.evaluate(_FOCUSED))
        if focused.startswith(name):
            return
        seen.append(focused)
    raise AssertionError(f"no way by Tab to {name!r}: {seen}")


async def press(page: Page, name: str, key: str = "Enter") -> None:
    await tab_to(page, name)
    await page.keyboard.press(key)


async def ask(page: Page, text: str) -> None:
    await tab_to(page, "Message to Xerus")
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")


async def test_all_of_it_by_keyboard(stack: Stack, chrome: Browser) -> None:
    await stack.sandbox.atlassian.reset()
    async with profile(chrome) as (_, page, complaints):
        await page.goto(f"{stack.url}/tools")
        await press(page, "Continue with Microsoft")
        await press(page, GRACE)
        await expect(page.get_by_role("heading", name="Tools", level=1)).to_be_visible()

        await tab_to(page, "Configure Atlassian")
        async with page.expect_popup() as opening:
            await page.keyboard.press("Space")
        popup = await opening.value
        await press(popup, GRACE)
        await press(popup, "Accept")
        await expect(page.get_by_text("Authentication Successful").first).to_be_visible()
        await page.wait_for_function(_HELD)
        await expect(page.get_by_role("link", name="Manage Atlassian")).to_be_focused()

        await page.goto(f"{stack.url}/")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        await page.keyboard.press("Enter")
        await ask(page, "create a task in ENG: Written by keyboard")
        await expect(page.get_by_role("button", name="Approve").first).to_be_visible()
        await page.wait_for_function(_HELD)
        await press(page, "Approve")
        await expect(page.get_by_text("Created. ENG-").last).to_be_visible()
        await page.wait_for_function(_HELD)
        await ask(page, "create a task in ENG: Never written")
        await expect(page.get_by_text("Waiting for you").last).to_be_visible()
        await press(page, "Decline", "Space")
        await expect(page.get_by_text("Declined").last).to_be_visible()
        await page.wait_for_function(_HELD)

        await page.goto(f"{stack.url}/tools")
        await press(page, "Disconnect Atlassian")
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Disconnect")
        await press(page, "Disconnect")
        await expect(page.get_by_role("button", name="Configure Atlassian")).to_be_visible()
        assert complaints.found == []
