"""Folders of Confluence Cloud, REST v2."""

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import access
from xerus_sandbox.products.model import Folder, Json
from xerus_sandbox.products.times import iso_time
from xerus_sandbox.products.world import World


def get(world: World, call: Call) -> Answer:
    """GET /folders/{id}."""
    folder_id = call.params["id"]
    if not folder_id.isdecimal():
        raise access.v2_error(400, f"Provided value {{{folder_id}}} for 'id' is not a number")
    found = world.confluence_of(call).visible_folder(folder_id, call.account.account_id)
    if found is None:
        raise access.v2_error(404, "Not Found")
    return Answer(body=_bean(world, call, found))


def create(world: World, call: Call) -> Answer:
    """POST /folders; the answer has status 200."""
    given = access.object_body(call)
    space = access.space(world, call, str(given.get("spaceId") or ""))
    data, account = world.confluence_of(call), call.account.account_id
    parent = str(given.get("parentId") or "") or None
    if parent:
        above = data.visible_page(parent, account) or data.visible_folder(parent, account)
        if above is None or above.space != space.id:
            raise access.v2_error(404, "The parent could not be found in the space")
    made = Folder(
        id=data.new_id(),
        space=space.id,
        title=str(given.get("title") or ""),
        author=account,
        created=call.now,
        parent=parent,
    )
    data.folders[made.id] = made
    return Answer(body=_bean(world, call, made))


def _bean(world: World, call: Call, folder: Folder) -> Json:
    data = world.confluence_of(call)
    created = iso_time(folder.created)
    body: Json = {
        "id": folder.id,
        "type": "folder",
        "status": "current",
        "title": folder.title,
        "spaceId": folder.space,
        "position": 0,
        "authorId": folder.author,
        "ownerId": folder.author,
        "createdAt": created,
        "version": {
            "number": 1,
            "message": "",
            "minorEdit": False,
            "authorId": folder.author,
            "createdAt": created,
        },
        "_links": {
            "webui": f"/spaces/{data.spaces[folder.space].key}/folder/{folder.id}",
            "base": access.wiki_base(call),
        },
    }
    if folder.parent:
        kind = "folder" if folder.parent in data.folders else "page"
        body |= {"parentId": folder.parent, "parentType": kind}
    return body
