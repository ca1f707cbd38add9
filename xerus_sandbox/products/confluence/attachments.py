"""Files of pages: read and deleted by REST v2 on Cloud, written by REST v1 and on Data Center."""

import base64

from xerus_sandbox.multipart import Part
from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products import media, uploads
from xerus_sandbox.products.confluence import access, parts, search
from xerus_sandbox.products.model import Json, Page, PageAttachment
from xerus_sandbox.products.times import iso_time
from xerus_sandbox.products.world import World


def of_page(world: World, call: Call) -> Answer:
    """List the files of a page of Cloud."""
    page = access.page(world, call, call.params["id"])
    found = _named(page, call.query.get("filename"))
    return access.v2_answer(call, found, lambda item: _cloud(page, item))


def get(world: World, call: Call) -> Answer:
    """Read what is known of a file of Cloud."""
    page, item = _found_v2(world, call)
    body = _cloud(page, item)
    body["_links"] = {**body["_links"], "base": access.wiki_base(call)}
    return Answer(body=body)


def delete(world: World, call: Call) -> Answer:
    """Move a file of Cloud to the trash; 204."""
    _, item = _found_v2(world, call)
    item.status = "trashed"
    return Answer(status=204)


def download(world: World, call: Call) -> Answer:
    """Send the reader of a file of Cloud on to the media host; 302."""
    page, item = _found_v1(world, call, call.params["attachmentId"])
    if page.id != call.params["id"]:
        raise access.v1_error(404, "No attachment found")
    return media.redirect(call, "confluence", item.id, 302)


def server_of_page(world: World, call: Call) -> Answer:
    """List the files of a page of Data Center."""
    page = _page(world, call)
    found = _named(page, call.query.get("filename"))
    start, size = search.start_of(call), access.limit(call)
    shown = [bean(world, call, page, item) for item in found[start : start + size]]
    return Answer(body=search.server_page(call, shown, start, size, len(found)))


def server_download(world: World, call: Call) -> Answer:
    """Give the bytes of a file of Data Center, at an address of its pages."""
    page = _page(world, call)
    found = _named(page, call.params["filename"])
    if not found:
        raise access.v1_error(404, "No attachment found")
    return media.content(found[0])


def server_delete(page: Page, item: PageAttachment) -> Answer:
    """Move a file of Data Center to the trash; 204."""
    del page
    item.status = "trashed"
    return Answer(status=204)


def create(world: World, call: Call) -> Answer:
    """Add files; 400 if the page has one of the same name."""
    page, form = _upload(world, call)
    for part in uploads.files(form):
        if _named(page, part.filename):
            message = (
                "Cannot add a new attachment with same file name as an existing attachment: "
                f"{part.filename}"
            )
            raise access.v1_error(400, message)
    return _stored(world, call, page, form)


def create_or_update(world: World, call: Call) -> Answer:
    """Add files, or new versions of those with the same names; Cloud only."""
    page, form = _upload(world, call)
    return _stored(world, call, page, form)


def update_data(world: World, call: Call) -> Answer:
    """Store a new version of a file of Data Center."""
    page, form = _upload(world, call)
    _, item = _found_v1(world, call, call.params["attachmentId"])
    _replace(call, item, uploads.files(form)[0], form)
    return Answer(body=bean(world, call, page, item))


def bean(world: World, call: Call, page: Page, item: PageAttachment) -> Json:
    """Return a file in the form of REST v1."""
    is_cloud = call.deployment == "cloud"
    person = world.person(item.author)
    by: Json = {"type": "known", "displayName": person.name}
    by |= {"accountId": person.account_id} if is_cloud else {"username": person.username}
    facts = {"mediaType": item.mime, "fileSize": _size(item), "comment": item.comment}
    shown: Json = {
        "id": item.id,
        "type": "attachment",
        "status": item.status,
        "title": item.filename,
        "metadata": {"mediaType": item.mime, "comment": item.comment},
        "extensions": facts,
        "version": {
            "by": by,
            "when": iso_time(item.created),
            "message": "",
            "number": item.version,
            "minorEdit": False,
        },
        "container": {"id": page.id, "type": "page", "title": page.title},
        "_links": {
            "webui": f"/pages/viewpageattachments.action?pageId={page.id}",
            "download": f"/download/attachments/{page.id}/{item.filename}",
            "self": f"{access.wiki_base(call)}/rest/api/content/{item.id}",
        },
    }
    if "space" in call.query.get("expand", "").split(","):
        shown["space"] = parts.space_of(world, call, page)
    return shown


