"""The files of a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xerus.atlassian.confluence.client import Confluence
from xerus.atlassian.confluence.records import next_cursor
from xerus.atlassian.uploads import Upload

READ_ATTACHMENT = "read:attachment:confluence"
DELETE_ATTACHMENT = "delete:attachment:confluence"
WRITE_FILE = "write:confluence-file"
DOWNLOAD = "readonly:content.attachment:confluence"

_OF_PAGE = "/rest/api/content/{id}/child/attachment"


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """What is known of a file; `page_id` is '' where it does not hang on a page."""

    attachment_id: str
    filename: str
    mime: str
    size: int
    version: int
    author: str
    at: str
    page_id: str


@dataclass(frozen=True, kw_only=True)
class AttachmentPage:
    """Some files; `cursor` is None on the last page."""

    attachments: list[Attachment]
    cursor: str | None


async def of_page(
    confluence: Confluence,
    page_id: str,
    *,
    limit: int,
    cursor: str | None = None,
    filename: str | None = None,
) -> AttachmentPage:
    """List the files of a page; with `filename` at most the one of that name."""
    query = {"limit": str(limit)} | ({"filename": filename} if filename else {})
    if confluence.is_cloud:
        template, position = "/wiki/api/v2/pages/{id}/attachments", "cursor"
    else:
        template, position = _OF_PAGE, "start"
        query["expand"] = "version,container"
    if cursor:
        query[position] = cursor
    answer = await confluence.send(
        "GET", template, path={"id": page_id}, query=query, scope=READ_ATTACHMENT
    )
    found = [_read(entry, page_id) for entry in answer["results"]]
    return AttachmentPage(attachments=found, cursor=next_cursor(answer, position))


async def one(confluence: Confluence, attachment_id: str) -> Attachment:
    """Read what is known of one file, by its id."""
    if confluence.is_cloud:
        template, query = "/wiki/api/v2/attachments/{id}", {}
    else:
        template, query = "/rest/api/content/{id}", {"expand": "version,container"}
    answer = await confluence.send(
        "GET", template, path={"id": attachment_id}, query=query, scope=READ_ATTACHMENT
    )
    container = answer.get("container") or {}
    return _read(answer, str(answer.get("pageId") or container.get("id") or ""))


async def content(confluence: Confluence, attachment: Attachment) -> bytes:
    """Return the bytes of a file of a page."""
    if confluence.is_cloud:
        reply = await confluence.transfer(
            "GET",
            f"/wiki{_OF_PAGE}/{{attachmentId}}/download",
            path={"id": attachment.page_id, "attachmentId": attachment.attachment_id},
            scope=DOWNLOAD,
        )
        return reply.body
    # Data Center has no REST operation for the bytes, only this address of its pages.
    reply = await confluence.transfer(
        "GET",
        "/download/attachments/{id}/{filename}",
        path={"id": attachment.page_id, "filename": attachment.filename},
        scope=DOWNLOAD,
    )
    return reply.body


async def add(confluence: Confluence, page_id: str, form: Upload) -> Attachment:
    """Attach a file under a name that the page has none of."""
    base = "/wiki" if confluence.is_cloud else ""
    reply = await confluence.transfer(
        "POST", base + _OF_PAGE, path={"id": page_id}, scope=WRITE_FILE, form=form
    )
    return _read(reply.json()["results"][0], page_id)


async def replace(confluence: Confluence, old: Attachment, form: Upload) -> Attachment:
    """Store a new version of a file; its name stays."""
    path = {"id": old.page_id}
    if confluence.is_cloud:
        reply = await confluence.transfer(
            "PUT", f"/wiki{_OF_PAGE}", path=path, scope=WRITE_FILE, form=form
        )
        return _read(reply.json()["results"][0], old.page_id)
    path["attachmentId"] = old.attachment_id
    reply = await confluence.transfer(
        "POST", f"{_OF_PAGE}/{{attachmentId}}/data", path=path, scope=WRITE_FILE, form=form
    )
    return _read(reply.json(), old.page_id)


async def trash(confluence: Confluence, attachment_id: str) -> None:
    """Put a file into the trash of its space."""
    template = "/wiki/api/v2/attachments/{id}" if confluence.is_cloud else "/rest/api/content/{id}"
    await confluence.send("DELETE", template, path={"id": attachment_id}, scope=DELETE_ATTACHMENT)


def _read(entry: Mapping[str, Any], page_id: str) -> Attachment:
    """Read a file of v2, or of v1 and Data Center."""
    version = entry.get("version") or {}
    extensions = entry.get("extensions") or {}
    by = version.get("by") or {}
    return Attachment(
        attachment_id=str(entry["id"]),
        filename=str(entry.get("title", "")),
        mime=str(entry.get("mediaType") or extensions.get("mediaType") or ""),
        size=int(entry.get("fileSize") or extensions.get("fileSize") or 0),
        version=int(version.get("number", 1)),
        author=str(by.get("displayName") or version.get("authorId") or ""),
        at=str(version.get("createdAt") or version.get("when") or ""),
        page_id=page_id,
    )
