"""Every page in every state: axe-core finds nothing, nothing scrolls sideways or breaks the policy.

`make screens` looks at them light and dark at each of three widths.
"""

import pytest
from playwright.async_api import Browser

from tests.gallery.looking import faults, stay
from tests.gallery.serving import choose, served
from tests.gallery.states import STATES
from tests.support.chromium import profile


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
async def test_every_state(chrome: Browser, scheme: str, width: int) -> None:
    look = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    found = {}
    async with served() as base, profile(chrome, **look) as (context, page, complaints):
        await stay(context)
        for name in STATES:
            await page.goto(await choose(context, base, name))
            found[name] = await faults(page)
        assert {name: said for name, said in found.items() if said} == {}
        assert complaints.found == []
