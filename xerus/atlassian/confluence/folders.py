"""Folders among the pages of a space: Cloud alone has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xerus.atlassian.confluence.client import Confluence
from xerus.atlassian.confluence.records import Space

READ_FOLDER = "read:folder:confluence"
WRITE_FOLDER = "write:folder:confluence"


@dataclass(frozen=True, kw_only=True)
class Folder:
    """One folder; `parent_id` is that of a page or folder, '' at the top of the space."""

    folder_id: str
    title: str
    parent_id: str
    author_id: str
    created_at: str
    path: str


async def folder(confluence: Confluence, folder_id: str) -> Folder:
    """Read one folder."""
    return _folder(
        await confluence.send(
            "GET", "/wiki/api/v2/folders/{id}", path={"id": folder_id}, scope=READ_FOLDER
        )
    )


async def create(
    confluence: Confluence, *, space: Space, title: str, parent_id: str | None
) -> Folder:
    """Create a folder, at the top of the space without a parent."""
    order = {"spaceId": space.space_id, "title": title}
    return _folder(
        await confluence.send(
            "POST",
            "/wiki/api/v2/folders",
            json=order | ({"parentId": parent_id} if parent_id else {}),
            scope=WRITE_FOLDER,
        )
    )


def _folder(entry: Mapping[str, Any]) -> Folder:
    return Folder(
        folder_id=str(entry["id"]),
        title=str(entry.get("title") or ""),
        parent_id=str(entry.get("parentId") or ""),
        author_id=str(entry.get("authorId") or ""),
        created_at=str(entry.get("createdAt") or ""),
        path=str((entry.get("_links") or {}).get("webui", "")),
    )
