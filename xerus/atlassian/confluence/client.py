"""Confluence's REST API, as far as the tools need it."""

from collections.abc import Mapping
from typing import Any

import orjson

from xerus.atlassian.confluence.records import (
    HitPage,
    Page,
    Space,
    cloud_page,
    data_center_page,
    hit,
    next_cursor,
)
from xerus.atlassian.credentials import Target
from xerus.atlassian.transport import Transport

SEARCH = "search:confluence"
READ_PAGE = "read:page:confluence"
WRITE_PAGE = "write:page:confluence"
READ_SPACE = "read:space:confluence"

_EXPANDED = "body.storage,version,space,ancestors"


class Confluence:
    """Confluence on one site, as one account. Raises what `Transport.call` raises."""

    def __init__(self, *, transport: Transport, target: Target) -> None:
        self._transport = transport
        self.target = target

    @property
    def is_cloud(self) -> bool:
        """Bodies are ADF when true, else storage format."""
        return self.target.is_cloud

    def link(self, path: str) -> str:
        """Return the address in the browser of a path out of an answer."""
        base = self.target.browse_base + ("/wiki" if self.is_cloud else "")
        return base + path if path.startswith("/") else base

    async def search(self, cql: str, *, limit: int, cursor: str | None) -> HitPage:
        """Find content; `cursor` comes from the page before."""
        query = {"cql": cql, "limit": str(limit), "expand": "content.space,content.version"}
        # Cloud ignores a deep `start`; Data Center has no cursor.
        position = "cursor" if self.is_cloud else "start"
        if cursor:
            query[position] = cursor
        path = "/wiki/rest/api/search" if self.is_cloud else "/rest/api/search"
        answer = await self._read(path, query=query, scope=SEARCH)
        return HitPage(
            hits=[hit(entry) for entry in answer["results"]],
            cursor=next_cursor(answer, position),
            total=answer.get("totalSize"),
        )

    async def page(self, page_id: str) -> Page:
        """Read one page with its body."""
        if self.is_cloud:
            return cloud_page(
                await self._read(
                    "/wiki/api/v2/pages/{id}",
                    path={"id": page_id},
                    query={"body-format": "atlas_doc_format"},
                    scope=READ_PAGE,
                )
            )
        return data_center_page(
            await self._read(
                "/rest/api/content/{id}", path={"id": page_id}, query={"expand": _EXPANDED}
            )
        )

    async def page_by_title(self, space_key: str, title: str) -> Page | None:
        """Find the page of exactly this title in a space; None when there is none."""
        if not self.is_cloud:
            query = {"spaceKey": space_key, "title": title, "type": "page", "expand": _EXPANDED}
            answer = await self._read("/rest/api/content", query=query)
            return next(map(data_center_page, answer["results"]), None)
        space = await self.space(space_key)
        if space is None:
            return None
        query = {"space-id": space.space_id, "title": title, "body-format": "atlas_doc_format"}
        answer = await self._read("/wiki/api/v2/pages", query=query, scope=READ_PAGE)
        return next(map(cloud_page, answer["results"]), None)

    async def space(self, space_key: str) -> Space | None:
        """Find a space of Cloud by its key; None when there is none or it may not be seen."""
        answer = await self._read(
            "/wiki/api/v2/spaces", query={"keys": space_key}, scope=READ_SPACE
        )
        for entry in answer["results"]:
            return Space(
                space_id=str(entry["id"]), space_key=str(entry["key"]), name=str(entry["name"])
            )
        return None

    async def create_page(
        self, *, space: Space, title: str, body: Any, parent_id: str | None
    ) -> str:
        """Create a page and return its id. `body` is ADF on Cloud, storage format elsewhere."""
        if self.is_cloud:
            draft = _cloud_draft(space, title, body, parent_id)
            created = await self._create("/wiki/api/v2/pages", draft, WRITE_PAGE)
        else:
            draft = _draft(space, title, body, parent_id)
            created = await self._create("/rest/api/content", draft, "")
        return str(created["id"])

    async def _read(
        self,
        template: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str],
        scope: str = "",
    ) -> Any:
        reply = await self._transport.call(
            self.target, "GET", template, path=path, query=query, scope=scope
        )
        return reply.json()

    async def _create(self, template: str, json: Any, scope: str) -> Any:
        reply = await self._transport.call(self.target, "POST", template, json=json, scope=scope)
        return reply.json()


def _cloud_draft(space: Space, title: str, body: Any, parent_id: str | None) -> dict[str, Any]:
    value = orjson.dumps(body).decode()
    draft: dict[str, Any] = {
        "spaceId": space.space_id,
        "status": "current",
        "title": title,
        "body": {"representation": "atlas_doc_format", "value": value},
    }
    return draft | ({"parentId": parent_id} if parent_id else {})


def _draft(space: Space, title: str, body: Any, parent_id: str | None) -> dict[str, Any]:
    draft: dict[str, Any] = {
        "type": "page",
        "title": title,
        "space": {"key": space.space_key},
        "body": {"storage": {"value": body, "representation": "storage"}},
    }
    return draft | ({"ancestors": [{"id": parent_id}]} if parent_id else {})
