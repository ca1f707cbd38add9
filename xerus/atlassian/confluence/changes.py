"""Changing pages that exist: body, title, trash and back, old versions, copies."""

from dataclasses import dataclass
from typing import Any

import orjson

from xerus.atlassian.confluence.client import (
    DELETE_PAGE,
    ONE_OF,
    WRITE_CONTENT,
    WRITE_PAGE,
    Confluence,
    NewPage,
)
from xerus.atlassian.confluence.records import Kind, Page, Space


@dataclass(frozen=True, kw_only=True)
class Body:
    """What is to be stored; `value` is parsed ADF for "adf", else storage XHTML."""

    form: str
    value: Any

    @property
    def representation(self) -> str:
        """The name of the format on the wire."""
        return "atlas_doc_format" if self.form == "adf" else "storage"

    @property
    def text(self) -> str:
        """The value as the string that the API takes."""
        return orjson.dumps(self.value).decode() if self.form == "adf" else str(self.value)


def native(page: Page) -> Body:
    """Return a page's own body, to send it back unchanged."""
    return Body(form="adf" if isinstance(page.body, dict) else "storage", value=page.body or "")


async def replace(
    confluence: Confluence, page: Page, *, title: str, body: Body, message: str
) -> None:
    """Store title and body as the version after `page.version`; a conflict when it exists.

    A draft of Cloud stays one, and its only version is the first.
    """
    is_draft = page.status == "draft"
    version = {"number": 1 if is_draft else page.version + 1, "message": message}
    if not confluence.is_cloud:
        await _put(confluence, page, title=title, body=body, version=version)
        return
    change = {
        "id": page.page_id,
        "status": "draft" if is_draft else "current",
        "title": title,
        "body": {"representation": body.representation, "value": body.text},
        "version": version,
    }
    await confluence.send(
        "PUT",
        ONE_OF[page.kind],
        path={"id": page.page_id},
        json=change,
        scope=WRITE_PAGE,
    )


async def rename(confluence: Confluence, page: Page, *, title: str, message: str) -> None:
    """Change the title only; the body is not touched."""
    if not confluence.is_cloud or page.kind == "blogpost":  # no address for a post's title alone
        await replace(confluence, page, title=title, body=native(page), message=message)
        return
    await confluence.send(
        "PUT",
        "/wiki/api/v2/pages/{id}/title",
        path={"id": page.page_id},
        json={"status": "draft" if page.status == "draft" else "current", "title": title},
        scope=WRITE_PAGE,
    )


async def trash(confluence: Confluence, page_id: str, kind: Kind = "page") -> None:
    """Put a page or a blog post into the trash of its space."""
    template = ONE_OF[kind] if confluence.is_cloud else "/rest/api/content/{id}"
    await confluence.send("DELETE", template, path={"id": page_id}, scope=DELETE_PAGE)


async def untrash(confluence: Confluence, page: Page) -> None:
    """Bring a page back out of the trash, as it was."""
    if confluence.is_cloud:
        # The body has to be there but is not stored.
        await replace(confluence, page, title=page.title, body=native(page), message="")
        return
    change = {
        "id": page.page_id,
        "type": page.kind,
        "title": page.title,
        "status": "current",
        "version": {"number": page.version + 1},
    }
    await confluence.send(
        "PUT",
        "/rest/api/content/{contentId}",
        path={"contentId": page.page_id},
        query={"status": "trashed"},
        json=change,
    )


async def restore_version(confluence: Confluence, page: Page, number: int) -> None:
    """Store the body of an old version as a new version; the title stays."""
    message = f"Restored from version {number}"
    if not confluence.is_cloud:
        old = await confluence.page(page.page_id, version=number)
        await replace(confluence, page, title=page.title, body=native(old), message=message)
        return
    params = {"versionNumber": number, "message": message, "restoreTitle": False}
    await confluence.send(
        "POST",
        "/wiki/rest/api/content/{id}/version",
        path={"id": page.page_id},
        json={"operationKey": "restore", "params": params},
        scope=WRITE_CONTENT,
    )


async def copy(
    confluence: Confluence, page: Page, *, title: str, space_key: str, parent_id: str
) -> str:
    """Copy a page below a parent, or to the top of a space, and return the new id.

    Cloud copies attachments and labels with it; Data Center only the body.
    """
    if not confluence.is_cloud:
        space = Space(space_id="", space_key=space_key, name="")
        new = NewPage(space=space, title=title, body=page.body or "", parent_id=parent_id or None)
        return await confluence.create_page(new)
    kind, value = ("parent_page", parent_id) if parent_id else ("space", space_key)
    order = {
        "copyAttachments": True,
        "copyLabels": True,
        "copyProperties": True,
        "destination": {"type": kind, "value": value},
        "pageTitle": title,
    }
    created = await confluence.send(
        "POST",
        "/wiki/rest/api/content/{id}/copy",
        path={"id": page.page_id},
        json=order,
        scope=WRITE_CONTENT,
    )
    return str(created["id"])


async def _put(
    confluence: Confluence, page: Page, *, title: str, body: Body, version: dict[str, Any]
) -> None:
    change = {
        "id": page.page_id,
        "type": page.kind,
        "title": title,
        "body": {"storage": {"value": body.text, "representation": "storage"}},
        "version": version,
    }
    await confluence.send(
        "PUT", "/rest/api/content/{contentId}", path={"contentId": page.page_id}, json=change
    )
