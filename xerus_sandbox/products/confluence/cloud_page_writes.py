"""Writing pages of Confluence Cloud, REST v2."""

from typing import Any

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import access, bodies
from xerus_sandbox.products.confluence.cloud_beans import bean
from xerus_sandbox.products.model import Json, Page, Version
from xerus_sandbox.products.world import World

_MAX_TITLE = 255


def create(world: World, call: Call) -> Answer:
    """Create a page; 200, not 201, in real life."""
    given = access.object_body(call)
    space = access.space(world, call, str(given.get("spaceId") or ""))
    title, draft = str(given.get("title") or ""), given.get("status") == "draft"
    if not title and not draft:
        raise access.v2_error(400, "A title must be provided when publishing a page")
    if given.get("subtype") not in (None, "live"):
        raise access.v2_error(400, "The only subtype is 'live'")
    kind = access.kind_of(call) or "page"
    if kind == "page":
        _check_title(world, call, space.id, title, None)
    parent = _parent(world, call, given.get("parentId"), space.id)
    data = world.confluence_of(call)
    kept, text = accept_text(given.get("body") or {"representation": "storage", "value": ""})
    page_id = data.new_id()
    root = kind == "blogpost" or call.query.get("root-level") == "true" or not space.homepage
    above = parent or (None if root else space.homepage)
    author = call.account.account_id
    page = Page(
        id=page_id,
        space=space.id,
        author=author,
        created=call.now,
        parent=above,
        position=len(data.children(above)) if above else 0,
        status="draft" if draft else "current",
        kind=kind,
        versions=[
            Version(
                number=1,
                author=author,
                created=call.now,
                message="",
                title=title,
                representation=kept,
                body=text,
            )
        ],
    )
    access.will_change(world, call, page_id)
    data.pages[page_id] = page
    return Answer(body=bean(world, call, page, page.current, kept))


def update(world: World, call: Call) -> Answer:
    """Replace title and body; the version must be the current one plus 1, else 409."""
    page = access.any_page(world, call, call.params["id"])
    given = access.object_body(call)
    number = _check_update(page, given)
    _check_title(world, call, page.space, given["title"], page)
    if page.status == "trashed":
        return _restore(world, call, page, number)
    parent = page.parent
    if given.get("parentId"):
        parent = _parent(world, call, given["parentId"], page.space)
        _refuse_loop(world, call, page, parent)
    text = accept_text(given["body"])
    _check_number(page, number)
    access.will_change(world, call, page.id)
    page.parent = parent
    _replace(call, page, given, number, text)
    return Answer(body=bean(world, call, page, page.current, page.current.representation))


def rename(world: World, call: Call) -> Answer:
    """Replace the title only: a new version with the body of the present one."""
    page = access.page(world, call, call.params["id"])
    given = access.object_body(call)
    title = given.get("title")
    if given.get("status") not in ("current", "draft") or not isinstance(title, str) or not title:
        raise access.v2_error(400, "Required members are 'status' and 'title'")
    _check_title(world, call, page.space, title, page)
    access.will_change(world, call, page.id)
    again(call, page, page.current, title=title)
    return Answer(body=bean(world, call, page, page.current, page.current.representation))


def delete(world: World, call: Call) -> Answer:
    """Move a page to the trash; with `purge=true` delete a trashed one for good. 204."""
    page = access.any_page(world, call, call.params["id"])
    purge = call.query.get("purge") == "true"
    if purge != (page.status == "trashed"):
        if purge:
            raise access.v2_error(400, "Only a page in the trash can be purged")
        raise access.v2_error(404, "Not Found")
    data = world.confluence_of(call)
    access.will_change(world, call, page.id)
    if purge or page.status == "draft":
        del data.pages[page.id]
    else:
        remove(world, call, page)
    return Answer(status=204)


def remove(world: World, call: Call, page: Page) -> None:
    """Put a page into the trash; its children move up to its parent."""
    for child in world.confluence_of(call).children(page.id):
        child.parent = page.parent
    page.status = "trashed"


def again(call: Call, page: Page, old: Version, *, title: str = "", message: str = "") -> None:
    """Add a version with the body of an old one; the title stays unless one is given."""
    version = Version(
        number=page.current.number + 1,
        author=call.account.account_id,
        created=call.now,
        message=message,
        title=title or page.title,
        representation=old.representation,
        body=old.body,
    )
    page.versions.append(version)


