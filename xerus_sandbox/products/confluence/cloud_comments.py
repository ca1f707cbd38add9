"""Footer comments of Confluence Cloud, REST v2."""

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import access, bodies
from xerus_sandbox.products.confluence.cloud_page_writes import accept_text
from xerus_sandbox.products.model import Json, Page, PageComment
from xerus_sandbox.products.times import iso_time
from xerus_sandbox.products.world import World


def of_page(world: World, call: Call) -> Answer:
    """List the top comments of a page; bodies come only with `body-format`."""
    page = access.page(world, call, call.params["id"])
    form = call.query.get("body-format")
    if form not in {None, *bodies.ON_LISTS}:
        raise access.v2_error(400, f"Unknown body-format '{form}'", "INVALID_REQUEST_PARAMETER")
    found = [comment for comment in page.comments if comment.parent is None]
    if call.query.get("sort", "created-date").startswith("-"):
        found.reverse()
    return access.v2_answer(call, found, lambda comment: _bean(call, page, comment, form))


def create(world: World, call: Call) -> Answer:
    """Add a comment to a page, or a reply to a comment; 201."""
    given = access.object_body(call)
    parent = str(given.get("parentCommentId") or "") or None
    if parent is None and not given.get("pageId"):
        raise access.v2_error(400, "One of pageId and parentCommentId must be provided")
    page = (
        _page_of(world, call, parent) if parent else access.page(world, call, str(given["pageId"]))
    )
    kept, text = accept_text(given.get("body"))
    comment = PageComment(
        id=world.confluence_of(call).new_id(),
        page=page.id,
        author=call.account.account_id,
        created=call.now,
        representation=kept,
        body=text,
        parent=parent,
    )
    page.comments.append(comment)
    body = _bean(call, page, comment, kept)
    body["_links"] = {**body["_links"], "base": access.wiki_base(call)}
    return Answer(status=201, body=body)


def _page_of(world: World, call: Call, comment_id: str) -> Page:
    for page in world.confluence_of(call).pages.values():
        if any(comment.id == comment_id for comment in page.comments):
            return access.page(world, call, page.id)
    raise access.v2_error(404, "Not Found")


def _bean(call: Call, page: Page, comment: PageComment, form: str | None) -> Json:
    body: Json = {
        "id": comment.id,
        "status": "current",
        "title": f"Re: {page.title}",
        "pageId": page.id,
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
    if comment.parent and call.method == "POST":
        body["parentCommentId"] = comment.parent
    return body
