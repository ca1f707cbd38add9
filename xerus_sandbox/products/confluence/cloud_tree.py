"""What is below a page, and the versions of one: REST v2 of Cloud."""

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import access
from xerus_sandbox.products.confluence.cloud_beans import version_bean
from xerus_sandbox.products.confluence.placement import below
from xerus_sandbox.products.model import Json, Page
from xerus_sandbox.products.world import World

_DEEPEST = 10


def descendants(world: World, call: Call) -> Answer:
    """List the pages below a page, at most `depth` levels, the upper ones first."""
    page = access.page(world, call, call.params["id"])
    text = call.query.get("depth", "2")
    if not text.isdecimal() or not 1 <= int(text) <= _DEEPEST:
        raise access.v2_error(400, f"Provided value {{{text}}} for 'depth' is not valid")
    rows = [row for row in below(world.confluence_of(call), page.id) if row[0] <= int(text)]
    return access.v2_answer(call, rows, _descendant)


def versions(world: World, call: Call) -> Answer:
    """List the versions of a page, oldest first unless `sort=-modified-date`."""
    page = access.page(world, call, call.params["id"])
    sort = call.query.get("sort", "modified-date")
    if sort.lstrip("-") != "modified-date":
        raise access.v2_error(400, f"Unknown sort order '{sort}'")
    rows = page.versions[::-1] if sort.startswith("-") else page.versions
    return access.v2_answer(call, rows, version_bean)


def version(world: World, call: Call) -> Answer:
    """Return one version of a page and the numbers beside it."""
    page = access.page(world, call, call.params["page-id"])
    for row in page.versions:
        if str(row.number) == call.params["version-number"]:
            bean = version_bean(row) | {"contentTypeModified": False, "collaborators": [row.author]}
            beside = {"prevVersion": row.number - 1, "nextVersion": row.number + 1}
            known = {one.number for one in page.versions}
            return Answer(body=bean | {name: n for name, n in beside.items() if n in known})
    raise access.v2_error(404, "Not Found")


def _descendant(row: tuple[int, Page]) -> Json:
    depth, page = row
    return {
        "id": page.id,
        "status": page.status,
        "title": page.title,
        "type": "page",
        "parentId": page.parent,
        "depth": depth,
        "childPosition": page.position,
    }
