"""The labels of a page."""

from collections.abc import Sequence
from dataclasses import dataclass

from xerus.atlassian.confluence.client import READ_PAGE, WRITE_CONTENT, Confluence
from xerus.atlassian.confluence.records import next_cursor

_PAGE_SIZE = "200"


@dataclass(frozen=True, kw_only=True)
class Label:
    """One label; the prefix is "global" but for personal and team ones."""

    name: str
    prefix: str


async def of_page(confluence: Confluence, page_id: str) -> list[Label]:
    """Return all labels of a page."""
    is_cloud = confluence.is_cloud
    template = "/wiki/api/v2/pages/{id}/labels" if is_cloud else "/rest/api/content/{id}/label"
    position = "cursor" if is_cloud else "start"
    query, found = {"limit": _PAGE_SIZE}, list[Label]()
    while True:
        answer = await confluence.send(
            "GET", template, path={"id": page_id}, query=query, scope=READ_PAGE
        )
        found += [
            Label(name=str(entry["name"]), prefix=str(entry.get("prefix", "global")))
            for entry in answer["results"]
        ]
        cursor = next_cursor(answer, position)
        if cursor is None:
            return found
        query = {**query, position: cursor}


async def add(confluence: Confluence, page_id: str, names: Sequence[str]) -> None:
    """Add global labels to a page."""
    await confluence.send(
        "POST",
        _written(confluence),
        path={"id": page_id},
        json=[{"prefix": "global", "name": name} for name in names],
        scope=WRITE_CONTENT,
    )


async def remove(confluence: Confluence, page_id: str, name: str) -> None:
    """Remove a label; its name goes into the query, where a slash does no harm."""
    await confluence.send(
        "DELETE",
        _written(confluence),
        path={"id": page_id},
        query={"name": name},
        scope=WRITE_CONTENT,
    )


def _written(confluence: Confluence) -> str:
    # Version 2 of Cloud's API only reads labels.
    base = "/wiki/rest/api" if confluence.is_cloud else "/rest/api"
    return f"{base}/content/{{id}}/label"
