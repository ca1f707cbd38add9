"""Confluence's REST API, as far as the tools need it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from xerus.atlassian.confluence.records import (
    HitPage,
    Kind,
    Page,
    Space,
    cloud_page,
    data_center_page,
    hit,
    next_cursor,
)
from xerus.atlassian.credentials import Target
from xerus.atlassian.errors import AtlassianRefused
from xerus.atlassian.transport import Changes, Transport
from xerus.atlassian.uploads import Upload
from xerus.egress.client import Reply

SEARCH = "search:confluence"
READ_PAGE = "read:page:confluence"
WRITE_PAGE = "write:page:confluence"
READ_SPACE = "read:space:confluence"
DELETE_PAGE = "delete:page:confluence"
READ_TREE = "read:hierarchical-content:confluence"
READ_ANCESTORS = "read:content.metadata:confluence"
READ_CONTENT = "read:confluence-content.all"
READ_SUMMARY = "read:confluence-content.summary"
WRITE_CONTENT = "write:confluence-content"

Form = Literal["native", "storage", "none"]

ONE_OF: dict[Kind, str] = {
    "page": "/wiki/api/v2/pages/{id}",
    "blogpost": "/wiki/api/v2/blogposts/{id}",
}
"""Where Cloud has one of each kind; Data Center has all of them at one address."""
_ALL_OF: dict[Kind, str] = {"page": "/wiki/api/v2/pages", "blogpost": "/wiki/api/v2/blogposts"}

PAGE_EXPANDED = "body.storage,version,space,ancestors"


@dataclass(frozen=True, kw_only=True)
class NewPage:
    """What is to be created.

    Attributes:
        body: parsed ADF (Cloud only) or storage format.
        is_draft: not published; Cloud only.
        is_live: a live doc, which has no drafts; Cloud only.
    """

    space: Space
    title: str
    body: Any
    parent_id: str | None = None
    kind: Kind = "page"
    is_draft: bool = False
    is_live: bool = False


class Confluence:
    """Confluence on one site, as one account. Raises what `Transport.call` raises."""

    def __init__(self, *, transport: Transport, target: Target) -> None:
        self._transport = transport
        self.target = target

    @property
    def is_cloud(self) -> bool:
        """Bodies are ADF when true, else storage format."""
        return self.target.is_cloud

    @property
    def received(self) -> int:
        """Bytes of the answers so far: about how long it takes to make something of them."""
        return self._transport.received

    @property
    def changes(self) -> Changes:
        """What came of the requests that change something."""
        return self._transport.changes

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

    async def content(
        self,
        content_id: str,
        *,
        form: Form = "native",
        version: int | None = None,
        status: str = "",
    ) -> Page:
        """Read the page of an id, or the blog post; arguments as those of `page`."""
        try:
            return await self.page(content_id, form=form, version=version, status=status)
        except AtlassianRefused as no_page:
            if not self.is_cloud or no_page.code != "not_found":
                raise
            try:
                return await self.page(
                    content_id, kind="blogpost", form=form, version=version, status=status
                )
            except AtlassianRefused:
                raise no_page from None

    async def page(
        self,
        page_id: str,
        *,
        kind: Kind = "page",
        form: Form = "native",
        version: int | None = None,
        status: str = "",
    ) -> Page:
        """Read one page, or one blog post.

        Args:
            page_id: its id.
            kind: which of the two it is; Data Center tells itself.
            form: of the body: "native" is ADF on Cloud, else storage.
            version: an older version, as it was then.
            status: "trashed" for a page in the trash, "draft" for one not published yet (Cloud);
                by default one that is neither.
        """
        query = ({"version": str(version)} if version is not None else {}) | (
            {"get-draft": "true"} if status == "draft" else {"status": status} if status else {}
        )
        if not self.is_cloud:
            return await self._server_page(page_id, query, form)
        if form != "none":
            query["body-format"] = "storage" if form == "storage" else "atlas_doc_format"
        answer = await self._read(ONE_OF[kind], path={"id": page_id}, query=query, scope=READ_PAGE)
        return cloud_page(answer, kind)

    async def _server_page(self, page_id: str, query: dict[str, str], form: Form) -> Page:
        path, version = {"id": page_id}, query.get("version")
        query["expand"] = "version,space,ancestors" if form == "none" else PAGE_EXPANDED
        if version is None:
            answer = await self._read("/rest/api/content/{id}", path=path, query=query)
            return data_center_page(answer)
        try:
            old = query | {"status": "historical"}
            answer = await self._read("/rest/api/content/{id}", path=path, query=old)
        except AtlassianRefused as refused:
            # The newest version is not among the historical ones.
            now = {"expand": query["expand"]}
            answer = await self._read("/rest/api/content/{id}", path=path, query=now)
            if str((answer.get("version") or {}).get("number")) != version:
                raise refused from None
        return data_center_page(answer)

    async def page_by_title(
        self, space_key: str, title: str, *, posting_day: str = ""
    ) -> Page | None:
        """Find the page of exactly this title in a space; None when there is none.

        With `posting_day` it is the blog post of that day; Data Center's addresses name them so.
        """
        if not self.is_cloud:
            query = {"spaceKey": space_key, "title": title, "type": "page", "expand": PAGE_EXPANDED}
            if posting_day:
                query |= {"type": "blogpost", "postingDay": posting_day}
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

    async def create_page(self, new: NewPage) -> str:
        """Create a page or a blog post and return its id."""
        if self.is_cloud:
            created = await self._create(_ALL_OF[new.kind], _for_cloud(new), WRITE_PAGE)
        else:
            created = await self._create("/rest/api/content", _for_data_center(new), "")
        return str(created["id"])

    async def send(
        self,
        method: str,
        template: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        scope: str = "",
    ) -> Any:
        """Send one request; return its parsed answer, None for an empty one.

        For the modules beside this one, which know the endpoints.
        """
        reply = await self._transport.call(
            self.target, method, template, path=path, query=query, json=json, scope=scope
        )
        return reply.json() if reply.body else None

    async def transfer(
        self,
        method: str,
        template: str,
        *,
        path: Mapping[str, str],
        scope: str,
        form: Upload | None = None,
    ) -> Reply:
        """Upload a file, or without a form download one."""
        return await self._transport.transfer(
            self.target, method, template, path=path, scope=scope, form=form
        )

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


def _for_cloud(new: NewPage) -> dict[str, Any]:
    is_storage = isinstance(new.body, str)
    order: dict[str, Any] = {
        "spaceId": new.space.space_id,
        "status": "draft" if new.is_draft else "current",
        "title": new.title,
        "body": {
            "representation": "storage" if is_storage else "atlas_doc_format",
            "value": new.body if is_storage else orjson.dumps(new.body).decode(),
        },
    }
    order |= {"subtype": "live"} if new.is_live else {}
    return order | ({"parentId": new.parent_id} if new.parent_id else {})


def _for_data_center(new: NewPage) -> dict[str, Any]:
    order: dict[str, Any] = {
        "type": new.kind,
        "title": new.title,
        "space": {"key": new.space.space_key},
        "body": {"storage": {"value": new.body, "representation": "storage"}},
    }
    return order | ({"ancestors": [{"id": new.parent_id}]} if new.parent_id else {})
