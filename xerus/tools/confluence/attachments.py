"""The files of pages: listed, shown, added, replaced, deleted."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from xerus.atlassian.confluence import attachments as client
from xerus.atlassian.confluence.attachments import (
    DELETE_ATTACHMENT,
    DOWNLOAD,
    READ_ATTACHMENT,
    WRITE_FILE,
    Attachment,
    AttachmentPage,
)
from xerus.atlassian.confluence.client import Confluence
from xerus.errors import Conflict, NotFound
from xerus.settings.toolsets import Toolset
from xerus.tools.confluence.addressing import page_id_in
from xerus.tools.confluence.fields import PageRef
from xerus.tools.declaration import Answer, Effect, ReadArgs, SiteArgs, tool
from xerus.tools.files import (
    Base64,
    FileName,
    FileRef,
    MaxChars,
    Offset,
    check_readable,
    form_of,
    view,
)
from xerus.tools.paging import counted, more
from xerus.tools.readback import read_back
from xerus.tools.tables import without_empty
from xerus.tools.untrusted import clean, fenced

_COLUMNS = ("id", "name", "type", "bytes", "version", "by", "changed")
_ID = re.compile(r"^(?:att)?[0-9]{1,20}$")

_FIND = ("GET /wiki/api/v2/pages/{id}/attachments", "GET /wiki/api/v2/attachments/{id}")
_SERVER_FIND = ("GET /rest/api/content/{id}/child/attachment", "GET /rest/api/content/{id}")


class Attachments(ReadArgs):
    """Of which page, and which one to read."""

    page_id: PageRef
    attachment: FileRef | None = Field(
        default=None, description="Id or file name to read; default: list all"
    )
    max_chars: MaxChars = 20_000
    offset: Offset = 0
    limit: int = Field(default=50, ge=1, le=100, description="Most in a list")
    cursor: str | None = Field(default=None, max_length=4000, description="From the answer before")


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Some files of a page."""

    page_id: str
    page: AttachmentPage

    def markdown(self) -> str:
        """Return a table, fenced: people named the files."""
        found, cursor = self.page.attachments, self.page.cursor
        if not found:
            return f"Page {self.page_id} has no attachments."
        head = counted(len(found), "attachment", cursor=cursor, total=None)
        rows = without_empty(_COLUMNS, [_row(one) for one in found])
        source = f"attachments of confluence page {self.page_id}"
        return f"Page {self.page_id}: {head}.\n{fenced(rows, source=source)}{more(cursor)}"

    def structured(self) -> dict[str, Any]:
        """Return the same rows as objects."""
        return {
            "page_id": self.page_id,
            "attachments": [_object(one) for one in self.page.attachments],
            "cursor": self.page.cursor,
            "untrusted": ["attachments[]"],
        }


@tool(
    title="Get attachments",
    effect=Effect.READ,
    toolset=Toolset.FILES,
    scopes={READ_ATTACHMENT},
    optional_scopes={DOWNLOAD},
    endpoints=(*_FIND, "GET /wiki/rest/api/content/{id}/child/attachment/{attachmentId}/download"),
    data_center=(*_SERVER_FIND, "GET /download/attachments/{id}/{filename}"),
)
async def attachments(confluence: Confluence, args: Attachments) -> Answer:
    """List the files of a Confluence page, or read one: a text or a picture."""
    page_id = page_id_in(confluence, args.page_id)
    if args.attachment is None:
        page = await client.of_page(confluence, page_id, limit=args.limit, cursor=args.cursor)
        return Listed(page_id=page_id, page=page)
    found = await _found(confluence, page_id, args.attachment)
    link = _link(confluence, page_id)
    check_readable(found.size, link)
    return view(
        await client.content(confluence, found),
        what=f"attachment {found.attachment_id} of page {page_id}",
        link=link,
        name=found.filename,
        author=found.author,
        at=found.at,
        offset=args.offset,
        max_chars=args.max_chars,
    )


class AddAttachment(SiteArgs):
    """A file for a page."""

    page_id: PageRef
    filename: FileName
    content: Base64
    replace: bool = Field(default=False, description="New version of the file of this name")


