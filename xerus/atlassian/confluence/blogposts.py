"""Lists of blog posts; one alone is read and written as a page is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xerus.atlassian.confluence.client import READ_PAGE, Confluence
from xerus.atlassian.confluence.records import Space, next_cursor


@dataclass(frozen=True, kw_only=True)
class Post:
    """One row; `author` is an account id on Cloud, a name on Data Center."""

    post_id: str
    title: str
    author: str
    posted_at: str


@dataclass(frozen=True, kw_only=True)
class PostPage:
    """Some posts, and the cursor for more."""

    posts: list[Post]
    cursor: str | None


async def posts(
    confluence: Confluence, space: Space, *, limit: int, cursor: str | None
) -> PostPage:
    """List the posts of a space; on Cloud the newest first."""
    query = {"limit": str(limit)}
    if confluence.is_cloud:
        query |= {"space-id": space.space_id, "sort": "-created-date"}
        query |= {"cursor": cursor} if cursor else {}
        answer = await confluence.send(
            "GET", "/wiki/api/v2/blogposts", query=query, scope=READ_PAGE
        )
        return PostPage(
            posts=[_cloud(entry) for entry in answer["results"]],
            cursor=next_cursor(answer, "cursor"),
        )
    query |= {"expand": "history"} | ({"start": cursor} if cursor else {})
    answer = await confluence.send(
        "GET",
        "/rest/api/space/{spaceKey}/content/{type}",
        path={"spaceKey": space.space_key, "type": "blogpost"},
        query=query,
    )
    return PostPage(
        posts=[_data_center(entry) for entry in answer["results"]],
        cursor=next_cursor(answer, "start"),
    )


def _cloud(entry: Mapping[str, Any]) -> Post:
    return Post(
        post_id=str(entry["id"]),
        title=str(entry.get("title") or ""),
        author=str(entry.get("authorId") or ""),
        posted_at=str(entry.get("createdAt") or ""),
    )


def _data_center(entry: Mapping[str, Any]) -> Post:
    history = entry.get("history") or {}
    return Post(
        post_id=str(entry["id"]),
        title=str(entry.get("title") or ""),
        author=str((history.get("createdBy") or {}).get("displayName") or ""),
        posted_at=str(history.get("createdDate") or ""),
    )
