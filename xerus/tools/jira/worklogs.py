"""Time logged on issues."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from xerus.atlassian.jira import worklogs as api
from xerus.atlassian.jira.client import READ, WRITE, Jira
from xerus.errors import InvalidInput
from xerus.settings.toolsets import Toolset
from xerus.tools.aside import aside
from xerus.tools.declaration import Effect, ReadArgs, SiteArgs, tool
from xerus.tools.jira.bodies import check_replaceable, from_body, to_body
from xerus.tools.jira.fields import Cursor, IssueKey, Markdown
from xerus.tools.jira.records import flat, person
from xerus.tools.jira.since import instant
from xerus.tools.listing import Listing
from xerus.tools.untrusted import clean, fenced, one_line

_COLUMNS = ("id", "who", "started", "spent", "comment")
_MINUTE, _HOUR = 60, 3600


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) else value


Spent = Annotated[
    str,
    Field(
        pattern=r"^\s*\d{1,5}(\.\d{1,2})?[wdhm](\s+\d{1,5}(\.\d{1,2})?[wdhm])*\s*$",
        max_length=40,
        description="e.g. 1h 30m; units w d h m",
    ),
]
Started = Annotated[str, Field(max_length=40, description="2026-01-31T09:00 (UTC) or -2h")]


class GetWorklogs(ReadArgs):
    """Of which issue."""

    issue_key: IssueKey
    since: str | None = Field(default=None, max_length=40, description="2026-01-31 or -7d")
    limit: int = Field(default=50, ge=1, le=200, description="Most rows")
    cursor: Cursor = None


@tool(
    title="Get worklogs",
    effect=Effect.READ,
    toolset=Toolset.WORK,
    scopes={READ},
    endpoints=("GET /rest/api/3/issue/{issueIdOrKey}/worklog",),
    data_center=("GET /rest/api/2/issue/{issueIdOrKey}/worklog",),
)
async def get_worklogs(jira: Jira, args: GetWorklogs) -> Listing:
    """List the time logged on a Jira issue, oldest first."""
    since = instant(args.since) if args.since else None
    page = await api.worklogs(
        jira, args.issue_key, since=since, limit=args.limit, cursor=args.cursor
    )
    seconds = sum(int(one.get("timeSpentSeconds", 0)) for one in page.values)
    return Listing(
        noun="worklog",
        columns=_COLUMNS,
        rows=[_row(one) for one in page.values],
        source=f"jira {args.issue_key} worklogs",
        cursor=page.cursor,
        total=page.total,
        note=f"Here: {_duration(seconds)}." if page.values else "",
    )


@dataclass(frozen=True, kw_only=True)
class Logged:
    """An entry as Jira stored it, and as it was before when there was one."""

    issue_key: str
    link: str
    before: dict[str, Any] | None
    after: dict[str, Any]

    def markdown(self) -> str:
        """Return the entry; old -> new where it changed."""
        new = _row(self.after)
        old = _row(self.before) if self.before else new
        lines = [
            f"{name}: {_shown(was)} -> {_shown(is_)}" if was != is_ else f"{name}: {_shown(is_)}"
            for name, was, is_ in zip(_COLUMNS, old, new, strict=True)
            if was or is_
        ]
        head = "Time logged" if self.before is None else "Changed"
        head = head if self.before is None or old != new else "Nothing changed"
        data = fenced("\n".join(lines), source=f"jira {self.issue_key} worklog")
        return f"{head}: {self.link}\n{data}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {
            "issue_key": self.issue_key,
            "link": self.link,
            "before": self._entry(self.before) if self.before else None,
            "worklog": self._entry(self.after),
            "untrusted": ["worklog.comment", "before.comment"],
        }

    def _entry(self, entry: Mapping[str, Any]) -> dict[str, str]:
        return dict(zip(_COLUMNS, map(clean, _row(entry)), strict=True))


class AddWorklog(SiteArgs):
    """How much time, and on what."""

    issue_key: IssueKey
    time_spent: Spent
    comment: Markdown | None = Field(default=None, description="Markdown")
    started: Started | None = Field(default=None)


@tool(
    title="Log time",
    effect=Effect.CREATE,
    toolset=Toolset.WORK,
    scopes={WRITE},
    endpoints=("POST /rest/api/3/issue/{issueIdOrKey}/worklog",),
    data_center=("POST /rest/api/2/issue/{issueIdOrKey}/worklog",),
)
async def add_worklog(jira: Jira, args: AddWorklog) -> Logged:
    """Log time on a Jira issue; the remaining estimate goes down by it."""
    facts = await _facts(jira, spent=args.time_spent, comment=args.comment, started=args.started)
    added = await api.add(jira, args.issue_key, facts)
    return _logged(jira, args.issue_key, None, added)


class EditWorklog(SiteArgs):
    """Which entry, and what of it."""

    issue_key: IssueKey
    worklog_id: Annotated[
        str, BeforeValidator(_text), Field(pattern=r"^[0-9]{1,20}$", description="Worklog id")
    ]
    time_spent: Spent | None = Field(default=None)
    comment: Markdown | None = Field(default=None, description="Markdown; replaces the text")
    started: Started | None = Field(default=None)


@tool(
    title="Edit worklog",
    effect=Effect.UPDATE,
    toolset=Toolset.WORK,
    scopes={READ, WRITE},
    endpoints=(
        "GET /rest/api/3/issue/{issueIdOrKey}/worklog/{id}",
        "PUT /rest/api/3/issue/{issueIdOrKey}/worklog/{id}",
    ),
    data_center=(
        "GET /rest/api/2/issue/{issueIdOrKey}/worklog/{id}",
        "PUT /rest/api/2/issue/{issueIdOrKey}/worklog/{id}",
    ),
)
async def edit_worklog(jira: Jira, args: EditWorklog) -> Logged:
    """Change time logged on a Jira issue; answers old -> new."""
    facts = await _facts(jira, spent=args.time_spent, comment=args.comment, started=args.started)
    if not facts:
        raise InvalidInput("Nothing to change.", hint="Give time_spent, comment or started.")
    before = await api.one(jira, args.issue_key, args.worklog_id)
    if "comment" in facts:
        await aside(
            lambda: check_replaceable(
                before.get("comment"), what="The comment", instead="Edit it in Jira itself."
            ),
            size=jira.received,
        )
    after = await api.edit(jira, args.issue_key, args.worklog_id, facts)
    return _logged(jira, args.issue_key, before, after)


async def _facts(
    jira: Jira, *, spent: str | None, comment: str | None, started: str | None
) -> dict[str, Any]:
    given = {
        "timeSpent": " ".join(spent.split()) if spent else None,
        "comment": await to_body(comment, is_cloud=jira.is_cloud) if comment else None,
        "started": api.written(instant(started)) if started else None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _logged(
    jira: Jira, issue_key: str, before: dict[str, Any] | None, after: dict[str, Any]
) -> Logged:
    link = f"{jira.link(issue_key)}?focusedWorklogId={after.get('id')}"
    return Logged(issue_key=issue_key, link=link, before=before, after=after)


def _row(entry: Mapping[str, Any]) -> list[str]:
    return [
        str(entry.get("id", "")),
        person(entry.get("author")),
        flat(entry.get("started")),
        str(entry.get("timeSpent", "")),
        from_body(entry.get("comment"), mention_ids=True).markdown,
    ]


def _shown(value: str) -> str:
    return one_line(value) or "(none)"


def _duration(seconds: int) -> str:
    """Return hours and minutes: how long a day is differs between instances."""
    hours, minutes = divmod(seconds // _MINUTE, _HOUR // _MINUTE)
    return " ".join([f"{hours}h"] * bool(hours) + [f"{minutes}m"] * bool(minutes)) or "0m"
