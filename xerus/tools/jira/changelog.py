"""Who changed what in an issue."""

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from xerus.atlassian.jira import changelog as client
from xerus.atlassian.jira.client import READ, Jira
from xerus.atlassian.jira.offsets import Page, sliced
from xerus.tools.declaration import Effect, ReadArgs, tool
from xerus.tools.jira import history
from xerus.tools.jira.fields import Cursor, IssueKey
from xerus.tools.jira.records import flat
from xerus.tools.paging import counted, more
from xerus.tools.tables import table
from xerus.tools.untrusted import clean, fenced


class Changelog(ReadArgs):
    """Of which issue, and how much of it."""

    issue_key: IssueKey
    field: str | None = Field(default=None, max_length=255, description="Only this field")
    limit: int = Field(default=50, ge=1, le=500, description="Most changes")
    cursor: Cursor = None


@dataclass(frozen=True, kw_only=True)
class Changes:
    """One page of changes, newest first, and the time spent in each status.

    Attributes:
        statuses: rows of status, time and number of stays.
        since: when the issue entered its present status.
        cut: our words on entries that were beyond the bound, or ''.
    """

    issue_key: str
    page: Page
    status: str
    since: str
    statuses: list[list[str]]
    cut: str

    def markdown(self) -> str:
        """Return tables, fenced: old and new values are what people wrote."""
        page = self.page
        header = counted(len(page.values), "change", cursor=page.cursor, total=page.total)
        parts = [f"{self.issue_key}: {header}, newest first.{self.cut}"]
        if page.values:
            shown = table(history.COLUMNS, page.values)
            parts.append(fenced(shown, source=f"jira {self.issue_key} changelog"))
        now = f"now: {self.status} since {self.since}"
        spent = f"{table(history.STATUS_COLUMNS, self.statuses)}\n" if self.statuses else ""
        parts.append(fenced(f"{spent}{now}", source=f"jira {self.issue_key} time in status"))
        return "\n".join(parts) + more(page.cursor)

    def structured(self) -> dict[str, Any]:
        """Return the same as objects."""
        return {
            "issue_key": self.issue_key,
            "changes": _objects(history.COLUMNS, self.page.values),
            "total": self.page.total,
            "cursor": self.page.cursor,
            "complete": not self.cut,
            "status": clean(self.status),
            "status_since": self.since,
            "time_in_status": _objects(history.STATUS_COLUMNS, self.statuses),
            "untrusted": ["changes[]", "status", "time_in_status[]"],
        }


@tool(
    title="Get changelog",
    effect=Effect.READ,
    scopes={READ},
    endpoints=(
        "GET /rest/api/3/issue/{issueIdOrKey}",
        "GET /rest/api/3/issue/{issueIdOrKey}/changelog",
    ),
    data_center=("GET /rest/api/2/issue/{issueIdOrKey}",),
)
async def changelog(jira: Jira, args: Changelog) -> Changes:
    """Show who changed what in a Jira issue and when, and its time in each status."""
    found = await client.changelog(jira, args.issue_key)
    wanted = (args.field or "").strip().casefold()
    rows = [row for row in history.rows(found.entries) if wanted in {"", row[2].casefold()}]
    statuses, since = history.time_in_status(found.issue, found.entries)
    missing = found.total - len(found.entries)
    return Changes(
        issue_key=args.issue_key,
        page=sliced(rows, cursor=args.cursor, limit=args.limit),
        status=flat((found.issue.get("fields") or {}).get("status")),
        since=since,
        statuses=statuses,
        cut=f" {missing} older entries are not read." if missing > 0 else "",
    )


def _objects(columns: tuple[str, ...], rows: list[list[str]]) -> list[dict[str, str]]:
    return [dict(zip(columns, map(clean, row), strict=True)) for row in rows]
