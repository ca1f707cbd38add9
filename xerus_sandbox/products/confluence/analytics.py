"""Counts of views, REST v1 of Cloud: here everybody who saved a version looked at the page once."""

from datetime import datetime

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import access
from xerus_sandbox.products.model import Page, Version
from xerus_sandbox.products.world import World


def views(world: World, call: Call) -> Answer:
    """GET /wiki/rest/api/analytics/content/{contentId}/views."""
    page = _page(world, call)
    return Answer(body={"id": int(page.id), "count": len(_looks(call, page))})


def viewers(world: World, call: Call) -> Answer:
    """GET /wiki/rest/api/analytics/content/{contentId}/viewers."""
    page = _page(world, call)
    people = {version.author for version in _looks(call, page)}
    return Answer(body={"id": int(page.id), "count": len(people)})


def _page(world: World, call: Call) -> Page:
    page_id = call.params["contentId"]
    found = world.confluence_of(call).visible_page(page_id, call.account.account_id)
    if found is None or found.status == "trashed":
        raise access.v1_error(404, f"There is no content with the given id: {page_id}")
    return found


def _looks(call: Call, page: Page) -> list[Version]:
    text = call.query.get("fromDate")
    if text is None:
        return page.versions
    try:
        since = datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise access.v1_error(400, f"fromDate is no date: {text}") from None
    return [version for version in page.versions if version.created >= since]