@dataclass(frozen=True, kw_only=True)
class Changed:
    """What was done with one file; `head` is our own word above it."""

    head: str
    page_id: str
    attachment: Attachment

    def markdown(self) -> str:
        """Return what was done, and the file's row."""
        rows = without_empty(_COLUMNS, [_row(self.attachment)])
        source = f"attachment of confluence page {self.page_id}"
        return f"{self.head}\n{fenced(rows, source=source)}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        attachment = _object(self.attachment)
        return {"page_id": self.page_id, "attachment": attachment, "untrusted": ["attachment"]}


@tool(
    title="Add attachment",
    effect=Effect.UPDATE,
    toolset=Toolset.FILES,
    scopes={WRITE_FILE, READ_ATTACHMENT},
    endpoints=(
        _FIND[0],
        "POST /wiki/rest/api/content/{id}/child/attachment",
        "PUT /wiki/rest/api/content/{id}/child/attachment",
    ),
    data_center=(
        _SERVER_FIND[0],
        "POST /rest/api/content/{id}/child/attachment",
        "POST /rest/api/content/{id}/child/attachment/{attachmentId}/data",
    ),
)
async def add_attachment(confluence: Confluence, args: AddAttachment) -> Changed:
    """Attach a file to a Confluence page, or store a new version of one."""
    form = form_of(args.filename, args.content, minorEdit="true")
    page_id = page_id_in(confluence, args.page_id)
    old = await _of_name(confluence, page_id, args.filename)
    if old is None:
        stored = await client.add(confluence, page_id, form)
        head = "Attached"
    elif args.replace:
        stored = await client.replace(confluence, old, form)
        head = f"Replaced, version {old.version} -> {stored.version}"
    else:
        raise Conflict(
            "The page has a file of this name. Nothing was sent.",
            hint="replace=true stores a new version of it; or choose another name.",
        )
    link = _link(confluence, page_id)
    return Changed(head=f"{head}: {link}", page_id=page_id, attachment=stored)


class DeleteAttachment(SiteArgs):
    """Which file."""

    page_id: PageRef
    attachment: FileRef


@tool(
    title="Delete attachment",
    effect=Effect.DELETE,
    toolset=Toolset.FILES,
    scopes={DELETE_ATTACHMENT, READ_ATTACHMENT},
    endpoints=(*_FIND, "DELETE /wiki/api/v2/attachments/{id}"),
    data_center=(*_SERVER_FIND, "DELETE /rest/api/content/{id}"),
)
async def delete_attachment(confluence: Confluence, args: DeleteAttachment) -> Changed:
    """Put a file of a Confluence page into the trash."""
    page_id = page_id_in(confluence, args.page_id)
    found = await _found(confluence, page_id, args.attachment)
    await client.trash(confluence, found.attachment_id)
    left, problem = await read_back(_of_name(confluence, page_id, found.filename), otherwise=None)
    unsure = "But the page still shows it. " if left else ""
    return Changed(
        head=f"Deleted from page {page_id}. {problem}{unsure}To restore: an administrator of the "
        f"space, Space settings, Trash. {_link(confluence, page_id)}",
        page_id=page_id,
        attachment=found,
    )


async def _found(confluence: Confluence, page_id: str, wanted: str) -> Attachment:
    """Return the file of a page by id or name.

    Raises:
        NotFound: the page has none such.
    """
    found: Attachment | None
    if _ID.match(wanted):
        found = await client.one(confluence, wanted)
        found = found if found.page_id == page_id else None
    else:
        found = await _of_name(confluence, page_id, wanted)
    if found is None:
        raise NotFound(
            f"Page {page_id} has no attachment {wanted!r}.",
            hint="confluence_attachments without attachment lists them.",
        )
    return found


async def _of_name(confluence: Confluence, page_id: str, filename: str) -> Attachment | None:
    page = await client.of_page(confluence, page_id, limit=1, filename=filename)
    return next(iter(page.attachments), None)


def _link(confluence: Confluence, page_id: str) -> str:
    return confluence.link(f"/pages/viewpageattachments.action?pageId={page_id}")


def _row(one: Attachment) -> list[str]:
    at = one.at[:16].replace("T", " ")
    size, version = str(one.size), str(one.version)
    return [one.attachment_id, one.filename, one.mime, size, version, one.author, at]


def _object(one: Attachment) -> dict[str, str]:
    return dict(zip(_COLUMNS, map(clean, _row(one)), strict=True))
