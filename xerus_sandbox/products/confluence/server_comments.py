"""Comments of Confluence Data Center: content of their own, and a list at their page."""

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import access, bodies, parts, search
from xerus_sandbox.products.model import Json, Page, PageComment
from xerus_sandbox.products.times import iso_time
from xerus_sandbox.products.world import World

_LOCATIONS = frozenset({"footer", "inline", "resolved"})


def of_page(world: World, call: Call) -> Answer:
    """List the comments of a page: the top ones, or with `depth=all` the replies too."""
    data = world.confluence_of(call)
    page = data.visible_page(call.params["id"], call.account.account_id)
    if page is None or page.status == "trashed":
        raise access.v1_error(404, f"No content found with id: ContentId{{id={call.params['id']}}}")
    wanted = set(call.query.getlist("location")) or _LOCATIONS
    shown = [item for item in page.comments if _location(item) & wanted]
    if call.query.get("depth") != "all":
        shown = [item for item in shown if item.parent is None]
    start, size = search.start_of(call), access.limit(call)
    beans = [bean(world, call, page, item) for item in shown[start : start + size]]
    return Answer(body=search.server_page(call, beans, start, size, len(shown)))


def create(world: World, call: Call) -> Answer:
    """Add a comment below a page, or a reply to the last of its ancestors."""
    given = access.object_body(call)
    container = given.get("container")
    page_id = str(container.get("id")) if isinstance(container, dict) else ""
    page = world.confluence_of(call).visible_page(page_id, call.account.account_id)
    if page is None or page.status == "trashed":
        raise access.v1_error(404, f"No content found with id: ContentId{{id={page_id}}}")
    above = _above(world, call, given)
    kept, text = _text(given)
    comment = PageComment(
        id=world.confluence_of(call).new_id(),
        page=page.id,
        author=call.account.account_id,
        created=call.now,
        representation=kept,
        body=text,
        parent=above.id if above else None,
        anchor=above.anchor if above else "",
    )
    page.comments.append(comment)
    return Answer(body=bean(world, call, page, comment, "body.storage,version"))


def update(world: World, call: Call, page: Page, comment: PageComment) -> Answer:
    """Replace the text; the version must be the current one plus 1, else 409."""
    given = access.object_body(call)
    if comment.author != call.account.account_id:
        raise access.v1_error(403, "Not permitted to edit this comment")
    version = given.get("version")
    number = version.get("number") if isinstance(version, dict) else None
    if number != comment.version + 1:
        message = f"Version must be incremented on update. Current version is: {comment.version}"
        raise access.v1_error(409, message)
    comment.representation, comment.body = _text(given)
    comment.version += 1
    return Answer(body=bean(world, call, page, comment, "body.storage,version"))


def delete(world: World, call: Call, page: Page, comment: PageComment) -> Answer:
    """Delete a comment for good: it has no trash; 204."""
    if not parts.may_change(world, call, page, comment.author):
        raise access.v1_error(403, "Not permitted to delete this comment")
    parts.remove_comment(page, comment)
    return Answer(status=204)


def bean(world: World, call: Call, page: Page, comment: PageComment, default: str = "") -> Json:
    """Return a comment, with what `expand` names."""
    expand = {name.strip() for name in call.query.get("expand", default).split(",")}
    shown: Json = {
        "id": comment.id,
        "type": "comment",
        "status": "current",
        "title": f"Re: {page.title}",
        "_links": {
            "webui": f"/pages/viewpage.action?pageId={page.id}&focusedCommentId={comment.id}",
            "self": f"{call.site.url}/rest/api/content/{comment.id}",
        },
        "extensions": _extensions(comment, expand),
    }
    if "version" in expand:
        shown["version"] = _version(world, comment)
    if "container" in expand:
        shown["container"] = {"id": page.id, "type": "page", "title": page.title}
    if "space" in expand:
        shown["space"] = parts.space_of(world, call, page)
    if "ancestors" in expand:
        above = [comment.parent] if comment.parent else []
        shown["ancestors"] = [{"id": parent, "type": "comment"} for parent in above]
    if "body.storage" in expand:
        shown["body"] = bodies.body(comment, "storage")
    return shown


def _location(comment: PageComment) -> set[str]:
    if not comment.anchor:
        return {"footer"}
    return {"resolved"} if comment.resolution == "resolved" else {"inline"}


def _extensions(comment: PageComment, expand: set[str]) -> Json:
    if not comment.anchor:
        return {"location": "footer"}
    shown: Json = {"location": "inline"}
    if "extensions.inlineProperties" in expand:
        reference = {"originalSelection": comment.anchor, "markerRef": parts.marker(comment)}
        shown["inlineProperties"] = reference
    if "extensions.resolution" in expand:
        shown["resolution"] = {"status": comment.resolution}
    return shown


def _version(world: World, comment: PageComment) -> Json:
    person = world.person(comment.author)
    by = {"type": "known", "username": person.username, "displayName": person.name}
    return {
        "by": by,
        "when": iso_time(comment.created),
        "message": "",
        "number": comment.version,
        "minorEdit": False,
        "hidden": False,
    }


def _above(world: World, call: Call, given: Json) -> PageComment | None:
    above = given.get("ancestors") or []
    if not above:
        return None
    last = above[-1] if isinstance(above, list) else None
    found = parts.comment(world, call, str(last.get("id"))) if isinstance(last, dict) else None
    if found is None:
        raise access.v1_error(404, "The comment to reply to could not be found")
    return found[1]


def _text(given: Json) -> tuple[bodies.Kept, str]:
    body = given.get("body")
    for name in ("storage", "wiki"):
        form = body.get(name) if isinstance(body, dict) else None
        if isinstance(form, dict):
            try:
                return bodies.accept(name, form.get("value"))
            except bodies.BodyError as problem:
                raise access.v1_error(400, str(problem)) from problem
    raise access.v1_error(400, "A body in storage or wiki is required")
