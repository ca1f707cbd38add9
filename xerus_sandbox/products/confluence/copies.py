"""Copies of pages and of old versions: what REST v1 of Cloud still has."""

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import access
from xerus_sandbox.products.confluence.cloud_page_writes import again, taken
from xerus_sandbox.products.model import Json, Page, Space, Version
from xerus_sandbox.products.times import iso_time
from xerus_sandbox.products.world import World


def copy(world: World, call: Call) -> Answer:
    """POST /wiki/rest/api/content/{id}/copy."""
    page = _page(world, call, call.params["id"])
    given = access.object_body(call)
    space, parent = _destination(world, call, given)
    title = str(given.get("pageTitle") or page.title)
    if taken(world, call, space.id, title, None):
        raise access.v1_error(400, f"A page with this title already exists: {title}")
    data = world.confluence_of(call)
    made = Page(
        id=data.new_id(),
        space=space.id,
        author=call.account.account_id,
        created=call.now,
        parent=parent,
        position=len(data.children(parent)) if parent else 0,
        labels=list(page.labels) if given.get("copyLabels") else [],
        versions=[
            Version(
                number=1,
                author=call.account.account_id,
                created=call.now,
                message="",
                title=title,
                representation=page.current.representation,
                body=page.current.body,
            )
        ],
    )
    access.will_change(world, call, made.id)
    data.pages[made.id] = made
    links = {"webui": f"/spaces/{space.key}/pages/{made.id}", "base": access.wiki_base(call)}
    body = {"id": made.id, "type": "page", "status": "current", "title": title, "_links": links}
    return Answer(body=body)


def restore(world: World, call: Call) -> Answer:
    """POST /wiki/rest/api/content/{id}/version: an old version becomes the newest."""
    page = _visible(world, call, call.params["id"])
    given = access.object_body(call)
    params = given.get("params")
    if page is None or given.get("operationKey") != "restore" or not isinstance(params, dict):
        raise access.v1_error(400, "Only the operation 'restore' of a page is known")
    old = next((v for v in page.versions[:-1] if v.number == params.get("versionNumber")), None)
    if old is None:
        raise access.v1_error(400, f"No earlier version {params.get('versionNumber')}")
    access.will_change(world, call, page.id)
    title = old.title if params.get("restoreTitle") else ""
    again(call, page, old, title=title, message=str(params.get("message") or ""))
    return Answer(body=_version(world, call, page.current))


def _version(world: World, call: Call, version: Version) -> Json:
    person = world.person(version.author)
    return {
        "by": {
            "type": "known",
            "accountId": person.account_id,
            "accountType": "atlassian",
            "email": person.email,
            "publicName": person.name,
            "displayName": person.name,
        },
        "when": iso_time(version.created),
        "message": version.message,
        "number": version.number,
        "minorEdit": False,
        "_links": {"base": access.wiki_base(call), "context": "/wiki"},
    }


def _destination(world: World, call: Call, given: Json) -> tuple[Space, str | None]:
    wanted = given.get("destination")
    wanted = wanted if isinstance(wanted, dict) else {}
    data, value = world.confluence_of(call), str(wanted.get("value") or "")
    match wanted.get("type"):
        case "space":
            space = data.space_by_key(value)
            if space is None or data.visible_space(space.id, call.account.account_id) is None:
                raise access.v1_error(404, f"No space with key : {value}")
            return space, None
        case "parent_page":
            parent = _page(world, call, value)
            return data.spaces[parent.space], parent.id
        case _:
            raise access.v1_error(400, "destination.type is invalid")


def _visible(world: World, call: Call, page_id: str) -> Page | None:
    found = world.confluence_of(call).visible_page(page_id, call.account.account_id)
    return None if found is None or found.status == "trashed" else found


def _page(world: World, call: Call, page_id: str) -> Page:
    found = _visible(world, call, page_id)
    if found is None:
        raise access.v1_error(404, f"No content found with id: {page_id}")
    return found
