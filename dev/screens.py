"""Look at every page in every state: a picture of each, and what axe-core finds.

`make screens` writes the pictures to `screenshots/`, with a page that shows them side by side.
"""

import asyncio
import sys
from html import escape
from itertools import product
from pathlib import Path

from playwright.async_api import Browser, Page

from tests.gallery.looking import faults, stay
from tests.gallery.serving import choose, served
from tests.gallery.states import STATES
from tests.support.chromium import chromium, profile
from xerus.telemetry import logs

_SCHEMES = ("light", "dark")
_WIDTHS = (1280, 390, 320)


async def _look(browser: Browser, base: str, folder: Path, scheme: str, width: int) -> list[str]:
    size = {"width": width, "height": 800}
    found = []
    async with profile(browser, viewport=size, color_scheme=scheme) as (context, page, complaints):
        await stay(context)
        for name in STATES:
            await page.goto(await choose(context, base, name))
            await _take(page, folder / _picture(name, scheme, width))
            found += [f"{name}, {scheme}, {width} px: {fault}" for fault in await faults(page)]
    found += complaints.found
    print(f"{len(STATES)} states, {scheme}, {width} px: {len(found)} faults", file=sys.stderr)
    return found


async def _take(page: Page, path: Path) -> None:
    """Take the whole page in a window of its height, so that what sticks to an edge is there once."""
    size = page.viewport_size or {"width": 1280, "height": 800}
    height = await page.evaluate("document.documentElement.scrollHeight")
    await page.set_viewport_size({"width": size["width"], "height": height})
    # Without `initial`, Playwright adds a style of its own, which our policy refuses.
    await page.screenshot(path=path, caret="initial")
    await page.set_viewport_size({"width": size["width"], "height": size["height"]})


def _picture(name: str, scheme: str, width: int) -> str:
    return f"{name}-{scheme}-{width}.png"


def _overview() -> str:
    """Return a page with every picture, a state a row."""
    rows = []
    for name in STATES:
        files = [_picture(name, *look) for look in product(_SCHEMES, _WIDTHS)]
        shown = " ".join(f'<img src="{escape(f)}" alt="{escape(f)}" height="420">' for f in files)
        rows.append(f"<h2>{escape(name)}</h2><p>{shown}</p>")
    return "<!doctype html><meta charset=utf-8><title>Screens</title>" + "\n".join(rows)


async def _look_at_all(folder: Path) -> list[str]:
    found = []
    async with chromium() as browser, served() as base:
        for scheme, width in product(_SCHEMES, _WIDTHS):
            found += await _look(browser, base, folder, scheme, width)
    return found


def main(folder: Path) -> int:
    """Return 1 where something is wrong with a page."""
    folder.mkdir(exist_ok=True)
    found = asyncio.run(_look_at_all(folder))
    (folder / "index.html").write_text(_overview())
    print(*found, f"Look at {folder / 'index.html'}", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    logs.configure(level="critical", form="text")  # a state may be an error
    sys.exit(main(Path("screenshots")))
