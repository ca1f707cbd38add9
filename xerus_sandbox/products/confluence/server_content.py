"""Content and spaces of Confluence Data Center, REST v1."""

from typing import Any
from urllib.parse import quote_plus

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import access, bodies, placement, search
from xerus_sandbox.products.confluence.cloud_page_writes import remove, untrash
from xerus_sandbox.products.model import Json, Page, Space, Version
from xerus_sandbox.products.times import iso_time
from xerus_sandbox.products.world import World

_NOT_FOUND = "No content found with id: ContentId{{id={}}}"


def get(world: World, call: Call) -> Answer:
    """Read a page, with what `expand` names; `status` and `version` choose another state of it."""
    page_id = call.params["id"]
    wanted = set(call.query.get("status", "current").split(","))
    page = world.confluence_of(call).visible_page(page_id, call.account.account_id)
    if page is None:
        raise access.v1_error(404, _NOT_FOUND.format(page_id))
    if "historical" in wanted:
        return Answer(body=_bean(world, call, page, version=_historical(call, page)))
    if not wanted & {page.status, "any"}:
        raise access.v1_error(404, _NOT_FOUND.format(page_id))
    return Answer(body=_bean(world, call, page))


def content(world: World, call: Call) -> Answer:
    """List pages, of a space and with a title if those are given."""
    data = world.confluence_of(call)
    account = call.account.account_id
    found = [
        page
        for page in data.pages.values()
        if page.status == "current"
        and page.kind == call.query.get("type", "page")
        and data.visible_space(page.space, account)
    ]
    if day := call.query.get("postingDay"):
        found = [page for page in found if iso_time(page.created)[:10] == day]
    if key := call.query.get("spaceKey"):
        found = [page for page in found if data.spaces[page.space].key == key]
    if title := call.query.get("title"):
        found = [page for page in found if page.title == title]
    return _page_of(world, call, found)


def find(world: World, call: Call) -> Answer:
    """Search by CQL, as content."""
    return _page_of(world, call, search.matches(world, call))


def create(world: World, call: Call) -> Answer:
    """Create a page; 200."""
    given = access.object_body(call)
    kind = given.get("type")
    if kind not in ("page", "blogpost") or not given.get("title"):
        raise access.v1_error(400, "A page needs type and title")
    space = _space(world, call, str(_part(given, "space").get("key") or ""))
    if kind == "page":
        _refuse_taken_title(world, call, space.id, str(given["title"]))
    parent = _parent(world, call, given)
    kept, text = _text(given)
    data = world.confluence_of(call)
    version = Version(
        number=1,
        author=call.account.account_id,
        created=call.now,
        message="",
        title=str(given["title"]),
        representation=kept,
        body=text,
    )
    page = Page(
        id=data.new_id(),
        space=space.id,
        author=call.account.account_id,
        created=call.now,
        parent=(parent or space.homepage or None) if kind == "page" else None,
        kind=kind,
        versions=[version],
    )
    access.will_change(world, call, page.id)
    data.pages[page.id] = page
    return Answer(body=_bean(world, call, page, "body.storage,version,space,ancestors"))


def update(world: World, call: Call) -> Answer:
    """Replace title and body; the version must be the current one plus 1, else 409."""
    given = access.object_body(call)
    if call.query.get("status") == "trashed":
        return _restore(world, call, given)
    page = _page(world, call, call.params["contentId"])
    number = _part(given, "version").get("number")
    if not isinstance(number, int) or not given.get("title"):
        raise access.v1_error(
            400, "Must supply an incremented version and a title when updating Content."
        )
    current = page.current
    kept, text = _text(given) if given.get("body") else (current.representation, current.body)
    parent = _parent(world, call, given) or page.parent
    if number != current.number + 1:
        raise access.v1_error(
            409,
            f"Version must be incremented on update. Current version is: {current.number}",
        )
    access.will_change(world, call, page.id)
    if parent != page.parent:
        placement.place(world, call, page, "append", world.confluence_of(call).pages[str(parent)])
    page.versions.append(
        Version(
            number=number,
            author=call.account.account_id,
            created=call.now,
            message=str(_part(given, "version").get("message") or ""),
            title=str(given["title"]),
            representation=kept,
            body=text,
        )
    )
    return Answer(body=_bean(world, call, page, "body.storage,version,space,ancestors"))


