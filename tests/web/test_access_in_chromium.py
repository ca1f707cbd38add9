"""What acts for a person is listed under Access, and ends there at once."""

from urllib.parse import urlencode

import httpx2
from playwright.async_api import Browser, expect

from tests.support.accessibility import violations
from tests.support.browser import Browser as TextBrowser
from tests.support.chromium import profile, sign_in
from tests.support.journeys import ADA, GRACE
from tests.support.mcp_client import Storage, connected
from tests.support.stack import Stack

_LIST_TOOLS = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
_CLIENT = "https://client.example"
_ACCEPT = {"Accept": "application/json, text/event-stream"}


async def client_of(stack: Stack, account: str) -> Storage:
    """Register an MCP client that `account` allows; return what it keeps on its disk."""
    storage = Storage()
    async with TextBrowser() as browser, connected(stack.url, storage, browser, account) as client:
        await client.list_tools()
    return storage


async def served(stack: Stack, storage: Storage) -> int:
    """Return the status of a request with the client's access token."""
    assert storage.tokens is not None
    bearer = {"Authorization": f"Bearer {storage.tokens.access_token}"}
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
        answer = await http.post(f"{stack.url}/mcp", json=_LIST_TOOLS, headers=_ACCEPT | bearer)
    return answer.status_code


async def renewed(stack: Stack, storage: Storage) -> int:
    """Return the status of a renewal with the client's refresh token."""
    assert storage.tokens is not None
    assert storage.client is not None
    form = {
        "grant_type": "refresh_token",
        "refresh_token": storage.tokens.refresh_token or "",
        "client_id": storage.client.client_id or "",
        "client_secret": storage.client.client_secret or "",
    }
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
        answer = await http.post(
            f"{stack.url}/oauth/token", data={k: v for k, v in form.items() if v}
        )
    return answer.status_code


async def test_an_ended_client_is_refused_with_its_very_next_request(
    stack: Stack, chrome: Browser
) -> None:
    ended, of_another = await client_of(stack, ADA), await client_of(stack, GRACE)
    assert (await served(stack, ended), await served(stack, of_another)) == (200, 200)
    async with profile(chrome) as (_, page, complaints):
        await sign_in(page, stack.url, ADA)
        await page.get_by_role("main").get_by_role("link", name="Access").click()
        await expect(page.get_by_role("heading", name="Journey test client")).to_have_count(1)
        await expect(page.get_by_text("a program on your computer")).to_be_visible()
        assert await violations(page) == []
        await page.get_by_role("button", name="End Journey test client").click()
        await expect(page.get_by_text("Its next request is refused.")).to_be_visible()
        assert (await served(stack, ended), await renewed(stack, ended)) == (401, 400)
        assert await served(stack, of_another) == 200
        await expect(page.get_by_text("No MCP client has access")).to_be_visible()
        assert complaints.found == []


async def test_an_ended_browser_is_signed_out_and_the_present_one_is_marked(
    stack: Stack, chrome: Browser
) -> None:
    async with (
        profile(chrome) as (_, lost, _quiet),
        profile(chrome, java_script_enabled=False) as (_context, page, complaints),
    ):
        await sign_in(lost, stack.url, GRACE)
        await sign_in(page, stack.url, GRACE)
        await page.goto(f"{stack.url}/access")
        rows = page.get_by_role("listitem").filter(has_text="Signed in")
        await expect(rows.filter(has_text="This browser")).to_have_count(1)
        await rows.filter(has_not_text="This browser").first.get_by_role("button").click()
        await expect(page.get_by_text("That browser is signed out.")).to_be_visible()
        await lost.goto(f"{stack.url}/tools")
        await expect(lost.get_by_text("Continue with Microsoft")).to_be_visible()
        await page.get_by_role("button", name="End this session").click()
        await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
        await page.goto(f"{stack.url}/access")
        await expect(page.get_by_text("Continue with Microsoft")).to_be_visible()
        assert complaints.found == []


async def authorize_url(stack: Stack) -> str:
    """Register a client on the web and return the address of its request."""
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
        metadata = {"client_name": "Web client", "redirect_uris": [f"{_CLIENT}/callback"]}
        reply = await http.post(f"{stack.url}/oauth/register", json=metadata)
    asked = {
        "response_type": "code",
        "client_id": reply.json()["client_id"],
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",  # RFC 7636, appendix B
        "code_challenge_method": "S256",
    }
    return f"{stack.url}/oauth/authorize?{urlencode(asked)}"


async def test_a_consent_is_remembered_listed_and_asked_for_again(
    stack: Stack, chrome: Browser
) -> None:
    url = await authorize_url(stack)
    async with profile(chrome) as (_, page, complaints):
        await page.route(f"{_CLIENT}/**", lambda route: route.fulfill(body="Back at the client"))
        await sign_in(page, stack.url, ADA)
        await page.goto(url)
        assert await violations(page) == []
        await page.get_by_label("Do not ask me again").check()
        await page.get_by_role("button", name="Allow").click()
        await page.get_by_role("button", name=ADA).click()
        await expect(page.get_by_text("Back at the client")).to_be_visible()
        await page.goto(url)
        await page.get_by_role("button", name=ADA).click()
        await expect(page.get_by_text("Back at the client")).to_be_visible()
        await page.goto(f"{stack.url}/access")
        assert await violations(page) == []
        await page.get_by_role("button", name="Ask again for Web client").click()
        await expect(page.get_by_text("You are asked again")).to_be_visible()
        await page.goto(url)
        await expect(page.get_by_role("button", name="Allow")).to_be_visible()
        assert complaints.found == []
