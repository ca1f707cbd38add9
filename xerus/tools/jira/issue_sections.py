"""What an issue carries besides its fields, asked for by `include`, in the same request."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from xerus.tools.jira import history
from xerus.tools.jira.bodies import from_body
from xerus.tools.jira.records import flat, person
from xerus.tools.jira.transitions import COLUMNS as TRANSITION_COLUMNS
from xerus.tools.jira.transitions import row as transition_row
from xerus.tools.tables import table
from xerus.tools.untrusted import clean, fenced

FIELDS = {"watchers": "watches", "worklogs": "worklog", "attachments": "attachment"}
"""The field of Jira that brings a section along."""

EXPANSIONS = {
    "transitions": ("transitions", "transitions.fields"),
    "changelog": ("changelog",),
}
_MOST_CHANGES = 20


@dataclass(frozen=True, kw_only=True)
class Section:
    """One section: a table, of which Jira may know more rows than are shown."""

    name: str
    columns: Sequence[str]
    rows: list[list[str]]
    total: int

    def markdown(self, issue_key: str) -> str:
        """Return the table, fenced, under its name and true count."""
        count = len(self.rows)
        shown = str(count) if count >= self.total else f"{count} of {self.total}"
        head = f"{self.name.title()}: {shown or 'none'}."
        if not self.rows:
            return head
        data = table(self.columns, self.rows)
        return f"{head}\n{fenced(data, source=f'jira {issue_key} {self.name}')}"

    def structured(self) -> dict[str, Any]:
        """Return the rows as objects."""
        rows = [dict(zip(self.columns, map(clean, row), strict=True)) for row in self.rows]
        return {"rows": rows, "total": self.total}


def sections(issue: dict[str, Any], include: Sequence[str]) -> list[Section]:
    """Return the sections that were asked for, in that order."""
    return [_MAKERS[name](issue) for name in include if name in _MAKERS]


def _transitions(issue: dict[str, Any]) -> Section:
    rows = [transition_row(one) for one in issue.get("transitions") or []]
    return _whole("transitions", TRANSITION_COLUMNS, rows)


def _watchers(issue: dict[str, Any]) -> Section:
    found = _fields(issue).get("watches") or {}
    row = [str(found.get("watchCount", 0)), flat(bool(found.get("isWatching")))]
    return _whole("watchers", ("count", "you"), [row])


def _links(issue: dict[str, Any]) -> Section:
    rows = [_link(one) for one in _fields(issue).get("issuelinks") or []]
    return _whole("links", ("id", "kind", "issue", "status", "summary"), rows)


def _link(link: dict[str, Any]) -> list[str]:
    side, words = ("outwardIssue", "outward") if link.get("outwardIssue") else _INWARD
    other = link.get(side) or {}
    fields = other.get("fields") or {}
    kind = str((link.get("type") or {}).get(words, ""))
    about = (str(other.get("key", "")), flat(fields.get("status")), flat(fields.get("summary")))
    return [str(link.get("id", "")), kind, *about]


def _changelog(issue: dict[str, Any]) -> Section:
    found = issue.get("changelog") or {}
    entries = sorted(
        found.get("histories") or [], key=lambda one: str(one.get("created")), reverse=True
    )
    rows = history.rows(entries)
    total = len(rows) if len(entries) >= int(found.get("total", 0)) else int(found["total"])
    return Section(
        name="changelog", columns=history.COLUMNS, rows=rows[:_MOST_CHANGES], total=total
    )


def _worklogs(issue: dict[str, Any]) -> Section:
    found = _fields(issue).get("worklog") or {}
    rows = [
        [
            str(one.get("id", "")),
            person(one.get("author")),
            flat(one.get("started")),
            str(one.get("timeSpent", "")),
            from_body(one.get("comment")).markdown,
        ]
        for one in found.get("worklogs") or []
    ]
    columns = ("id", "who", "started", "spent", "comment")
    return Section(
        name="worklogs", columns=columns, rows=rows, total=int(found.get("total", len(rows)))
    )


def _attachments(issue: dict[str, Any]) -> Section:
    rows = [
        [
            str(one.get("id", "")),
            str(one.get("filename", "")),
            str(one.get("mimeType", "")),
            str(one.get("size", "")),
            person(one.get("author")),
            flat(one.get("created")),
        ]
        for one in _fields(issue).get("attachment") or []
    ]
    return _whole("attachments", ("id", "name", "type", "bytes", "who", "at"), rows)


def _whole(name: str, columns: Sequence[str], rows: list[list[str]]) -> Section:
    return Section(name=name, columns=columns, rows=rows, total=len(rows))


def _fields(issue: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = issue.get("fields") or {}
    return fields


_INWARD = ("inwardIssue", "inward")
_MAKERS: dict[str, Callable[[dict[str, Any]], Section]] = {
    "transitions": _transitions,
    "watchers": _watchers,
    "links": _links,
    "changelog": _changelog,
    "worklogs": _worklogs,
    "attachments": _attachments,
}