def untrash(world: World, call: Call, page: Page) -> None:
    """Bring a page back from the trash, below its old parent if that is still there."""
    data = world.confluence_of(call)
    access.will_change(world, call, page.id)
    above = data.pages.get(page.parent or "")
    if page.kind == "page" and (above is None or above.status != "current"):
        page.parent = data.spaces[page.space].homepage or None
    page.status = "current"
    again(call, page, page.current)


def taken(world: World, call: Call, space_id: str, title: str, page: Page | None) -> bool:
    """Tell whether another current page of a space has this title."""
    return any(
        other is not page
        and other.kind == "page"
        and other.space == space_id
        and other.status == "current"
        and other.title.lower() == title.lower()
        for other in world.confluence_of(call).pages.values()
    )


def accept_text(given: Any) -> tuple[bodies.Kept, str]:
    """Check a `body` member and return what to keep.

    Raises:
        ApiError: 400.
    """
    body = given if isinstance(given, dict) else {}
    names = (str(body.get("representation", "")), "storage", "atlas_doc_format", "wiki")
    name = next((name for name in names if isinstance(body.get(name), dict)), "")
    chosen = body[name] if name else body
    try:
        return bodies.accept(chosen.get("representation", name), chosen.get("value"))
    except bodies.BodyError as problem:
        raise access.v2_error(400, str(problem)) from problem


def _check_title(world: World, call: Call, space_id: str, title: str, page: Page | None) -> None:
    if len(title) > _MAX_TITLE:
        raise access.v2_error(400, "The title cannot be longer than 255 characters.")
    if (
        title
        and (page is None or page.kind == "page")
        and taken(world, call, space_id, title, page)
    ):
        raise access.v2_error(
            400,
            "A page with this title already exists: A page already exists with the same TITLE"
            " in this space",
        )


def _restore(world: World, call: Call, page: Page, number: int) -> Answer:
    """Only the status changes, as the description says; the text that was sent is not looked at."""
    _check_number(page, number)
    untrash(world, call, page)
    return Answer(body=bean(world, call, page, page.current, page.current.representation))


def _check_number(page: Page, number: int) -> None:
    expected = page.current.number + 1 if page.status != "draft" else page.current.number
    if number not in {expected, expected + (page.status == "draft")}:
        raise access.v2_error(
            409,
            "Version must be incremented when updating a page."
            f" Current Version: [{page.current.number}]. Provided version: [{number}]",
        )


def _parent(world: World, call: Call, given: Any, space_id: str) -> str | None:
    if not given:
        return None
    data, account = world.confluence_of(call), call.account.account_id
    folder = data.visible_folder(str(given), account)
    if folder is not None and folder.space == space_id:
        return folder.id
    found = data.visible_page(str(given), account)
    if found is None or found.status == "trashed" or found.space != space_id:
        raise access.v2_error(404, "The parent page could not be found in the space")
    return found.id


def _refuse_loop(world: World, call: Call, page: Page, parent: str | None) -> None:
    data = world.confluence_of(call)
    above = data.pages.get(parent or "")
    if above and page.id in {above.id, *(item.id for item in data.ancestors(above))}:
        raise access.v2_error(400, "A page cannot be its own ancestor")


def _check_update(page: Page, given: Json) -> int:
    """Check that the required members are there and return the version number."""
    for name in ("id", "status", "title", "body", "version"):
        if not given.get(name):
            raise access.v2_error(400, f"Required member '{name}' is missing")
    if str(given["id"]) != page.id:
        raise access.v2_error(400, "The id in the body differs from the id in the path")
    if not isinstance(given["title"], str):
        raise access.v2_error(400, "The title must be a string")
    if given["status"] not in ("current", "draft"):
        raise access.v2_error(400, f"Unknown status '{given['status']}'")
    version = given["version"]
    number = version.get("number") if isinstance(version, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise access.v2_error(400, "Required member 'version.number' is missing")
    return number


def _replace(
    call: Call, page: Page, given: Json, number: int, text: tuple[bodies.Kept, str]
) -> None:
    version = Version(
        number=number,
        author=call.account.account_id,
        created=call.now,
        message=str(given["version"].get("message") or ""),
        title=str(given["title"]),
        representation=text[0],
        body=text[1],
    )
    page.versions.append(version)
    page.status = "current" if given["status"] == "current" else page.status
