"""Searching pages and other content."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from xerus.atlassian.confluence.client import SEARCH, Confluence
from xerus.atlassian.confluence.records import Hit, HitPage
from xerus.tools.clauses import Clauses, combined
from xerus.tools.confluence.fields import SpaceKey, Title
from xerus.tools.declaration import Effect, ReadArgs, tool
from xerus.tools.paging import counted, more
from xerus.tools.tables import shortened, without_empty
from xerus.tools.untrusted import clean, fenced

_CQL = re.compile(
    r"\b(?:ancestor|container|content|contributor|created|creator|favourite|id|label|lastmodified"
    r"|macro|mention|parent|sitesearch|space(?:\.\w+)?|text|title|type|user|watcher)"
    r"\s*(?:!?[=~]|[<>]=?|(?:not\s+)?in\s*\()",
    re.IGNORECASE,
)
_COLUMNS = ("id", "type", "space", "title", "changed", "by", "excerpt")
_EXCERPT = 120


class Search(ReadArgs):
    """Words or CQL, filters, or both."""

    query: str | None = Field(
        default=None, max_length=20_000, description="Words, or CQL; or use the filters"
    )
    space_key: SpaceKey | None = None
    title: Title | None = Field(default=None, description="Words of the title")
    label: str | None = Field(default=None, max_length=255, description="Label")
    type: Literal["page", "blogpost", "comment", "attachment"] | None = Field(
        default=None, description="Content type; default: all"
    )
    updated_since: str | None = Field(default=None, description="2026-01-31 or -7d")
    limit: int = Field(default=15, ge=1, le=50, description="Most hits")
    cursor: str | None = Field(default=None, max_length=4000, description="From the answer before")


@dataclass(frozen=True, kw_only=True)
class Found:
    """One page of hits."""

    site: str
    base: str
    cql: str
    page: HitPage

    def markdown(self) -> str:
        """Return a table, fenced: titles and excerpts are what people wrote."""
        page = self.page
        if not page.hits:
            return f"Nothing matches. CQL: {self.cql}"
        header = counted(len(page.hits), "hit", cursor=page.cursor, total=page.total)
        data = without_empty(_COLUMNS, [_row(hit) for hit in page.hits])
        return (
            f"{header}. Read one with confluence_get_page.\n"
            f"{fenced(data, source=f'confluence {self.site} search')}{more(page.cursor)}"
        )

    def structured(self) -> dict[str, Any]:
        """Return the same rows as objects, each with its link."""
        hits = [
            dict(zip(_COLUMNS, map(clean, _row(hit)), strict=True)) | {"link": self.base + hit.path}
            for hit in self.page.hits
        ]
        return {
            "cql": self.cql,
            "hits": hits,
            "untrusted": ["hits[]"],
            "cursor": self.page.cursor,
            "total": self.page.total,
        }


@tool(
    title="Search Confluence",
    effect=Effect.READ,
    scopes={SEARCH},
    endpoints=("GET /wiki/rest/api/search",),
    data_center=("GET /rest/api/search",),
)
async def search(confluence: Confluence, args: Search) -> Found:
    """Find Confluence pages and other content by words, CQL or filters."""
    cql = _query(args)
    page = await confluence.search(cql, limit=args.limit, cursor=args.cursor)
    return Found(
        site=confluence.target.site_name, base=confluence.link("/")[:-1], cql=cql, page=page
    )


def _query(args: Search) -> str:
    is_cql = bool(args.query and _CQL.search(args.query))
    clauses = Clauses()
    if not is_cql:
        clauses.words("text", args.query)
    clauses.equals("space", args.space_key)
    clauses.words("title", args.title)
    clauses.equals("label", args.label)
    clauses.equals("type", args.type)
    clauses.since("lastmodified", args.updated_since)
    return combined(args.query if is_cql else None, clauses, order="lastmodified DESC")


def _row(hit: Hit) -> list[str]:
    changed = hit.changed_at[:16].replace("T", " ")
    excerpt = shortened(" ".join(hit.excerpt.split()), _EXCERPT)
    return [hit.content_id, hit.type, hit.space_key, hit.title, changed, hit.author, excerpt]
