"""Every page in every state: axe-core finds nothing, nothing scrolls sideways or breaks the policy.

`make screens` looks at them light and dark at each of three widths. What a screen reader is told of
each page lies in `tests/golden/aria`; `--update-golden` writes it anew, to be read before a commit.
"""

import pytest
from playwright.async_api import Browser

from tests.gallery.looking import Scheme, faults, show_in, stay
from tests.gallery.serving import choose, served
from tests.gallery.spoken import FOLDER, SPOKEN, read_aloud
from tests.gallery.states import STATES
from tests.support.chromium import profile

_WIDE = 1280
_FILES = {name: [file for file, state in SPOKEN.items() if state == name] for name in STATES}


async def test_every_state(chrome: Browser, request: pytest.FixtureRequest) -> None:
    looks: list[tuple[Scheme, int]] = [("light", _WIDE), ("dark", 320)]
    found: dict[tuple[str, Scheme], list[str]] = {}
    told: dict[str, str] = {}
    async with served() as base, profile(chrome) as (context, page, complaints):
        await stay(context)
        for name in STATES:
            await page.goto(await choose(context, base, name))
            for scheme, width in looks:
                await page.set_viewport_size({"width": width, "height": 800})
                await show_in(page, scheme)
                if width == _WIDE:
                    told |= {file: await read_aloud(page, file) for file in _FILES.get(name, ())}
                found[name, scheme] = await faults(page)
            looks.reverse()  # a page is first looked at as the one before it was last
    assert {state: said for state, said in found.items() if said} == {}
    assert complaints.found == []
    if request.config.getoption("--update-golden"):
        for file, text in told.items():
            (FOLDER / f"{file}.yaml").write_text(text)
    assert {file: (FOLDER / f"{file}.yaml").read_text() for file in told} == told


def test_each_page_has_been_read_aloud() -> None:
    pages = {shown.path.partition("?")[0] for shown in STATES.values()}
    read = {STATES[name].path.partition("?")[0] for name in SPOKEN.values()}
    assert pages - read == set()
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {*SPOKEN}
