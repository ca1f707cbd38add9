"""Pages, spaces and hits, read out of the answers of both deployments."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import orjson

Kind = Literal["page", "blogpost"]

_SPACE_IN_PATH = re.compile(r"/(?:spaces|display)/([^/?]+)")
_HIGHLIGHT = re.compile(r"@@@(?:end)?hl@@@")


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page, or a blog post, which is a page that stands below no other.

    Attributes:
        body: parsed ADF, or storage XHTML (always on Data Center), None when not asked for.
        author: name of who wrote this version; on Cloud only the account id is known.
        path: the page's address below the product's web root, with a leading slash.
    """

    page_id: str
    title: str
    status: str
    space_key: str
    version: int
    author: str
    changed_at: str
    parent_id: str
    path: str
    body: Any
    kind: Kind = "page"

    @property
    def noun(self) -> str:
        """What it is, in words."""
        return "blog post" if self.kind == "blogpost" else "page"


@dataclass(frozen=True, kw_only=True)
class Space:
    """One space; `space_id` is what Cloud's v2 wants in place of the key."""

    space_id: str
    space_key: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One search result of any content type."""

    content_id: str
    type: str
    title: str
    space_key: str
    author: str
    changed_at: str
    path: str
    excerpt: str


@dataclass(frozen=True, kw_only=True)
class HitPage:
    """One page of hits; `cursor` is None on the last one, `total` is what Confluence claims."""

    hits: list[Hit]
    cursor: str | None
    total: int | None


def cloud_page(entry: Mapping[str, Any], kind: Kind = "page") -> Page:
    """Read a page or blog post of v2; the space's key stands only in its link."""
    version = entry.get("version") or {}
    path = _web_path(entry)
    bodies = entry.get("body") or {}
    adf = (bodies.get("atlas_doc_format") or {}).get("value")
    storage = (bodies.get("storage") or {}).get("value")
    return Page(
        page_id=str(entry["id"]),
        title=str(entry.get("title", "")),
        status=str(entry.get("status", "")),
        space_key=_space_key(path),
        version=int(version.get("number", 0)),
        author=str(version.get("authorId") or entry.get("authorId") or ""),
        changed_at=str(version.get("createdAt") or entry.get("createdAt") or ""),
        parent_id=str(entry.get("parentId") or ""),
        path=path,
        # The ADF of a page is a JSON string inside the JSON.
        body=orjson.loads(adf) if adf else storage,
        kind=kind,
    )


def data_center_page(entry: Mapping[str, Any]) -> Page:
    """Read a page or blog post of Data Center's `content`."""
    version = entry.get("version") or {}
    ancestors = entry.get("ancestors") or []
    path = _web_path(entry)
    return Page(
        page_id=str(entry["id"]),
        title=str(entry.get("title", "")),
        status=str(entry.get("status", "")),
        space_key=str((entry.get("space") or {}).get("key") or _space_key(path)),
        version=int(version.get("number", 0)),
        author=str((version.get("by") or {}).get("displayName", "")),
        changed_at=str(version.get("when", "")),
        parent_id=str(ancestors[-1]["id"]) if ancestors else "",
        path=path,
        body=((entry.get("body") or {}).get("storage") or {}).get("value"),
        kind="blogpost" if entry.get("type") == "blogpost" else "page",
    )


def hit(entry: Mapping[str, Any]) -> Hit:
    """Read a search result (v1 on Cloud, Data Center alike)."""
    content = entry.get("content") or entry.get("space") or {}
    version = content.get("version") or {}
    path = str(entry.get("url") or _web_path(content))
    return Hit(
        content_id=str(content.get("id", "")),
        type=str(content.get("type") or entry.get("entityType") or ""),
        title=_HIGHLIGHT.sub("", str(entry.get("title") or content.get("title") or "")),
        space_key=str((content.get("space") or {}).get("key") or _space_key_of_hit(entry, path)),
        author=str((version.get("by") or {}).get("displayName", "")),
        changed_at=str(entry.get("lastModified") or version.get("when") or ""),
        path=path,
        excerpt=_HIGHLIGHT.sub("", str(entry.get("excerpt") or "")),
    )


def next_cursor(answer: Mapping[str, Any], name: str) -> str | None:
    """Return the parameter `name` of the link to the next page.

    Only the parameter is taken, never the address: that link lacks the gateway's prefix, and an
    address out of an answer is not one to follow with a credential.
    """
    link = (answer.get("_links") or {}).get("next")
    values = parse_qs(urlsplit(str(link)).query).get(name) if link else None
    return values[0] if values else None


def _web_path(entry: Mapping[str, Any]) -> str:
    return str((entry.get("_links") or {}).get("webui", ""))


def _space_key(path: str) -> str:
    found = _SPACE_IN_PATH.search(path)
    return found[1] if found else ""


def _space_key_of_hit(entry: Mapping[str, Any], path: str) -> str:
    container = entry.get("resultGlobalContainer") or {}
    return _space_key(str(container.get("displayUrl", ""))) or _space_key(path)
