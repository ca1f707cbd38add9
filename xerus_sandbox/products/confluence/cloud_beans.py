"""The JSON of Cloud pages, REST v2."""

from xerus_sandbox.operations import Call
from xerus_sandbox.products.confluence import access, bodies
from xerus_sandbox.products.model import Json, Page, Version
from xerus_sandbox.products.times import iso_time
from xerus_sandbox.products.world import World


def bean(
    world: World, call: Call, page: Page, version: Version, representation: str | None
) -> Json:
    """Return one page with the base of its links."""
    body = listed(world, call, page, version, representation)
    body["_links"] = {**body["_links"], "base": access.wiki_base(call)}
    return body


def listed(
    world: World, call: Call, page: Page, version: Version, representation: str | None
) -> Json:
    """Return a page as lists carry it."""
    space_path = f"/spaces/{world.confluence_of(call).spaces[page.space].key}/pages/{page.id}"
    if page.kind == "blogpost":
        space_path = space_path.replace(
            "/pages/", f"/blog/{iso_time(page.created)[:10].replace('-', '/')}/"
        )
    body: Json = {
        "id": page.id,
        "status": page.status if version is page.current else "historical",
        "title": version.title,
        "spaceId": page.space,
        "position": page.position,
        "authorId": page.author,
        "ownerId": page.author,
        "lastOwnerId": None,
        "createdAt": iso_time(page.created),
        "version": version_bean(version),
        "body": bodies.body(version, representation),
        "_links": {
            "webui": f"{space_path}/{version.title.replace(' ', '+')}",
            "editui": f"/pages/resumedraft.action?draftId={page.id}",
            "tinyui": f"/x/{page.id}",
        },
    }
    if page.kind == "blogpost":
        for name in ("position", "ownerId", "lastOwnerId"):
            del body[name]
    if page.parent:
        in_folder = page.parent in world.confluence_of(call).folders
        body |= {"parentId": page.parent, "parentType": "folder" if in_folder else "page"}
    return body


def version_bean(version: Version) -> Json:
    """Return the version member."""
    return {
        "number": version.number,
        "message": version.message,
        "minorEdit": False,
        "authorId": version.author,
        "createdAt": iso_time(version.created),
    }


def labels_of(page: Page) -> list[Json]:
    """Return the labels of a page."""
    return [
        {"id": f"{page.id}{n}", "name": label, "prefix": "global"}
        for n, label in enumerate(page.labels)
    ]