def child_pages(world: World, call: Call) -> Answer:
    """List the pages right below a page."""
    if call.params["type"] != "page":
        raise access.v1_error(400, f"Unsupported child type: {call.params['type']}")
    page = _page(world, call, call.params["id"])
    return _page_of(world, call, world.confluence_of(call).children(page.id))


def of_space(world: World, call: Call) -> Answer:
    """List the current pages of a space."""
    item = _space(world, call, call.params["spaceKey"])
    found = [p for p in world.confluence_of(call).pages.values() if p.space == item.id]
    if call.query.get("depth") == "root":
        found = [page for page in found if page.parent is None]
    kind = call.params["type"]
    return _page_of(
        world, call, [page for page in found if page.status == "current" and page.kind == kind]
    )


def delete(world: World, call: Call) -> Answer:
    """Move a page to the trash; 204."""
    page = _page(world, call, call.params["id"])
    access.will_change(world, call, page.id)
    remove(world, call, page)
    return Answer(status=204)


def spaces(world: World, call: Call) -> Answer:
    """List the spaces that the caller may see."""
    account = call.account.account_id
    found = [s for s in world.confluence_of(call).spaces.values() if account not in s.hidden_from]
    if keys := call.query.getlist("spaceKey"):
        found = [space for space in found if space.key in keys]
    if kind := call.query.get("type"):
        found = [space for space in found if space.kind == kind]
    start, size = search.start_of(call), access.limit(call)
    shown = [_space_bean(call, item) for item in found[start : start + size]]
    return Answer(body=search.server_page(call, shown, start, size, len(found)))


def space(world: World, call: Call) -> Answer:
    """Read a space by its key."""
    return Answer(body=_space_bean(call, _space(world, call, call.params["spaceKey"])))


def history(world: World, call: Call) -> Answer:
    """Say who created a page and when, and who changed it last."""
    return Answer(body=_history(world, call, _page(world, call, call.params["id"])))


def _history(world: World, call: Call, page: Page) -> Json:
    person = world.person(page.author)
    body: Json = {
        "latest": True,
        "createdBy": {"type": "known", "username": person.username, "displayName": person.name},
        "createdDate": iso_time(page.created),
        "lastUpdated": _version(world, page.current.author, page.current.created, page.current),
    }
    if len(page.versions) > 1:
        before = page.versions[-2]
        body["previousVersion"] = _version(world, before.author, before.created, before)
    return body | {"_links": {"self": f"{call.site.url}{call.path}"}, "_expandable": {}}


def _page(world: World, call: Call, page_id: str) -> Page:
    page = world.confluence_of(call).visible_page(page_id, call.account.account_id)
    if page is None or page.status == "trashed":
        raise access.v1_error(404, _NOT_FOUND.format(page_id))
    return page


def _historical(call: Call, page: Page) -> Version:
    """Return an older version: the present one is not among the historical ones."""
    for version in page.versions[:-1]:
        if str(version.number) == call.query.get("version"):
            return version
    raise access.v1_error(404, _NOT_FOUND.format(page.id))


def _restore(world: World, call: Call, given: Json) -> Answer:
    """Bring a page back from the trash; nothing else is changed, whatever is sent."""
    page_id = call.params["contentId"]
    page = world.confluence_of(call).visible_page(page_id, call.account.account_id)
    if page is None or page.status != "trashed" or given.get("status") != "current":
        raise access.v1_error(404, _NOT_FOUND.format(page_id))
    if _part(given, "version").get("number") != page.current.number + 1:
        raise access.v1_error(
            409,
            f"Version must be incremented on update. Current version is: {page.current.number}",
        )
    if page.kind == "page":
        _refuse_taken_title(world, call, page.space, page.title)
    untrash(world, call, page)
    return Answer(body=_bean(world, call, page, "body.storage,version,space,ancestors"))


def _space(world: World, call: Call, key: str) -> Space:
    found = world.confluence_of(call).space_by_key(key)
    if found is None or call.account.account_id in found.hidden_from:
        raise access.v1_error(404, f"No space with key : {key}")
    return found


def _part(given: Json, name: str) -> Json:
    value = given.get(name) or {}
    if not isinstance(value, dict):
        raise access.v1_error(400, f"{name} must be an object")
    return value


