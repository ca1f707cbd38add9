"""The test of the address in a browser: the steps appear, and the page with them is accessible."""

import pytest
from playwright.async_api import Browser, expect

from tests.gallery.looking import faults
from tests.gallery.serving import choose, served
from tests.support.chromium import profile


@pytest.mark.parametrize("scripts", [True, False])
async def test_each_step_takes_the_place_of_its_announcement(
    chrome: Browser,
    scripts: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    look = {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark"}
    async with (
        served() as base,
        profile(chrome, java_script_enabled=scripts, **look) as (context, page, complaints),
    ):
        await page.goto(await choose(context, base, "connect-client-failing"))
        await page.get_by_role("button", name="Test this address").click()
        await expect(page.get_by_text("1 of 4 steps failed.")).to_be_visible()
        await expect(page.get_by_text("Let the proxy pass WWW-Authenticate on.")).to_be_visible()
        assert await page.get_by_text("Trying…").filter(visible=True).count() == 0
        if scripts:
            assert await faults(page) == []
            assert complaints.found == []
