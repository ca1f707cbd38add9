"""Spaces of Confluence Cloud, REST v2."""

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import access
from xerus_sandbox.products.model import Json, Space
from xerus_sandbox.products.times import iso_time
from xerus_sandbox.products.world import World

_SORTS = {"id", "key", "name"}


def spaces(world: World, call: Call) -> Answer:
    """List the spaces that the caller may see."""
    account = call.account.account_id
    found = [s for s in world.confluence_of(call).spaces.values() if account not in s.hidden_from]
    if keys := _listed(call, "keys"):
        found = [space for space in found if space.key in keys]
    if ids := _listed(call, "ids"):
        found = [space for space in found if space.id in ids]
    if kind := call.query.get("type"):
        found = [space for space in found if space.kind == kind]
    if call.query.get("status") == "archived":
        found = []
    sort = call.query.get("sort", "id")
    if sort.lstrip("-") not in _SORTS:
        raise access.v2_error(400, f"Unknown sort order '{sort}'")
    found.sort(key=lambda space: getattr(space, sort.lstrip("-")), reverse=sort.startswith("-"))
    return access.v2_answer(call, found, lambda space: _bean(call, space))


def space(world: World, call: Call) -> Answer:
    """Read a space by its id, which is not its key."""
    body = _bean(call, access.space(world, call, call.params["id"]))
    body["_links"] = {**body["_links"], "base": access.wiki_base(call)}
    return Answer(body=body)


def _listed(call: Call, name: str) -> set[str]:
    return {part for text in call.query.getlist(name) for part in text.split(",") if part}


def _bean(call: Call, item: Space) -> Json:
    form = call.query.get("description-format")
    known = form in {"plain", "view"}
    described = {form: {"representation": form, "value": item.description}} if known else {}
    return {
        "id": item.id,
        "key": item.key,
        "name": item.name,
        "type": item.kind,
        "status": "current",
        "authorId": item.owner,
        "createdAt": iso_time(item.created),
        "homepageId": item.homepage,
        "description": described,
        "_links": {"webui": f"/spaces/{item.key}"},
    }