def _cloud(page: Page, item: PageAttachment) -> Json:
    links = {
        "webui": f"/pages/viewpageattachments.action?pageId={page.id}",
        "download": f"/download/attachments/{page.id}/{item.filename}",
    }
    return {
        "id": item.id,
        "status": item.status,
        "title": item.filename,
        "createdAt": iso_time(item.created),
        "pageId": page.id,
        "mediaType": item.mime,
        "mediaTypeDescription": "File",
        "comment": item.comment,
        "fileId": _file_id(item),
        "fileSize": _size(item),
        "webuiLink": links["webui"],
        "downloadLink": links["download"],
        "version": {
            "number": item.version,
            "message": "",
            "minorEdit": False,
            "authorId": item.author,
            "createdAt": iso_time(item.created),
        },
        "_links": links,
    }


def _file_id(item: PageAttachment) -> str:
    return f"00000000-0000-4000-9000-{int(item.id.removeprefix('att')):012d}"


def _size(item: PageAttachment) -> int:
    return len(base64.b64decode(item.content))


def _named(page: Page, filename: str | None) -> list[PageAttachment]:
    current = [item for item in page.attachments if item.status == "current"]
    return [item for item in current if filename in {None, item.filename}]


def _page(world: World, call: Call) -> Page:
    page = world.confluence_of(call).visible_page(call.params["id"], call.account.account_id)
    if page is None or page.status == "trashed":
        raise access.v1_error(404, f"No content found with id: ContentId{{id={call.params['id']}}}")
    return page


def _found_v1(world: World, call: Call, attachment_id: str) -> tuple[Page, PageAttachment]:
    found = parts.attachment(world, call, attachment_id)
    if found is None:
        raise access.v1_error(404, f"No attachment found with id: {attachment_id}")
    return found


def _found_v2(world: World, call: Call) -> tuple[Page, PageAttachment]:
    found = parts.attachment(world, call, call.params["id"])
    if found is None:
        raise access.v2_error(404, "Not Found")
    return found


def _upload(world: World, call: Call) -> tuple[Page, list[Part]]:
    if not uploads.is_checked(call):
        raise access.v1_error(403, "XSRF check failed")
    page = _page(world, call)
    return page, uploads.form(call, access.v1_error(400, "No file was sent"))


def _stored(world: World, call: Call, page: Page, form: list[Part]) -> Answer:
    items = []
    for part in uploads.files(form):
        existing = _named(page, part.filename)
        if existing:
            _replace(call, existing[0], part, form)
        else:
            page.attachments.append(_new(world, call, part, form))
        items += _named(page, part.filename)
    shown = [bean(world, call, page, item) for item in items]
    if call.deployment == "dc":
        return Answer(body=search.server_page(call, shown, 0, 25, len(shown)))
    links = {"base": access.wiki_base(call), "context": "/wiki"}
    page_of = {"results": shown, "start": 0, "limit": 25, "size": len(shown), "_links": links}
    return Answer(body=page_of)


def _new(world: World, call: Call, part: Part, form: list[Part]) -> PageAttachment:
    return PageAttachment(
        id=f"att{world.confluence_of(call).new_id()}",
        author=call.account.account_id,
        filename=part.filename,
        mime=part.mime,
        created=call.now,
        content=base64.b64encode(part.content).decode(),
        comment=uploads.value(form, "comment"),
    )


def _replace(call: Call, item: PageAttachment, part: Part, form: list[Part]) -> None:
    item.content = base64.b64encode(part.content).decode()
    item.mime = part.mime
    item.author = call.account.account_id
    item.created = call.now
    item.comment = uploads.value(form, "comment")
    item.version += 1
