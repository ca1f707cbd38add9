"""Pages for the tests to work on."""

import re
from typing import Any

from tests.tools.bench import Bench

BODY = "# One\n\nFirst text.\n\n## Two\n\nSecond text.\n\n# Three\n\nThird text."


async def made(bench: Bench, title: str, content: str = BODY, **more: Any) -> str:
    given = {"space_key": "DOCS", **more}
    text = await bench.ok("confluence_create_page", title=title, content=content, **given)
    (page_id,) = re.findall(r"^Created\. Page (\d+)", text)
    return str(page_id)


async def known(bench: Bench, title: str, space_key: str = "DOCS") -> dict[str, Any]:
    return await bench.json("confluence_get_page", title=title, space_key=space_key)


async def hidden(bench: Bench) -> str:
    """A page of the space that Grace may not see."""
    return str((await known(bench, "Holiday rules", "HR"))["page_id"])
