"""Signing out ends at the provider, and leaves nothing of the person in the browser."""

import re

import httpx2
from playwright.async_api import Browser, expect

from tests.support.chromium import profile, sign_in
from tests.support.journeys import ADA
from tests.support.stack import Stack


async def test_after_signing_out_no_tab_shows_the_person_and_the_provider_asks_again(
    stack: Stack, chrome: Browser
) -> None:
    async with profile(chrome) as (context, page, complaints):
        await sign_in(page, stack.url, ADA)
        other = await context.new_page()
        await other.goto(f"{stack.url}/activity")
        before = {c["name"]: c["value"] for c in await context.cookies(stack.url)}
        mark = await stack.sandbox.entra.mark()
        await page.locator("summary", has_text="Account: ").click()
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url(f"{stack.url}/signout")
        await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
        await expect(page.get_by_role("link", name="Sign in again")).to_be_visible()
        asked = [entry["path"] for entry in await stack.sandbox.entra.log(mark)]
        assert [path for path in asked if path.endswith("/logout")]

        await page.go_back()
        await expect(page.get_by_text(ADA)).to_have_count(0)
        await other.reload()
        await expect(other).to_have_url(re.compile(f"{stack.url}/signin"))
        await other.get_by_text("Continue with Microsoft").click()
        await expect(other.get_by_role("button", name=ADA)).to_be_visible()
        assert complaints.found == []
    async with httpx2.AsyncClient(trust_env=False, cookies=before) as http:
        copied = await http.get(f"{stack.url}/tools")
    assert copied.headers["location"].startswith("/signin")
