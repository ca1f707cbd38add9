"""Footer and inline comments of Confluence Cloud, REST v2."""

from collections.abc import Callable, Sequence

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import access, bodies, parts
from xerus_sandbox.products.confluence.cloud_page_writes import accept_text
from xerus_sandbox.products.model import Json, Page, PageComment
from xerus_sandbox.products.times import iso_time
from xerus_sandbox.products.world import World

_RESOLUTIONS = frozenset({"open", "reopened", "resolved", "dangling"})


def of_page(world: World, call: Call) -> Answer:
    """List the top comments below a page; bodies come only with `body-format`."""
    page = access.page(world, call, call.params["id"])
    return _listed(call, page, [item for item in page.comments if not item.anchor])


def inline_of_page(world: World, call: Call) -> Answer:
    """List the top comments on pieces of a page's text."""
    page = access.page(world, call, call.params["id"])
    wanted = {part for text in call.query.getlist("resolution-status") for part in text.split(",")}
    if wanted - _RESOLUTIONS:
        raise access.v2_error(400, f"Unknown resolution-status {sorted(wanted)}")
    found = [item for item in page.comments if item.anchor]
    return _listed(call, page, [c for c in found if not wanted or c.resolution in wanted])


def replies(*, inline: bool) -> Callable[[World, Call], Answer]:
    """Return the operation that lists the replies to a comment of one kind."""

    def run(world: World, call: Call) -> Answer:
        page, above = _find(world, call, call.params["id"], inline=inline)
        form = _format(call)
        found = [item for item in page.comments if item.parent == above.id]
        return access.v2_answer(call, found, lambda item: _bean(page, item, form))

    return run


def get(*, inline: bool) -> Callable[[World, Call], Answer]:
    """Return the operation that reads one comment of one kind."""

    def run(world: World, call: Call) -> Answer:
        page, item = _find(world, call, call.params["comment-id"], inline=inline)
        return Answer(body=_single(call, page, item, _format(call)))

    return run


def create(world: World, call: Call) -> Answer:
    """Add a comment below a page, or a reply to one; 201."""
    given = access.object_body(call)
    page, above = _place(world, call, given, inline=False)
    return _created(world, call, given, page, above, "")


def create_inline(world: World, call: Call) -> Answer:
    """Add a comment on a piece of the text, or a reply to one; 201."""
    given = access.object_body(call)
    page, above = _place(world, call, given, inline=True)
    anchor = above.anchor if above else _selected(page, given.get("inlineCommentProperties"))
    return _created(world, call, given, page, above, anchor)


def update(*, inline: bool) -> Callable[[World, Call], Answer]:
    """Return the operation that changes a comment of one kind."""

    def run(world: World, call: Call) -> Answer:
        page, item = _find(world, call, call.params["comment-id"], inline=inline)
        given = access.object_body(call)
        _check_version(item, given.get("version"))
        resolved = given.get("resolved") if inline else None
        if given.get("body") is not None:
            if item.author != call.account.account_id:
                raise access.v2_error(403, "Only the author can edit a comment")
            item.representation, item.body = accept_text(given["body"])
        elif resolved is None:
            raise access.v2_error(400, "Required member 'body' is missing")
        if resolved is not None:
            _resolve(item, resolved is True)
        item.version += 1
        return Answer(body=_single(call, page, item, item.representation))

    return run


def delete(*, inline: bool) -> Callable[[World, Call], Answer]:
    """Return the operation that deletes a comment of one kind for good; 204."""

    def run(world: World, call: Call) -> Answer:
        page, item = _find(world, call, call.params["comment-id"], inline=inline)
        if not parts.may_change(world, call, page, item.author):
            raise access.v2_error(403, "Not permitted to delete this comment")
        parts.remove_comment(page, item)
        return Answer(status=204)

    return run


