"""Moving pages, with all that is below them, within a space or to another."""

from typing import Literal

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import access
from xerus_sandbox.products.confluence.cloud_page_writes import taken
from xerus_sandbox.products.model import Page
from xerus_sandbox.products.world import ConfluenceData, World

Position = Literal["append", "before", "after"]


def move(world: World, call: Call) -> Answer:
    """PUT /wiki/rest/api/content/{pageId}/move/{position}/{targetId}."""
    page, target = (_page(world, call, call.params[name]) for name in ("pageId", "targetId"))
    position = call.params["position"]
    match position:
        case "append" | "before" | "after":
            place(world, call, page, position, target)
        case _:
            raise access.v1_error(400, f"Invalid position: {position}")
    return Answer(body={"pageId": page.id})


def place(world: World, call: Call, page: Page, position: Position, target: Page) -> None:
    """Put a page below or beside another.

    Raises:
        ApiError: 400 for a loop, and for a title that the other space has already.
    """
    data = world.confluence_of(call)
    if page.id in {target.id, *(above.id for above in data.ancestors(target))}:
        raise access.v1_error(400, "A page cannot be moved below itself")
    if target.space != page.space and taken(world, call, target.space, page.title, page):
        raise access.v1_error(400, f"A page already exists with the title {page.title}")
    access.will_change(world, call, page.id)
    page.parent = target.id if position == "append" else target.parent
    _order(data, page, position, target)
    _to_space(data, page, target.space)


def below(data: ConfluenceData, page_id: str) -> list[tuple[int, Page]]:
    """Return all current pages below a page with their depth, the upper ones first."""
    found: list[tuple[int, Page]] = []
    level = data.children(page_id)
    depth = 1
    while level:
        found += [(depth, page) for page in level]
        level = [child for page in level for child in data.children(page.id)]
        depth += 1
    return found


def _page(world: World, call: Call, page_id: str) -> Page:
    found = world.confluence_of(call).visible_page(page_id, call.account.account_id)
    if found is None or found.status == "trashed":
        raise access.v1_error(404, f"No content found with id: {page_id}")
    return found


def _order(data: ConfluenceData, page: Page, position: Position, target: Page) -> None:
    siblings = [
        other
        for other in data.pages.values()
        if other.parent == page.parent and other.status == "current" and other is not page
    ]
    siblings.sort(key=lambda other: other.position)
    where = len(siblings)
    if position != "append":
        where = siblings.index(target) + (position == "after")
    siblings.insert(where, page)
    for number, sibling in enumerate(siblings):
        sibling.position = number


def _to_space(data: ConfluenceData, page: Page, space_id: str) -> None:
    for moved in (page, *(child for _, child in below(data, page.id))):
        moved.space = space_id
