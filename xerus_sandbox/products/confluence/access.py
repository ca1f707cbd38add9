"""What Confluence's operations share: errors, lookups, cursors, links."""

import base64
from collections.abc import Sequence
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

import orjson

from xerus_sandbox.operations import Answer, ApiError, Call
from xerus_sandbox.products.model import Json, Page, Space
from xerus_sandbox.products.world import World

Item = TypeVar("Item")

_CODES = {400: "BAD_REQUEST", 403: "FORBIDDEN", 404: "NOT_FOUND", 409: "CONFLICT"}
_CODES_V2_INPUT = "INVALID_REQUEST_PARAMETER"
LARGEST_OFFSET = 2**31 - 1
"""Java's int: a larger one is no number there."""


def v2_error(status: int, title: str, code: str | None = None) -> ApiError:
    """Return an error in the shape of REST v2."""
    entry = {"status": status, "code": code or _CODES[status], "title": title, "detail": None}
    return ApiError(status, {"errors": [entry]})


def v1_error(status: int, message: str) -> ApiError:
    """Return an error in the shape of REST v1 and Data Center."""
    data = {"authorized": status != 403, "valid": False, "errors": [], "successful": False}  # noqa: PLR2004
    reasons = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 409: "Conflict"}
    return ApiError(
        status,
        {"statusCode": status, "data": data, "message": message, "reason": reasons[status]},
    )


def object_body(call: Call) -> Json:
    """Return the request's body, which must be an object.

    Raises:
        ApiError: 400 in the shape of the API called.
    """
    body = call.json()
    if isinstance(body, dict):
        return body
    title = "The request body must be a JSON object"
    raise v2_error(400, title) if "/api/v2/" in call.path else v1_error(400, title)


def page(world: World, call: Call, page_id: str) -> Page:
    """Return a page that is not in the trash.

    Raises:
        ApiError: 404, the same for a missing, trashed and invisible page.
    """
    found = any_page(world, call, page_id)
    if found.status == "trashed":
        raise v2_error(404, "Not Found")
    return found


def any_page(world: World, call: Call, page_id: str) -> Page:
    """Return a page of any status.

    Raises:
        ApiError: 404 for a missing and an invisible page; 400 for an id that is not a number.
    """
    if not page_id.isdecimal():
        title = (
            f"Provided value {{{page_id}}} for 'id' is not the correct type. Expected type is long"
        )
        raise v2_error(400, title, _CODES_V2_INPUT)
    found = world.confluence_of(call).visible_page(page_id, call.account.account_id)
    if found is None or kind_of(call) not in (None, found.kind):
        raise v2_error(404, "Not Found")
    return found


def kind_of(call: Call) -> Literal["page", "blogpost"] | None:
    """Return the one kind of content that an address of v2 knows, None where it knows both."""
    if "/api/v2/pages" in call.path:
        return "page"
    return "blogpost" if "/api/v2/blogposts" in call.path else None


def space(world: World, call: Call, space_id: str) -> Space:
    """Return a space by id.

    Raises:
        ApiError: 404 for a missing and an invisible space.
    """
    found = world.confluence_of(call).visible_space(space_id, call.account.account_id)
    if found is None:
        raise v2_error(404, "Not Found")
    return found


def wiki_base(call: Call) -> str:
    """Return the base that `_links.base` names: the site as people see it."""
    return f"{call.site.url}/wiki" if call.deployment == "cloud" else call.site.url


def limit(call: Call, *, default: int = 25, most: int = 250) -> int:
    """Return the page size.

    Raises:
        ApiError: 400 if it is not a number from 1 to `most`.
    """
    text = call.query.get("limit", str(default))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        title = f"Provided value {{{text}}} for 'limit' is not valid. It must be from 1 to {most}"
        raise v2_error(400, title, _CODES_V2_INPUT)
    return int(text)


def encode_cursor(start: int) -> str:
    """Return an opaque cursor for an offset."""
    return base64.urlsafe_b64encode(orjson.dumps({"id": str(start), "contentOrder": "id"})).decode()


def decode_cursor(text: str | None) -> int:
    """Return the offset in a cursor; 0 without one.

    Raises:
        ApiError: 400 if the cursor was not made here.
    """
    if not text:
        return 0
    try:
        offset = int(orjson.loads(base64.urlsafe_b64decode(text))["id"])
        if not 0 <= offset <= LARGEST_OFFSET:
            raise ValueError(offset)  # noqa: TRY301 - as wrong as one that is no number
    except (ValueError, KeyError, TypeError, OverflowError) as problem:
        raise v2_error(400, "The cursor is not valid", _CODES_V2_INPUT) from problem
    return offset


def v2_page(call: Call, found: Sequence[Item]) -> tuple[Sequence[Item], Json, dict[str, str]]:
    """Cut one page out of a list: the items, `_links`, and the headers with `Link`.

    The next address is relative and lacks the gateway's prefix, as in real life.
    """
    size = limit(call)
    start = decode_cursor(call.query.get("cursor"))
    links: Json = {"base": wiki_base(call)}
    if start + size >= len(found):
        return found[start : start + size], links, {}
    others = [(k, v) for k, v in call.query.multi_items() if k not in {"cursor", "limit"}]
    query = urlencode([*others, ("limit", size), ("cursor", encode_cursor(start + size))])
    links["next"] = f"{call.path}?{query}"
    return found[start : start + size], links, {"Link": f'<{links["next"]}>; rel="next"'}


def v2_answer(call: Call, found: Sequence[Any], shown: Any) -> Answer:
    """Answer with one page of a list, each item made by `shown`."""
    items, links, headers = v2_page(call, found)
    return Answer(
        body={"results": [shown(item) for item in items], "_links": links}, headers=headers
    )


def will_change(world: World, call: Call, page_id: str) -> None:
    """Tell the search index that a page is about to change."""
    index = world.confluence_of(call).index
    index.will_change(page_id, until=call.now + world.index_lag_seconds, now=call.now)
