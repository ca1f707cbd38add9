"""Comments on pages: below them (footer) and on pieces of their text (inline), with replies."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from xerus.atlassian.confluence.client import Confluence
from xerus.atlassian.confluence.records import next_cursor
from xerus.atlassian.errors import AtlassianRefused
from xerus.errors import InvalidInput

READ_COMMENT = "read:comment:confluence"
WRITE_COMMENT = "write:comment:confluence"
DELETE_COMMENT = "delete:comment:confluence"

Kind = Literal["footer", "inline"]

_V2 = "/wiki/api/v2"
_EXPANDED = (
    "body.storage,version,container,ancestors,extensions.inlineProperties,extensions.resolution"
)
_NOT_FOUND = 404
_TOGETHER = 5
_MOST_REPLIES = "250"


@dataclass(frozen=True, kw_only=True)
class Comment:
    """One comment.

    Attributes:
        page_id: '' where Confluence does not say, as for replies on Cloud.
        parent_id: the comment that it replies to, or ''.
        author: an account id on Cloud, a name on Data Center.
        anchor: the text an inline comment is about.
        resolution: "open", "reopened", "resolved" or "dangling"; '' for a footer comment.
        body: parsed ADF on Cloud, storage format on Data Center.
    """

    comment_id: str
    kind: Kind
    page_id: str
    parent_id: str
    author: str
    at: str
    version: int
    anchor: str
    resolution: str
    body: Any
    path: str


@dataclass(frozen=True, kw_only=True)
class CommentPage:
    """Some comments, each followed by the replies to it; `cursor` is None on the last page."""

    comments: list[Comment]
    cursor: str | None


async def of_page(
    confluence: Confluence, page_id: str, kind: Kind, *, limit: int, cursor: str | None
) -> CommentPage:
    """List threads of one kind on Cloud: each top comment and all replies, one request each."""
    answer = await confluence.send(
        "GET",
        f"{_V2}/pages/{{id}}/{kind}-comments",
        path={"id": page_id},
        query=_v2_query(limit=str(limit)) | ({"cursor": cursor} if cursor else {}),
        scope=READ_COMMENT,
    )
    tops = [_cloud(entry, kind) for entry in answer["results"]]
    gate = asyncio.Semaphore(_TOGETHER)
    below = await asyncio.gather(*(_replies(confluence, top, gate) for top in tops))
    found = [one for top, under in zip(tops, below, strict=True) for one in (top, *under)]
    return CommentPage(comments=found, cursor=next_cursor(answer, "cursor"))


async def of_server_page(
    confluence: Confluence, page_id: str, kind: Kind | None, *, limit: int, cursor: str | None
) -> CommentPage:
    """List comments with their replies on Data Center, in one request."""
    if cursor and not cursor.isdecimal():
        raise InvalidInput("cursor: not one of a former answer.")
    query = {"depth": "all", "limit": str(limit), "start": cursor or "0", "expand": _EXPANDED}
    if kind == "footer":
        query["location"] = "footer"
    answer = await confluence.send(
        "GET", "/rest/api/content/{id}/child/comment", path={"id": page_id}, query=query
    )
    found = [_server(entry) for entry in answer["results"]]
    # One parameter cannot name both kinds of inline comments, open and resolved.
    shown = [one for one in found if kind in {None, one.kind}]
    return CommentPage(comments=shown, cursor=next_cursor(answer, "start"))


async def find(confluence: Confluence, comment_id: str) -> Comment:
    """Read one comment of either kind."""
    if not confluence.is_cloud:
        path, query = {"id": comment_id}, {"expand": _EXPANDED}
        entry = await confluence.send("GET", "/rest/api/content/{id}", path=path, query=query)
        if entry.get("type") != "comment":
            raise InvalidInput("comment_id: that is the id of something else.")
        return _server(entry)
    try:
        return await _cloud_one(confluence, comment_id, "footer")
    except AtlassianRefused as refused:
        if refused.upstream_status != _NOT_FOUND:
            raise
    return await _cloud_one(confluence, comment_id, "inline")


async def again(confluence: Confluence, comment: Comment) -> Comment:
    """Read a comment again, its kind being known."""
    if confluence.is_cloud:
        return await _cloud_one(confluence, comment.comment_id, comment.kind)
    return await find(confluence, comment.comment_id)


async def add(confluence: Confluence, page_id: str, body: Any) -> str:
    """Add a comment below a page; return its id."""
    if confluence.is_cloud:
        return await _post(confluence, "footer", {"pageId": page_id}, body)
    return await _post_server(confluence, page_id, "", body)


async def add_inline(confluence: Confluence, page_id: str, anchor: str, body: Any) -> str:
    """Add a comment on a text that stands on the page once (Cloud only); return its id."""
    selection = {
        "textSelection": anchor,
        "textSelectionMatchCount": 1,
        "textSelectionMatchIndex": 0,
    }
    place = {"pageId": page_id, "inlineCommentProperties": selection}
    return await _post(confluence, "inline", place, body)


async def reply(confluence: Confluence, to: Comment, body: Any) -> str:
    """Reply to a comment; return the id of the reply."""
    if confluence.is_cloud:
        return await _post(confluence, to.kind, {"parentCommentId": to.comment_id}, body)
    return await _post_server(confluence, to.page_id, to.comment_id, body)


async def edit(
    confluence: Confluence, comment: Comment, *, body: Any = None, resolved: bool | None = None
) -> None:
    """Replace the text, or say whether it is resolved (Cloud only), as the next version."""
    change: dict[str, Any] = {"version": {"number": comment.version + 1}}
    if confluence.is_cloud:
        change |= {"body": _v2_body(body)} if body is not None else {}
        change |= {"resolved": resolved} if resolved is not None else {}
        template, path = f"{_V2}/{comment.kind}-comments/{{comment-id}}", "comment-id"
    else:
        change |= {"type": "comment", "body": _server_body(body)}
        template, path = "/rest/api/content/{contentId}", "contentId"
    await confluence.send(
        "PUT", template, path={path: comment.comment_id}, json=change, scope=WRITE_COMMENT
    )


async def delete(confluence: Confluence, comment: Comment) -> None:
    """Delete a comment for good."""
    if confluence.is_cloud:
        template, name = f"{_V2}/{comment.kind}-comments/{{comment-id}}", "comment-id"
    else:
        template, name = "/rest/api/content/{id}", "id"
    await confluence.send("DELETE", template, path={name: comment.comment_id}, scope=DELETE_COMMENT)


async def _replies(confluence: Confluence, top: Comment, gate: asyncio.Semaphore) -> list[Comment]:
    """Return the replies to a comment and the replies to those, depth first."""
    query, found = _v2_query(limit=_MOST_REPLIES), list[Comment]()
    while True:
        async with gate:
            answer = await confluence.send(
                "GET",
                f"{_V2}/{top.kind}-comments/{{id}}/children",
                path={"id": top.comment_id},
                query=query,
                scope=READ_COMMENT,
            )
        for entry in answer["results"]:
            one = _cloud(entry, top.kind, parent_id=top.comment_id)
            found += [one, *await _replies(confluence, one, gate)]
        cursor = next_cursor(answer, "cursor")
        if cursor is None:
            return found
        query = query | {"cursor": cursor}


async def _cloud_one(confluence: Confluence, comment_id: str, kind: Kind) -> Comment:
    entry = await confluence.send(
        "GET",
        f"{_V2}/{kind}-comments/{{comment-id}}",
        path={"comment-id": comment_id},
        query=_v2_query(),
        scope=READ_COMMENT,
    )
    return _cloud(entry, kind)


async def _post(confluence: Confluence, kind: Kind, place: Mapping[str, Any], body: Any) -> str:
    created = await confluence.send(
        "POST",
        f"{_V2}/{kind}-comments",
        json={**place, "body": _v2_body(body)},
        scope=WRITE_COMMENT,
    )
    return str(created["id"])


async def _post_server(confluence: Confluence, page_id: str, parent_id: str, body: Any) -> str:
    draft: dict[str, Any] = {
        "type": "comment",
        "container": {"id": page_id, "type": "page"},
        "body": _server_body(body),
    }
    draft |= {"ancestors": [{"id": parent_id}]} if parent_id else {}
    created = await confluence.send("POST", "/rest/api/content", json=draft)
    return str(created["id"])


def _v2_query(**further: str) -> dict[str, str]:
    return {"body-format": "atlas_doc_format", **further}


def _v2_body(body: Any) -> dict[str, str]:
    return {"representation": "atlas_doc_format", "value": orjson.dumps(body).decode()}


def _server_body(body: Any) -> dict[str, Any]:
    return {"storage": {"value": body, "representation": "storage"}}


def _cloud(entry: Mapping[str, Any], kind: Kind, *, parent_id: str = "") -> Comment:
    version = entry.get("version") or {}
    value = ((entry.get("body") or {}).get("atlas_doc_format") or {}).get("value")
    return Comment(
        comment_id=str(entry["id"]),
        kind=kind,
        page_id=str(entry.get("pageId") or ""),
        parent_id=parent_id or str(entry.get("parentCommentId") or ""),
        author=str(version.get("authorId") or ""),
        at=str(version.get("createdAt") or ""),
        version=int(version.get("number", 1)),
        anchor=str((entry.get("properties") or {}).get("inlineOriginalSelection") or ""),
        resolution=str(entry.get("resolutionStatus") or ""),
        body=orjson.loads(value) if value else None,
        path=str((entry.get("_links") or {}).get("webui", "")),
    )


def _server(entry: Mapping[str, Any]) -> Comment:
    version = entry.get("version") or {}
    extensions = entry.get("extensions") or {}
    ancestors = entry.get("ancestors") or []
    is_inline = extensions.get("location") not in {None, "footer"}
    resolution = extensions.get("resolution") or {}
    return Comment(
        comment_id=str(entry["id"]),
        kind="inline" if is_inline else "footer",
        page_id=str((entry.get("container") or {}).get("id") or ""),
        parent_id=str(ancestors[-1]["id"]) if ancestors else "",
        author=str((version.get("by") or {}).get("displayName", "")),
        at=str(version.get("when") or ""),
        version=int(version.get("number", 1)),
        anchor=str((extensions.get("inlineProperties") or {}).get("originalSelection") or ""),
        resolution=str(resolution.get("status") or ("open" if is_inline else "")),
        body=((entry.get("body") or {}).get("storage") or {}).get("value"),
        path=str((entry.get("_links") or {}).get("webui", "")),
    )