def _parent(world: World, call: Call, given: Json) -> str | None:
    above = given.get("ancestors") or []
    if not above:
        return None
    if not isinstance(above, list) or not isinstance(above[-1], dict):
        raise access.v1_error(400, "ancestors must be an array of objects")
    return _page(world, call, str(above[-1].get("id"))).id


def _refuse_taken_title(world: World, call: Call, space_id: str, title: str) -> None:
    for other in world.confluence_of(call).pages.values():
        if other.kind != "page" or other.space != space_id:
            continue
        if other.status == "current" and other.title == title:
            raise access.v1_error(
                400, f"A page with this title already exists: {title} in space {space_id}"
            )


def _text(given: Json) -> tuple[bodies.Kept, str]:
    body = _part(given, "body")
    for name in ("storage", "wiki"):
        if name in body:
            try:
                return bodies.accept(name, _part(body, name).get("value"))
            except bodies.BodyError as problem:
                raise access.v1_error(400, str(problem)) from problem
    raise access.v1_error(400, "A body in storage or wiki is required")


def _page_of(world: World, call: Call, found: list[Page]) -> Answer:
    start, size = search.start_of(call), access.limit(call)
    shown: list[Any] = [_bean(world, call, page) for page in found[start : start + size]]
    return Answer(body=search.server_page(call, shown, start, size, len(found)))


def _expansions(call: Call, default: str = "") -> set[str]:
    return {name.strip() for name in call.query.get("expand", default).split(",")}


def _bean(
    world: World, call: Call, page: Page, default: str = "", *, version: Version | None = None
) -> Json:
    shown = version or page.current
    data = world.confluence_of(call)
    expand = _expansions(call, default)
    item = data.spaces[page.space]
    bean: Json = {
        "id": page.id,
        "type": page.kind,
        "status": "historical" if version else page.status,
        "title": shown.title,
        "position": page.position,
        "_links": {
            "webui": _address(item.key, page),
            "self": f"{call.site.url}/rest/api/content/{page.id}",
            "base": call.site.url,
            "context": "",
        },
    }
    if "space" in expand:
        bean["space"] = _space_bean(call, item)
    if "version" in expand:
        bean["version"] = _version(world, shown.author, shown.created, shown)
    if "ancestors" in expand:
        bean["ancestors"] = [
            {"id": above.id, "type": "page", "status": above.status, "title": above.title}
            for above in data.ancestors(page)
        ]
    if "history" in expand:
        bean["history"] = _history(world, call, page)
    if "metadata.labels" in expand:
        labels = [{"prefix": "global", "name": n, "id": n, "label": n} for n in page.labels]
        bean["metadata"] = {"labels": {"results": labels, "size": len(labels)}}
    return bean | _bodies(expand, shown)


def _address(space_key: str, page: Page) -> str:
    if page.kind == "page":
        return f"/display/{space_key}/{page.id}"
    day = iso_time(page.created)[:10].replace("-", "/")
    return f"/display/{space_key}/{day}/{quote_plus(page.title)}"


def _bodies(expand: set[str], text: Version) -> Json:
    asked = [name for name in ("storage", "view", "export_view") if f"body.{name}" in expand]
    if not asked:
        return {}
    return {
        "body": {key: value for name in asked for key, value in bodies.body(text, name).items()}
    }


def _version(world: World, author: str, created: float, version: Version | None) -> Json:
    person = world.person(author)
    by = {"type": "known", "username": person.username, "displayName": person.name}
    return {
        "by": by,
        "when": iso_time(created),
        "message": version.message if version else "",
        "number": version.number if version else 1,
        "minorEdit": False,
        "hidden": False,
    }


def _space_bean(call: Call, item: Space) -> Json:
    bean: Json = {
        "id": int(item.id),
        "key": item.key,
        "name": item.name,
        "status": "CURRENT",
        "type": item.kind,
        "_links": {
            "webui": f"/display/{item.key}",
            "self": f"{call.site.url}/rest/api/space/{item.key}",
        },
    }
    if "homepage" in _expansions(call) and item.homepage:
        bean["homepage"] = {"id": item.homepage, "type": "page", "status": "current"}
    if "description.plain" in _expansions(call):
        plain = {"representation": "plain", "value": item.description}
        bean["description"] = {"plain": plain}
    return bean
