"""Operations on the comments of an issue."""

from typing import Any

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.documents import adf
from xerus_sandbox.products.jira import access, beans, roles
from xerus_sandbox.products.jira.edits import FieldError
from xerus_sandbox.products.model import Comment, Issue, Json
from xerus_sandbox.products.world import World

_DEFAULT_PAGE = 5000


def page(world: World, call: Call) -> Answer:
    """List comments, oldest first unless `orderBy=-created`."""
    issue = access.issue(world, call)
    start = access.number(call, "startAt", 0, most=10**9)
    size = access.number(call, "maxResults", _DEFAULT_PAGE, most=_DEFAULT_PAGE)
    order = call.query.get("orderBy", "created")
    if order not in {"created", "+created", "-created"}:
        raise access.error(400, f"The value '{order}' of 'orderBy' is not valid.")
    found = sorted(
        roles.readable(world, call, issue), key=lambda c: c.created, reverse=order.startswith("-")
    )
    rendered = "renderedBody" in access.expansions(call)
    items = [
        beans.comment(world, call, issue, item, rendered=rendered)
        for item in found[start : start + size]
    ]
    body = {"startAt": start, "maxResults": size, "total": len(found), "comments": items}
    return Answer(body=body)


def create(world: World, call: Call) -> Answer:
    """Add a comment; 201 with the comment."""
    issue, given = access.issue(world, call), call.json()
    try:
        text = text_of(call, given)
    except FieldError as problem:
        raise access.error(400, comment=str(problem)) from problem
    visibility = roles.restriction(world, call, issue, given.get("visibility"))
    access.will_change(world, call, issue.key)
    comment = add(world, call, issue, text)
    comment.visibility, comment.public = visibility, not _is_internal(given, otherwise=False)
    rendered = "renderedBody" in access.expansions(call)
    body = beans.comment(world, call, issue, comment, rendered=rendered)
    return Answer(status=201, body=body)


def read(world: World, call: Call) -> Answer:
    """Return one comment."""
    issue = access.issue(world, call)
    return Answer(body=beans.comment(world, call, issue, _one(world, call, issue)))


def edit(world: World, call: Call) -> Answer:
    """Replace text and restriction of a comment; 200 with the comment.

    A restriction that is not sent again is gone: whether real ones are kept is not known, and the
    caller who relies on that shows to everybody what was meant for few.
    """
    issue, given = access.issue(world, call), call.json()
    comment = _one(world, call, issue)
    _check_allowed(world, call, issue, comment, "edit")
    try:
        text = text_of(call, given)
    except FieldError as problem:
        raise access.error(400, comment=str(problem)) from problem
    comment.visibility = roles.restriction(world, call, issue, given.get("visibility"))
    comment.public = not _is_internal(given, otherwise=not comment.public)
    access.will_change(world, call, issue.key)
    comment.body, comment.editor = text, call.account.account_id
    comment.updated = issue.updated = call.now
    return Answer(body=beans.comment(world, call, issue, comment))


def delete(world: World, call: Call) -> Answer:
    """Delete a comment for good; 204."""
    issue = access.issue(world, call)
    comment = _one(world, call, issue)
    _check_allowed(world, call, issue, comment, "delete")
    access.will_change(world, call, issue.key)
    issue.comments.remove(comment)
    issue.updated = call.now
    return Answer(status=204)


def _is_internal(given: Json, *, otherwise: bool) -> bool:
    """Read the property by which the desk knows that a comment is not for customers."""
    for entry in given.get("properties") or ():
        if entry.get("key") == "sd.public.comment":
            return bool(entry.get("value", {}).get("internal"))
    return otherwise


def _one(world: World, call: Call, issue: Issue) -> Comment:
    number = call.params["id"]
    for comment in roles.readable(world, call, issue):
        if comment.id == number:
            return comment
    raise access.error(404, f"Can not find a comment for the id: {number}.")


def _check_allowed(world: World, call: Call, issue: Issue, comment: Comment, verb: str) -> None:
    """Let the author and the project's lead pass. Jira answers 400 here, not 403."""
    lead = world.jira_of(call).projects[issue.project].lead
    if call.account.account_id not in {comment.author, lead}:
        raise access.error(400, f"You do not have the permission to {verb} this comment.")


def add(world: World, call: Call, issue: Issue, text: Any) -> Comment:
    """Store a comment whose text was checked."""
    comment = Comment(
        id=world.jira_of(call).new_id(),
        author=call.account.account_id,
        body=text,
        created=call.now,
        updated=call.now,
    )
    issue.comments.append(comment)
    issue.updated = call.now
    return comment


def text_of(call: Call, given: Any) -> Any:
    """Return the checked text of a comment object.

    Raises:
        FieldError: with Jira's words.
    """
    text = given.get("body") if isinstance(given, dict) else None
    if not beans.is_cloud(call):
        if not isinstance(text, str) or not text.strip():
            raise FieldError("Comment body can not be empty!")
        return text
    try:
        adf.check(text)
    except adf.AdfError as problem:
        raise FieldError("Comment body is not valid!") from problem
    if not isinstance(text, dict) or not text["content"]:
        raise FieldError("Comment body can not be empty!")
    return text
