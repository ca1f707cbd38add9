"""Searching issues."""

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from xerus.atlassian.jira.client import READ, Jira, SearchPage
from xerus.tools.clauses import Clauses, combined
from xerus.tools.declaration import Effect, ReadArgs, tool
from xerus.tools.jira.fields import ProjectKey
from xerus.tools.jira.records import columns_of, field_id, flat
from xerus.tools.paging import counted, more
from xerus.tools.tables import table
from xerus.tools.untrusted import clean, fenced


class Search(ReadArgs):
    """JQL, filters, or both."""

    jql: str | None = Field(default=None, max_length=20_000, description="JQL; or use the filters")
    project_key: ProjectKey | None = None
    issue_type: str | None = Field(default=None, description="Type name, e.g. Bug")
    status: str | None = Field(default=None, description="Status name")
    open_only: bool = Field(default=False, description="Only issues that are not done")
    assignee: str | None = Field(
        default=None, description='"me", "none", account id, or exact name or e-mail'
    )
    labels: list[str] = Field(default=[], max_length=20, description="All of these labels")
    text: str | None = Field(default=None, description="Words in summary, description, comments")
    updated_since: str | None = Field(default=None, description="2026-01-31 or -7d")
    fields: str | None = Field(
        default=None, max_length=1000, description="Columns, comma-separated field ids"
    )
    limit: int = Field(default=25, ge=1, le=100, description="Most issues in one answer")
    cursor: str | None = Field(
        default=None, max_length=4000, description="From the answer before, for the next page"
    )


@dataclass(frozen=True, kw_only=True)
class Found:
    """One page of issues."""

    site: str
    browse: str
    jql: str
    columns: tuple[str, ...]
    page: SearchPage

    def markdown(self) -> str:
        """Return a table, fenced: summaries and names are what people wrote."""
        page = self.page
        if not page.issues:
            return f"No issue matches. JQL: {self.jql}"
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
        return [flat(fields.get(field_id(column))) for column in self.columns]


@tool(
    title="Search issues",
    effect=Effect.READ,
    scopes={READ},
    endpoints=("POST /rest/api/3/search/jql",),
    data_center=("POST /rest/api/2/search",),
)
async def search(jira: Jira, args: Search) -> Found:
    """Find Jira issues by JQL, by filters, or by both together."""
    jql = _query(args)
    columns = columns_of(args.fields)
    page = await jira.search(
        jql,
        fields=[field_id(column) for column in columns],
        limit=args.limit,
        cursor=args.cursor,
    )
    return Found(
        site=jira.target.site_name, browse=jira.link(""), jql=jql, columns=columns, page=page
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
