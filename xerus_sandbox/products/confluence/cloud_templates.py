"""Templates of pages of Confluence Cloud, REST v1: the description knows 200 and 403 only."""

from urllib.parse import urlencode

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import access, search
from xerus_sandbox.products.model import Json, Template
from xerus_sandbox.products.world import World


def templates(world: World, call: Call) -> Answer:
    """GET /template/page: those of a space, or without one those of the site."""
    data, key = world.confluence_of(call), call.query.get("spaceKey")
    space_id = None
    if key is not None:
        space = data.space_by_key(key)
        if space is None or data.visible_space(space.id, call.account.account_id) is None:
            raise _refused()
        space_id = space.id
    found = [one for one in data.templates.values() if one.space == space_id]
    start, size = search.start_of(call), access.limit(call)
    links: Json = {"base": access.wiki_base(call), "context": "/wiki"}
    if start + size < len(found):
        others = [(k, v) for k, v in call.query.multi_items() if k not in {"start", "limit"}]
        links["next"] = (
            f"/rest/api/template/page?{urlencode([*others, ('limit', size), ('start', start + size)])}"
        )
    shown = [_bean(world, call, one) for one in found[start : start + size]]
    return Answer(
        body={
            "results": shown,
            "start": start,
            "limit": size,
            "size": len(shown),
            "_links": links,
        }
    )


def get(world: World, call: Call) -> Answer:
    """GET /template/{contentTemplateId}."""
    data = world.confluence_of(call)
    found = data.templates.get(call.params["contentTemplateId"])
    if found is None or (
        found.space and data.visible_space(found.space, call.account.account_id) is None
    ):
        raise _refused()
    return Answer(body=_bean(world, call, found))


def _refused() -> Exception:
    return access.v1_error(403, "There is no template with that id, or you may not see it")


def _bean(world: World, call: Call, template: Template) -> Json:
    data = world.confluence_of(call)
    body: Json = {
        "templateId": template.id,
        "name": template.name,
        "description": template.description,
        "labels": [],
        "templateType": "page",
        "editorVersion": "v2",
        "_expandable": {"body": ""},
        "_links": {"self": f"{access.wiki_base(call)}/rest/api/template/{template.id}"},
    }
    if template.space:
        space = data.spaces[template.space]
        body["space"] = {"id": int(space.id), "key": space.key, "name": space.name}
    if "body" in (call.query.get("expand") or "").replace(".storage", "").split(","):
        storage = {"value": template.body, "representation": "storage"}
        body["body"] = {"storage": storage | {"_expandable": {"content": ""}}}
    return body
