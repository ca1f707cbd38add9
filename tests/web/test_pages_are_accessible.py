"""axe-core finds nothing on any page of the journey, light and dark, wide and narrow."""

from collections.abc import Sequence

import pytest
from playwright.async_api import Browser, Page, expect

from tests.gallery.looking import Scheme, faults, show_in
from tests.support.browser import Browser as TextBrowser
from tests.support.chromium import profile, sign_in
from tests.support.journeys import ADA, ALAN, connect_atlassian
from tests.support.journeys import sign_in as sign_in_by_http
from tests.support.stack import Stack

_SCHEMES: tuple[Scheme, ...] = ("light", "dark")


async def sound(page: Page, schemes: Sequence[Scheme] = _SCHEMES) -> None:
    for scheme in schemes:
        await show_in(page, scheme)
        assert await faults(page) == [], f"{page.url} {scheme}"


@pytest.mark.parametrize("width", [1280, 390])
async def test_every_page_of_the_journey(stack: Stack, chrome: Browser, width: int) -> None:
    async with TextBrowser() as browser:
        await sign_in_by_http(browser, stack.url, ADA)
        await connect_atlassian(browser, stack.url, ADA)
    size = {"width": width, "height": 800}
    async with profile(chrome, viewport=size) as (_, page, complaints):
        await page.goto(f"{stack.url}/signin")
        await sound(page)
        await sign_in(page, stack.url, ADA)
        for path in ("/tools", "/connections/atlassian", "/activity", "/admin", "/", "/no-page"):
            await page.goto(stack.url + path)
            await sound(page)
        await page.goto(f"{stack.url}/")
        await page.get_by_role("textbox").fill("create a task in ENG: Looked at")
        await page.get_by_role("textbox").press("Enter")
        await expect(page.get_by_role("button", name="Approve")).to_be_visible()
        await sound(page)
        assert complaints.found == []


@pytest.mark.parametrize("width", [1280, 390])
async def test_the_pages_of_clients_for_administrators(
    stack: Stack, chrome: Browser, width: int
) -> None:
    size, name = {"width": width, "height": 800}, f"Reports {width}"
    async with profile(chrome, viewport=size) as (_, page, complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/admin/clients/add")
        await sound(page)
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Redirect addresses").fill("http://example.com/callback")
        await page.get_by_text("it runs on a server").click()
        await page.get_by_role("button", name="Add").click()
        await expect(page.get_by_role("alert").filter(has_text="Nothing was added")).to_be_visible()
        await sound(page)
        await page.get_by_label("Redirect addresses").fill("https://example.com/callback")
        await page.get_by_role("button", name="Add").click()
        await expect(page.get_by_role("button", name="Copy the client secret")).to_be_visible()
        await sound(page)
        for question in (f"New secret for {name}", f"Delete {name}"):
            await page.goto(f"{stack.url}/admin/clients")
            await sound(page)
            await page.get_by_role("link", name=question).click()
            await expect(page.get_by_role("heading", name=f"{question}?")).to_be_visible()
            await sound(page)
        assert complaints.found == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
async def test_finding_and_removing_a_person_by_keyboard(
    stack: Stack, chrome: Browser, width: int, scheme: Scheme
) -> None:
    size = {"width": width, "height": 800}
    async with profile(chrome) as (_, page, _complaints):
        await sign_in(page, stack.url, ALAN)
    async with profile(chrome, viewport=size) as (_, page, complaints):
        await sign_in(page, stack.url, ADA)
        await page.goto(f"{stack.url}/admin/people")
        await page.get_by_label("Name or e-mail").fill("TURING")
        await page.keyboard.press("Enter")
        await page.get_by_role("link", name="Remove Alan Turing").focus()
        await sound(page, [scheme])
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Remove Alan Turing?")).to_be_visible()
        await sound(page, [scheme])
        await page.get_by_role("button", name="Remove").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("The person is removed.")).to_be_visible()
        await expect(page.get_by_role("link", name="Remove Alan Turing")).to_have_count(0)
        assert complaints.found == []


async def test_the_card_before_connecting_and_while_waiting(stack: Stack, chrome: Browser) -> None:
    async with profile(chrome) as (_, page, _complaints):
        await sign_in(page, stack.url, ALAN)
        await sound(page, ["light"])
        async with page.expect_popup():
            await page.get_by_role("button", name="Configure Atlassian").click()
        await expect(page.get_by_role("button", name="Waiting for Atlassian")).to_be_visible()
        await sound(page, ["light"])
