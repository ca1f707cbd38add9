"""Which page is meant: an id, or an address copied from the browser."""

import base64
import binascii
import re
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, unquote_plus, urlsplit

from xerus.atlassian.confluence.records import Kind
from xerus.errors import InvalidInput

_ID = re.compile(r"^[0-9]{1,20}$")
_ID_IN_PATH = re.compile(
    r"/(?:pages/(?:edit-v2/)?|(blog)/(?:edit-v2/|\d{4}/\d{2}/\d{2}/))([0-9]{1,20})(?:/|$)"
)
_TINY = re.compile(r"/x/([A-Za-z0-9_-]{1,11})$")
_DISPLAY = re.compile(r"/display/([^/]+)/([^/]+)$")
_POST = re.compile(r"/display/([^/]+)/(\d{4})/(\d{2})/(\d{2})/([^/]+)$")
_TINY_BYTES = 8


@dataclass(frozen=True, kw_only=True)
class Locator:
    """Either an id, or a title in a space.

    Attributes:
        host: that of an address, '' otherwise.
        posting_day: of a blog post that is named by its title: "2026-01-31".
        kind: "blogpost" where the address says so; an id alone does not.
    """

    page_id: str = ""
    space_key: str = ""
    title: str = ""
    host: str = ""
    kind: Kind = "page"
    posting_day: str = ""


def locate(text: str) -> Locator:
    """Read an id, a page address or a tiny link. The address itself is never called.

    Raises:
        InvalidInput: it is none of them.
    """
    text = text.strip()
    if _ID.match(text):
        return Locator(page_id=text)
    try:
        parts = urlsplit(text)
    except ValueError:  # brackets that hold no IPv6 address
        parts = urlsplit("")
    if parts.scheme in {"http", "https"} and parts.netloc:
        found = _in_address(parts.path, parts.query)
        if found is not None:
            return replace(found, host=parts.netloc.lower())
    raise InvalidInput(
        f"page_id: {text[:200]!r} is neither a page id nor the address of a page.",
        hint="Give the number, the address from the browser, or title and space_key.",
    )


def _in_address(path: str, query: str) -> Locator | None:
    by_query = parse_qs(query).get("pageId", [""])[0]
    if _ID.match(by_query):
        return Locator(page_id=by_query)
    if found := _ID_IN_PATH.search(path):
        return Locator(page_id=found[2], kind="blogpost" if found[1] else "page")
    if found := _TINY.search(path):
        return Locator(page_id=_from_tiny(found[1]))
    if found := _POST.search(path):
        return Locator(
            space_key=unquote_plus(found[1]),
            title=unquote_plus(found[5]),
            kind="blogpost",
            posting_day=f"{found[2]}-{found[3]}-{found[4]}",
        )
    if found := _DISPLAY.search(path):
        return Locator(space_key=unquote_plus(found[1]), title=unquote_plus(found[2]))
    return None


def _from_tiny(code: str) -> str:
    """Decode a tiny link: the id, little-endian, base64 with zero bytes at the end left out."""
    padded = code.replace("-", "/").replace("_", "+").ljust(11, "A") + "="
    try:
        number = int.from_bytes(base64.b64decode(padded)[:_TINY_BYTES], "little")
    except binascii.Error as error:
        raise InvalidInput(f"page_id: {code!r} is no tiny link.") from error
    return str(number)
