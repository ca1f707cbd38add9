"""Reading pages of Confluence Cloud, REST v2."""

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import access, bodies
from xerus_sandbox.products.confluence.cloud_beans import bean, labels_of, listed
from xerus_sandbox.products.model import Json, Page, Version
from xerus_sandbox.products.world import World

_SORTS = {
    "id": lambda page: int(page.id),
    "title": lambda page: page.title.lower(),
    "created-date": lambda page: page.created,
    "modified-date": lambda page: page.current.created,
}
_STATUSES = frozenset({"current", "draft", "archived", "trashed", "deleted"})


def get(world: World, call: Call) -> Answer:
    """Read a page; its body comes only with `body-format`."""
    page = access.any_page(world, call, call.params["id"])
    wanted = call.query.getlist("status") or ["current", "archived", "draft"]
    if page.status not in [part for text in wanted for part in text.split(",")]:
        raise access.v2_error(404, "Not Found")
    version = _version(page, call.query.get("version"))
    body = bean(world, call, page, version, _format(call, bodies.ON_SINGLE))
    if call.query.get("include-labels") == "true":
        body["labels"] = {"results": labels_of(page), "meta": {"hasMore": False}, "_links": {}}
    return Answer(body=body)


def pages(world: World, call: Call) -> Answer:
    """List the pages that the caller may see."""
    return _of_kind(world, call, "page")


def blogposts(world: World, call: Call) -> Answer:
    """List the blog posts that the caller may see."""
    return _of_kind(world, call, "blogpost")


def _of_kind(world: World, call: Call, kind: str) -> Answer:
    """List the pages or the blog posts that the caller may see."""
    data = world.confluence_of(call)
    rows = [
        page
        for page in data.pages.values()
        if page.kind == kind and data.visible_space(page.space, call.account.account_id)
    ]
    if ids := _listed(call, "id"):
        rows = [page for page in rows if page.id in ids]
    if spaces := _listed(call, "space-id"):
        rows = [page for page in rows if page.space in spaces]
    return _list(world, call, rows)


def pages_of_space(world: World, call: Call) -> Answer:
    """List the pages of a space; `depth=root` gives the top ones."""
    space = access.space(world, call, call.params["id"])
    pages = world.confluence_of(call).pages.values()
    rows = [page for page in pages if page.space == space.id and page.kind == "page"]
    if call.query.get("depth") == "root":
        rows = [page for page in rows if page.parent is None]
    return _list(world, call, rows)


def direct_children(world: World, call: Call) -> Answer:
    """List the pages right below a page."""
    page = access.page(world, call, call.params["id"])
    found = world.confluence_of(call).children(page.id)
    return access.v2_answer(call, found, _child)


def ancestors(world: World, call: Call) -> Answer:
    """List the pages above a page, the top one first."""
    page = access.page(world, call, call.params["id"])
    above = world.confluence_of(call).ancestors(page)
    return access.v2_answer(call, above, lambda item: {"id": item.id, "type": "page"})


def labels(world: World, call: Call) -> Answer:
    """List the labels of a page."""
    page = access.page(world, call, call.params["id"])
    return access.v2_answer(call, labels_of(page), lambda item: item)


def _child(page: Page) -> Json:
    return {
        "id": page.id,
        "status": page.status,
        "title": page.title,
        "type": "page",
        "spaceId": page.space,
        "childPosition": page.position,
    }


def _listed(call: Call, name: str) -> set[str]:
    return {part for text in call.query.getlist(name) for part in text.split(",") if part}


def _list(world: World, call: Call, rows: list[Page]) -> Answer:
    statuses = _listed(call, "status") or {"current", "archived"}
    if unknown := statuses - _STATUSES:
        raise access.v2_error(400, f"Unknown status {sorted(unknown)}")
    rows = [page for page in rows if page.status in statuses]
    if title := call.query.get("title"):
        rows = [page for page in rows if page.title == title]
    sort = call.query.get("sort", "id")
    key = _SORTS.get(sort.lstrip("-"))
    if key is None:
        raise access.v2_error(400, f"Unknown sort order '{sort}'")
    rows.sort(key=key, reverse=sort.startswith("-"))
    form = _format(call, bodies.ON_LISTS)
    return access.v2_answer(call, rows, lambda page: listed(world, call, page, page.current, form))


def _format(call: Call, allowed: frozenset[str]) -> str | None:
    form = call.query.get("body-format")
    if form is not None and form not in allowed:
        title = f"Provided value {{{form}}} for 'body-format' is not one of {sorted(allowed)}"
        raise access.v2_error(400, title, "INVALID_REQUEST_PARAMETER")
    return form


def _version(page: Page, number: str | None) -> Version:
    if number is None:
        return page.current
    for version in page.versions:
        if str(version.number) == number:
            return version
    raise access.v2_error(404, "Not Found")
