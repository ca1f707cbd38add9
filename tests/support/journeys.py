"""What every journey starts with: signing in and connecting Atlassian."""

from tests.support.browser import Browser

ADA, GRACE, ALAN = "ada@example.com", "grace@example.com", "alan@example.com"


async def sign_in(browser: Browser, url: str, account: str) -> None:
    """Sign in to the pages of Xerus as `account`."""
    await browser.open(f"{url}/tools")
    await browser.click("Continue with Microsoft")
    await browser.click(account)
    assert browser.page.url == f"{url}/tools", browser.page.text


async def connect_atlassian(browser: Browser, url: str, account: str, site: str = "acme") -> None:
    """Connect Atlassian from the Tools page without JavaScript, unless it is; choose `site`."""
    await browser.open(f"{url}/tools")
    if not browser.can("Configure Atlassian"):
        if browser.can(site):  # connected by an earlier test that chose no site
            await browser.click(site)
        return
    await browser.click("Configure Atlassian")
    if not browser.can("Accept"):  # else Atlassian knows who this is
        await browser.click(account)
    await browser.click("Accept")
    if browser.can(site):
        await browser.click(site)
    assert "Authentication Successful" in browser.page.text, browser.page.text
