"""Searching issues."""

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from xerus.atlassian.errors import AtlassianRefused
from xerus.atlassian.jira import metadata
from xerus.atlassian.jira.client import READ, Jira, SearchPage
from xerus.tools.clauses import Clauses, combined, split_order
from xerus.tools.declaration import Effect, ReadArgs, tool
from xerus.tools.jira.field_names import field_ids
from xerus.tools.jira.fields import ProjectKey
from xerus.tools.jira.jql_errors import explain
from xerus.tools.jira.records import columns_of, flat
from xerus.tools.paging import counted, more
from xerus.tools.tables import table
from xerus.tools.untrusted import clean, fenced


class Search(ReadArgs):
    """JQL, filters, or both."""

    jql: str | None = Field(default=None, max_length=20_000, description="JQL")
    project_key: ProjectKey | None = None
    issue_type: str | None = Field(default=None, max_length=255, description="Type name")
    status: str | None = Field(default=None, max_length=255, description="Status name")
    open_only: bool = Field(default=False, description="Not done")
    assignee: str | None = Field(
        default=None, max_length=255, description='"me", "none", id, exact name or e-mail'
    )
    labels: list[str] = Field(default=[], max_length=20, description="All of these labels")
    text: str | None = Field(
        default=None, max_length=1000, description="Words in summary, description, comments"
    )
    updated_since: str | None = Field(default=None, max_length=20, description="2026-01-31 or -7d")
    fields: str | None = Field(
        default=None, max_length=1000, description="Columns, comma-separated ids or names"
    )
    count_only: bool = Field(default=False, description="Only how many match")
    limit: int = Field(default=25, ge=1, le=100, description="Most rows")
    cursor: str | None = Field(default=None, max_length=4000, description="From the answer before")


@dataclass(frozen=True, kw_only=True)
class Found:
    """One page of issues."""

    site: str
    browse: str
    jql: str
    columns: tuple[str, ...]
    ids: tuple[str, ...]
    page: SearchPage
    nothing: str = ""

    def markdown(self) -> str:
        """Return a table, fenced: summaries and names are what people wrote."""
        page = self.page
        if not page.issues:
            return self.nothing or f"No issue matches. JQL: {self.jql}"
        header = counted(len(page.issues), "issue", cursor=page.cursor, total=page.total)
        rows = [[issue["key"], *self._values(issue)] for issue in page.issues]
        data = fenced(table(("key", *self.columns), rows), source=f"jira {self.site} search")
        return f"{header}. Link: {self.browse}KEY\n{data}{more(page.cursor)}"

    def structured(self) -> dict[str, Any]:
        """Return the same rows as objects."""
        rows = [
            {"key": issue["key"]}
            | dict(zip(self.columns, map(clean, self._values(issue)), strict=True))
            for issue in self.page.issues
        ]
        return {
            "jql": self.jql,
            "issues": rows,
            "untrusted": ["issues[]"],
            "cursor": self.page.cursor,
            "total": self.page.total,
            "link": self.browse + "KEY",
        }

    def _values(self, issue: dict[str, Any]) -> list[str]:
        fields = issue.get("fields") or {}
        return [flat(fields.get(name)) for name in self.ids]


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many issues match."""

    jql: str
    count: int
    is_exact: bool

    def markdown(self) -> str:
        """Return the number; Cloud's is an estimate, which is said."""
        about = "" if self.is_exact else "About "
        return f"{about}{self.count} issue{'' if self.count == 1 else 's'} match. JQL: {self.jql}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {"jql": self.jql, "count": self.count, "exact": self.is_exact}


@tool(
    title="Search issues",
    effect=Effect.READ,
    scopes={READ},
    endpoints=(
        "POST /rest/api/3/search/jql",
        "POST /rest/api/3/search/approximate-count",
        "POST /rest/api/3/jql/parse",
        "GET /rest/api/3/field",
        "GET /rest/api/3/jql/autocompletedata/suggestions",
    ),
    data_center=(
        "POST /rest/api/2/search",
        "GET /rest/api/2/field",
        "GET /rest/api/2/jql/autocompletedata/suggestions",
    ),
)
async def search(jira: Jira, args: Search) -> Found | Counted:
    """Find or count Jira issues by JQL, by filters, or by both together."""
    jql = _query(args)
    try:
        if args.count_only:
            conditions, _ = split_order(jql)
            count = await metadata.count(jira, conditions)
            return Counted(jql=conditions, count=count, is_exact=not jira.is_cloud)
        columns = columns_of(args.fields)
        return await found(jira, jql, columns=columns, limit=args.limit, cursor=args.cursor)
    except AtlassianRefused as refused:
        await explain(jira, jql, refused)
        raise


async def found(
    jira: Jira, jql: str, *, columns: tuple[str, ...], limit: int, cursor: str | None
) -> Found:
    """Return one page of what a query finds; columns are fields by id or name."""
    ids = await field_ids(jira, columns)
    return Found(
        site=jira.target.site_name,
        browse=jira.link(""),
        jql=jql,
        columns=columns,
        ids=tuple(ids),
        page=await jira.search(jql, fields=ids, limit=limit, cursor=cursor),
    )


def _query(args: Search) -> str:
    clauses = Clauses()
    clauses.equals("project", args.project_key)
    clauses.equals("issuetype", args.issue_type)
    clauses.equals("status", args.status)
    if args.open_only:
        clauses.parts.append("statusCategory != Done")
    _assignee(clauses, args.assignee)
    for label in args.labels:
        clauses.equals("labels", label)
    clauses.words("text", args.text)
    clauses.since("updated", args.updated_since)
    return combined(args.jql, clauses, order="updated DESC")


def _assignee(clauses: Clauses, assignee: str | None) -> None:
    match (assignee or "").strip().casefold():
        case "":
            return
        case "me":
            clauses.parts.append("assignee = currentUser()")
        case "none" | "unassigned":
            clauses.parts.append("assignee IS EMPTY")
        case _:
            clauses.equals("assignee", assignee)
