"""One search over Jira and Confluence."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import orjson
from pydantic import AliasChoices, Field

from xerus.atlassian.confluence.client import SEARCH
from xerus.atlassian.confluence.records import Hit, HitPage
from xerus.atlassian.jira.client import READ, SearchPage
from xerus.errors import InvalidInput, XerusError
from xerus.tools.clauses import plain_words, quoted
from xerus.tools.declaration import Effect, ReadArgs, tool
from xerus.tools.jira.records import flat
from xerus.tools.paging import more
from xerus.tools.products import Products
from xerus.tools.tables import shortened, without_empty
from xerus.tools.untrusted import clean, fenced, one_line

T = TypeVar("T")

_COLUMNS = ("id", "type", "in", "title", "status", "updated", "excerpt")
_FIELDS = ("summary", "issuetype", "project", "status", "updated")
_EXCERPT = 120


class Search(ReadArgs):
    """Words, and where to look for them."""

    query: Annotated[str, Field(min_length=1, max_length=1000, description="Words")]
    where: Literal["both", "jira", "confluence"] = Field(
        default="both", validation_alias=AliasChoices("in", "where"), description="Where to look"
    )
    limit: int = Field(default=10, ge=1, le=50, description="Most hits of each product")
    cursor: str | None = Field(default=None, max_length=8000, description="From the answer before")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One hit; `place` is the project or the space."""

    id: str
    type: str
    place: str
    title: str
    status: str
    updated: str
    excerpt: str
    url: str

    def cells(self) -> list[str]:
        """Return the cells of the table."""
        return [
            self.id, self.type, self.place, self.title, self.status, self.updated, self.excerpt
        ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Found:
    """Hits of both products, and what could not be searched."""

    rows: tuple[Row, ...]
    cursor: str | None
    failures: tuple[str, ...]

    def markdown(self) -> str:
        """Return a table, fenced, and in our own words what is missing from it."""
        head = [f"Not searched: {failure}" for failure in self.failures]
        if not self.rows:
            return "\n".join([*head, "Nothing matches."])
        hits = f"{len(self.rows)} hits" if len(self.rows) > 1 else "1 hit"
        head.append(f"{hits}, {'more exist' if self.cursor else 'no more'}. Read one with fetch.")
        data = without_empty(_COLUMNS, [row.cells() for row in self.rows])
        return "\n".join([*head, fenced(data, source="search")]) + more(self.cursor)

    def structured(self) -> dict[str, Any]:
        """Return the same as objects."""
        names = ("id", "type", "place", "title", "status", "updated", "excerpt")
        results = [
            dict(zip(names, map(clean, row.cells()), strict=True)) | {"url": row.url}
            for row in self.rows
        ]
        return {
            "results": results,
            "untrusted": ["results[]"],
            "not_searched": list(self.failures),
            "cursor": self.cursor,
        }


@tool(
    title="Search Jira and Confluence",
    effect=Effect.READ,
    optional_scopes={READ, SEARCH},
    endpoints=("POST /rest/api/3/search/jql", "GET /wiki/rest/api/search"),
    data_center=("POST /rest/api/2/search", "GET /rest/api/search"),
)
async def search(products: Products, args: Search) -> Found:
    """Find Jira issues and Confluence pages by words, in one call."""
    words = quoted(plain_words(args.query))
    places = _places(args)
    searches = {"jira": _issues, "confluence": _pages}
    asked = await asyncio.gather(
        *(_kept(searches[name](products, words, args.limit, at)) for name, at in places.items())
    )
    problems = [part for part in asked if isinstance(part, XerusError)]
    if len(problems) == len(asked):
        raise problems[0]
    parts = [part for part in asked if not isinstance(part, XerusError)]
    cursors = {name: cursor for _, name, cursor in parts if cursor}
    return Found(
        rows=tuple(row for rows, _, _ in parts for row in rows),
        cursor=_joined(cursors) if cursors else None,
        failures=tuple(_said(error) for error in problems),
    )


_Part = tuple[list[Row], str, str | None]


async def _issues(products: Products, words: str, limit: int, cursor: str | None) -> _Part:
    jira = products.reach_jira()
    page: SearchPage = await jira.search(
        f"text ~ {words} ORDER BY updated DESC", fields=_FIELDS, limit=limit, cursor=cursor
    )
    rows = [_issue_row(issue, jira.link(str(issue["key"]))) for issue in page.issues]
    return rows, "jira", page.cursor


async def _pages(products: Products, words: str, limit: int, cursor: str | None) -> _Part:
    confluence = products.reach_confluence()
    page: HitPage = await confluence.search(
        f"text ~ {words} AND type in (page, blogpost)", limit=limit, cursor=cursor
    )
    rows = [_page_row(hit, confluence.link(hit.path)) for hit in page.hits]
    return rows, "confluence", page.cursor


def _issue_row(issue: dict[str, Any], url: str) -> Row:
    fields = issue.get("fields") or {}
    project = fields.get("project") or {}
    return Row(
        id=str(issue["key"]),
        type=flat(fields.get("issuetype")),
        place=str(project.get("key") or str(issue["key"]).rpartition("-")[0]),
        title=flat(fields.get("summary")),
        status=flat(fields.get("status")),
        updated=flat(fields.get("updated")),
        excerpt="",
        url=url,
    )


def _page_row(hit: Hit, url: str) -> Row:
    return Row(
        id=hit.content_id,
        type=hit.type,
        place=hit.space_key,
        title=hit.title,
        status="",
        updated=hit.changed_at[:16].replace("T", " "),
        excerpt=shortened(" ".join(hit.excerpt.split()), _EXCERPT),
        url=url,
    )


async def _kept(part: Awaitable[T]) -> T | XerusError:
    try:
        return await part
    except XerusError as error:
        return error


def _said(error: XerusError) -> str:
    return one_line(f"{error.message} {error.hint}")


def _places(args: Search) -> dict[str, str | None]:
    """Return where to look, each with the position to go on from."""
    wanted = ("jira", "confluence") if args.where == "both" else (args.where,)
    if args.cursor is None:
        return dict.fromkeys(wanted)
    positions = _split(args.cursor)
    places: dict[str, str | None] = {name: positions[name] for name in wanted if name in positions}
    if not places:
        raise InvalidInput(
            f"cursor: there are no more hits in {args.where}.",
            hint="It goes on where the answer it comes from looked; leave `in` as it was.",
        )
    return places


def _joined(cursors: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(cursors)).decode()


def _split(cursor: str) -> dict[str, str]:
    try:
        found = orjson.loads(base64.urlsafe_b64decode(cursor))
    except (binascii.Error, ValueError):
        found = None
    known = isinstance(found, dict) and found and found.keys() <= {"jira", "confluence"}
    if not known or not all(isinstance(value, str) for value in found.values()):
        raise InvalidInput(
            "cursor: not one of a former answer.", hint="Leave it out to start from the beginning."
        )
    return dict(found)
