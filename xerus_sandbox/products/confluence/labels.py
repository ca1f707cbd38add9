"""Labels, written with REST v1 on Cloud and on Data Center alike."""

import re
from typing import Any

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import access, search
from xerus_sandbox.products.model import Json, Page
from xerus_sandbox.products.world import World

_REFUSED = re.compile(r"[\s:;,.?&\[\]()#^*@!<>]")


def of_page(world: World, call: Call) -> Answer:
    """List the labels of a page of Data Center."""
    page = _page(world, call)
    start, size = search.start_of(call), access.limit(call)
    shown = _beans(page)[start : start + size]
    return Answer(body=search.server_page(call, shown, start, size, len(page.labels)))


def add(world: World, call: Call) -> Answer:
    """Add labels, and answer with all that the page has then."""
    page = _page(world, call)
    given = call.json()
    names = [_name(entry) for entry in (given if isinstance(given, list) else [given])]
    access.will_change(world, call, page.id)
    page.labels = list(dict.fromkeys([*page.labels, *names]))
    shown = _beans(page)
    if call.deployment == "dc":
        return Answer(body=search.server_page(call, shown, 0, 200, len(shown)))
    links = {"base": access.wiki_base(call), "context": "/wiki"}
    size = len(shown)
    return Answer(body={"results": shown, "start": 0, "limit": 200, "size": size, "_links": links})


def remove(world: World, call: Call) -> Answer:
    """Remove the label that `name` in the query names; 204, also when the page lacks it."""
    page = _page(world, call)
    name = call.query.get("name", "")
    if not name:
        raise access.v1_error(404, "No label was named")
    access.will_change(world, call, page.id)
    page.labels = [label for label in page.labels if label != name]
    return Answer(status=204)


def _page(world: World, call: Call) -> Page:
    data = world.confluence_of(call)
    page = data.visible_page(call.params["id"], call.account.account_id)
    if page is None or page.status == "trashed":
        raise access.v1_error(404, f"No content found with id: ContentId{{id={call.params['id']}}}")
    return page


def _name(entry: Any) -> str:
    name = str(entry.get("name") or "") if isinstance(entry, dict) else ""
    if not name or _REFUSED.search(name):
        raise access.v1_error(400, f"The label '{name}' is not valid")
    return name.lower()


def _beans(page: Page) -> list[Json]:
    return [
        {"prefix": "global", "name": name, "id": f"{page.id}{n}", "label": name}
        for n, name in enumerate(page.labels)
    ]
