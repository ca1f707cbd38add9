from dataclasses import replace

import pytest

from xerus.errors import InvalidInput
from xerus.tools.confluence.locator import Locator, locate

_SITE = "https://acme.example"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12345", Locator(page_id="12345")),
        (f"{_SITE}/wiki/spaces/DOCS/pages/98765/Some+Title", Locator(page_id="98765")),
        (f"{_SITE}/wiki/spaces/DOCS/pages/98765", Locator(page_id="98765")),
        (f"{_SITE}/wiki/spaces/DOCS/pages/edit-v2/98765?x=1", Locator(page_id="98765")),
        (f"{_SITE}/pages/viewpage.action?pageId=42", Locator(page_id="42")),
        (f"{_SITE}/wiki/x/AgAB", Locator(page_id="65538")),
        (f"{_SITE}/display/DOCS/How+to+start", Locator(space_key="DOCS", title="How to start")),
        (
            f"{_SITE}/wiki/spaces/DOCS/blog/2026/11/26/98765/Some+Title",
            Locator(page_id="98765", kind="blogpost"),
        ),
        (
            f"{_SITE}/wiki/spaces/DOCS/blog/edit-v2/98765",
            Locator(page_id="98765", kind="blogpost"),
        ),
        (
            f"{_SITE}/display/DOCS/2026/11/26/Some+Title",
            Locator(
                space_key="DOCS", title="Some Title", kind="blogpost", posting_day="2026-11-26"
            ),
        ),
    ],
)
def test_page_addresses_are_read(text: str, expected: Locator) -> None:
    found = locate(text)
    host = "" if text.isdecimal() else "acme.example"
    assert found == replace(expected, host=host)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{_SITE}/wiki/spaces/DOCS/blog/2026/11/26",
        "../1",
        "file:///pages/1",
        "javascript:/pages/1",
        f"{_SITE}/wiki",
        "1" * 30,
        "http://[x",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="neither a page id"):
        locate(text)