def _listed(call: Call, page: Page, found: Sequence[PageComment]) -> Answer:
    form = _format(call)
    top = [item for item in found if item.parent is None]
    if call.query.get("sort", "created-date").startswith("-"):
        top.reverse()
    return access.v2_answer(call, top, lambda item: _bean(page, item, form))


def _format(call: Call) -> str | None:
    form = call.query.get("body-format")
    if form not in {None, *bodies.ON_LISTS}:
        raise access.v2_error(400, f"Unknown body-format '{form}'", "INVALID_REQUEST_PARAMETER")
    return form


def _find(world: World, call: Call, comment_id: str, *, inline: bool) -> tuple[Page, PageComment]:
    found = parts.comment(world, call, comment_id)
    if found is None or bool(found[1].anchor) is not inline:
        raise access.v2_error(404, "Not Found")
    return found


def _place(
    world: World, call: Call, given: Json, *, inline: bool
) -> tuple[Page, PageComment | None]:
    """Return the page of a new comment, and the comment that it replies to."""
    if parent := str(given.get("parentCommentId") or ""):
        return _find(world, call, parent, inline=inline)
    if not given.get("pageId"):
        raise access.v2_error(400, "One of pageId and parentCommentId must be provided")
    return access.page(world, call, str(given["pageId"])), None


def _selected(page: Page, given: object) -> str:
    """Return the text that an inline comment is about, checked against the page."""
    selection = given if isinstance(given, dict) else {}
    text = selection.get("textSelection")
    count, index = (
        selection.get("textSelectionMatchCount"),
        selection.get("textSelectionMatchIndex"),
    )
    if not isinstance(text, str) or not isinstance(count, int) or not isinstance(index, int):
        raise access.v2_error(400, "inlineCommentProperties needs a selection, count and index")
    if not 0 <= index < count or parts.occurrences(page, text) != count:
        raise access.v2_error(400, "The text selection does not match the text of the page")
    return text


def _created(
    world: World, call: Call, given: Json, page: Page, above: PageComment | None, anchor: str
) -> Answer:
    kept, text = accept_text(given.get("body"))
    comment = PageComment(
        id=world.confluence_of(call).new_id(),
        page=page.id,
        author=call.account.account_id,
        created=call.now,
        representation=kept,
        body=text,
        parent=above.id if above else None,
        anchor=anchor,
    )
    page.comments.append(comment)
    return Answer(status=201, body=_single(call, page, comment, kept))


def _check_version(item: PageComment, given: object) -> None:
    number = given.get("number") if isinstance(given, dict) else None
    if not isinstance(number, int):
        raise access.v2_error(400, "Required member 'version.number' is missing")
    if number != item.version + 1:
        raise access.v2_error(409, f"Version must be incremented. Current Version: {item.version}")


def _resolve(item: PageComment, wanted: bool) -> None:  # noqa: FBT001 - the member's own value
    if wanted:
        item.resolution = "resolved"
    elif item.resolution == "resolved":
        item.resolution = "reopened"


def _single(call: Call, page: Page, comment: PageComment, form: str | None) -> Json:
    body = {**_bean(page, comment, form), "pageId": page.id}
    body["_links"] = {**body["_links"], "base": access.wiki_base(call)}
    return body


def _bean(page: Page, comment: PageComment, form: str | None) -> Json:
    body: Json = {
        "id": comment.id,
        "status": "current",
        "title": f"Re: {page.title}",
        "version": {
            "number": comment.version,
            "message": "",
            "minorEdit": False,
            "authorId": comment.author,
            "createdAt": iso_time(comment.created),
        },
        "body": bodies.body(comment, form),
        "_links": {"webui": f"/pages/{page.id}?focusedCommentId={comment.id}"},
    }
    body |= {"parentCommentId": comment.parent} if comment.parent else {"pageId": page.id}
    if comment.anchor:
        body["resolutionStatus"] = comment.resolution
        body["properties"] = {
            "inlineMarkerRef": parts.marker(comment),
            "inlineOriginalSelection": comment.anchor,
        }
    return body
