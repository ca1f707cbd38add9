"""axe-core in the page, run by evaluation because the policy of our pages refuses added scripts."""

from importlib.resources import files
from typing import Any

from playwright.async_api import Page

_AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
# What passes is not even reported: it is most of the work of a report.
_RUN = """async () => {
    const {violations} = await axe.run(document, {resultTypes: ["violations"]});
    return {violations};
}"""


async def violations(page: Page) -> list[str]:
    """Return what axe-core finds on the page: rule, and where."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_AXE)
    found: dict[str, Any] = await page.evaluate(_RUN)
    return [
        f"{rule['id']}: {node['html'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
