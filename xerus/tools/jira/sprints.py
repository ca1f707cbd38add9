"""Changing sprints and what is in them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from xerus.atlassian.jira import agile
from xerus.atlassian.jira.agile import (
    READ_BOARDS,
    READ_PROJECTS,
    READ_SPRINTS,
    WRITE_BOARDS,
    WRITE_ISSUES,
    WRITE_SPRINTS,
)
from xerus.atlassian.jira.client import READ, Jira
from xerus.errors import InvalidInput
from xerus.settings.toolsets import Toolset
from xerus.tools.declaration import Effect, SiteArgs, tool
from xerus.tools.jira.boards import board_id_of, sprint_id_of
from xerus.tools.jira.fields import IssueKey, ShortText
from xerus.tools.jira.records import flat
from xerus.tools.readback import read_back
from xerus.tools.tables import table
from xerus.tools.untrusted import clean, fenced

_SHOWN = {
    "name": "name",
    "state": "state",
    "startDate": "start",
    "endDate": "end",
    "completeDate": "completed",
    "goal": "goal",
}


def _split(value: object) -> object:
    return [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value


IssueKeys = Annotated[
    list[IssueKey],
    BeforeValidator(_split),
    Field(min_length=1, max_length=agile.MOST_ISSUES, description="Issue keys"),
]


class ManageSprint(SiteArgs):
    """What to do with which sprint."""

    action: Literal["create", "start", "close"] = Field(description="What to do")
    board: ShortText | None = Field(
        default=None, description="Board id or name: for create, or for a sprint by name"
    )
    sprint: ShortText | None = Field(default=None, description="Sprint id or name: start, close")
    name: ShortText | None = Field(default=None, description="Name: create")
    goal: str | None = Field(default=None, max_length=5000, description="Goal")
    start_date: str | None = Field(default=None, description="Day or ISO 8601; UTC without a zone")
    end_date: str | None = Field(default=None, description="The same")


@dataclass(frozen=True, kw_only=True)
class SprintChanged:
    """A sprint before and after."""

    done: str
    before: dict[str, Any]
    after: dict[str, Any]

    def markdown(self) -> str:
        """Return what changed; names and goals are what people wrote."""
        lines = [f"{name}: {change}" for name, change in self._changes().items()]
        number = self.after.get("id")
        data = fenced("\n".join(lines), source=f"jira sprint {number}")
        return f"{self.done}: sprint {number}.{self._left()}\n{data}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {
            "id": self.after.get("id"),
            "done": self.done,
            **{shown: clean(flat(self.after.get(name))) for name, shown in _SHOWN.items()},
        }

    def _changes(self) -> dict[str, str]:
        changes = {}
        for name, shown in _SHOWN.items():
            old, new = flat(self.before.get(name)), flat(self.after.get(name))
            if old != new and self.before:
                changes[shown] = f"{old or 'none'} -> {new or 'none'}"
            elif new:
                changes[shown] = new
        return changes

    def _left(self) -> str:
        closed = self.after.get("state") == "closed"
        return " Issues that were not done are in the backlog now." if closed else ""


@tool(
    title="Manage sprint",
    effect=Effect.UPDATE,
    toolset=Toolset.AGILE,
    scopes={READ_SPRINTS, WRITE_SPRINTS},
    optional_scopes={READ_BOARDS, READ_PROJECTS},
    endpoints=(
        "GET /rest/agile/1.0/board",
        "GET /rest/agile/1.0/board/{boardId}/sprint",
        "GET /rest/agile/1.0/sprint/{sprintId}",
        "POST /rest/agile/1.0/sprint",
        "POST /rest/agile/1.0/sprint/{sprintId}",
    ),
    data_center=(
        "GET /rest/agile/1.0/board",
        "GET /rest/agile/1.0/board/{boardId}/sprint",
        "GET /rest/agile/1.0/sprint/{sprintId}",
        "POST /rest/agile/1.0/sprint",
        "POST /rest/agile/1.0/sprint/{sprintId}",
    ),
)
async def manage_sprint(jira: Jira, args: ManageSprint) -> SprintChanged:
    """Create, start or close a sprint in Jira."""
    facts = _facts(args)
    if args.action == "create":
        return await _create(jira, args, facts)
    if args.sprint is None:
        raise InvalidInput("Which sprint?", hint="Give sprint: an id, or a name with board.")
    sprint_id = await sprint_id_of(jira, args.sprint, board=args.board)
    before = await agile.sprint(jira, sprint_id)
    if args.action == "start" and not {"startDate", "endDate"} <= {**before, **facts}.keys():
        raise InvalidInput(
            "A sprint needs both dates to start.", hint="Give start_date and end_date."
        )
    state = {"start": "active", "close": "closed"}[args.action]
    changed = await agile.change_sprint(jira, sprint_id, {**facts, "state": state})
    done = "Started" if args.action == "start" else "Closed"
    if changed.get("state") != state:
        done = f"Jira accepted it, but the sprint is {flat(changed.get('state'))}"
    return SprintChanged(done=done, before=before, after=changed)


async def _create(jira: Jira, args: ManageSprint, facts: dict[str, Any]) -> SprintChanged:
    if args.board is None or args.name is None:
        raise InvalidInput("A new sprint needs board and name.")
    board_id = await board_id_of(jira, args.board)
    created = await agile.create_sprint(jira, {**facts, "originBoardId": int(board_id)})
    return SprintChanged(done="Created", before={}, after=created)


def _facts(args: ManageSprint) -> dict[str, Any]:
    given = {
        "name": args.name,
        "goal": args.goal,
        "startDate": _instant("start_date", args.start_date),
        "endDate": _instant("end_date", args.end_date),
    }
    return {name: value for name, value in given.items() if value is not None}


def _instant(name: str, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise InvalidInput(
            f"{name}: {value!r} is no date.", hint="Use 2026-01-31 or 2026-01-31T09:00+01:00."
        ) from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat(timespec="milliseconds")


class MoveToSprint(SiteArgs):
    """Which issues, and where to."""

    issue_keys: IssueKeys
    sprint: ShortText = Field(description='Sprint id, name with board, or "backlog"')
    board: ShortText | None = Field(
        default=None, description="Board id or name, for a sprint by name"
    )


@dataclass(frozen=True, kw_only=True)
class IssuesMoved:
    """The sprints of issues before and after."""

    head: str
    rows: list[list[str]]

    def markdown(self) -> str:
        """Return one line per issue."""
        columns = ("key", "before", "after")
        return f"{self.head}\n{fenced(table(columns, self.rows), source='jira sprints')}"

    def structured(self) -> dict[str, Any]:
        """Return the same rows as objects."""
        rows = [
            {"key": key, "before": clean(old), "after": clean(new)} for key, old, new in self.rows
        ]
        return {"issues": rows, "untrusted": ["issues[]"]}


@tool(
    title="Move to sprint",
    effect=Effect.UPDATE,
    toolset=Toolset.AGILE,
    scopes={READ, WRITE_SPRINTS},
    optional_scopes={READ_SPRINTS, READ_BOARDS, READ_PROJECTS, WRITE_BOARDS},
    endpoints=(
        "GET /rest/api/3/field",
        "POST /rest/api/3/issue/bulkfetch",
        "GET /rest/agile/1.0/board",
        "GET /rest/agile/1.0/board/{boardId}/sprint",
        "POST /rest/agile/1.0/sprint/{sprintId}/issue",
        "POST /rest/agile/1.0/backlog/issue",
    ),
    data_center=(
        "GET /rest/api/2/field",
        "POST /rest/api/2/search",
        "GET /rest/agile/1.0/board",
        "GET /rest/agile/1.0/board/{boardId}/sprint",
        "POST /rest/agile/1.0/sprint/{sprintId}/issue",
        "POST /rest/agile/1.0/backlog/issue",
    ),
)
async def move_to_sprint(jira: Jira, args: MoveToSprint) -> IssuesMoved:
    """Move Jira issues into a sprint, or back to the backlog."""
    keys = list(dict.fromkeys(args.issue_keys))
    to_backlog = args.sprint.strip().casefold() == "backlog"
    sprint_id = "" if to_backlog else await sprint_id_of(jira, args.sprint, board=args.board)
    field = await agile.sprint_field(jira)
    if not field:
        raise InvalidInput("This Jira has no sprints.")
    before = await _sprints_of(jira, keys, field)
    if lacking := [key for key in keys if key not in before]:
        raise InvalidInput(f"Not found: {', '.join(lacking)}. Nothing was moved.")
    if to_backlog:
        await agile.move_to_backlog(jira, keys)
    else:
        await agile.move_to_sprint(jira, sprint_id, keys)
    after, problem = await read_back(_sprints_of(jira, keys, field), otherwise={})
    where = "to the backlog" if to_backlog else f"to sprint {sprint_id}"
    rows = [[key, before[key] or "none", after.get(key, "?") or "none"] for key in keys]
    return IssuesMoved(head=f"Moved {where}. {problem}".strip(), rows=rows)


async def _sprints_of(jira: Jira, keys: list[str], field: str) -> dict[str, str]:
    """Return the names of the sprints of each issue that can be seen."""
    issues = await agile.fetch(jira, keys, fields=[field])
    return {str(one["key"]): flat((one.get("fields") or {}).get(field)) for one in issues}


class Rank(SiteArgs):
    """Which issues, and next to which."""

    issue_keys: IssueKeys
    before: IssueKey | None = Field(default=None, description="Put them right before this issue")
    after: IssueKey | None = Field(default=None, description="Or right after this one")


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """The order before and after."""

    before: list[str]
    after: list[str]
    failed: dict[str, str]
    problem: str

    def markdown(self) -> str:
        """Return the new order; what Jira did not do stands first."""
        head = "Ranked." if self.after != self.before else "The order is the same as before."
        failed = "\n".join(f"{key}: {why}" for key, why in self.failed.items())
        parts = [f"Not ranked: {', '.join(self.failed)}." if self.failed else head, self.problem]
        parts.append(f"Order now: {', '.join(self.after)} (before: {', '.join(self.before)}).")
        text = " ".join(part for part in parts if part)
        return text + (f"\n{fenced(failed, source='error message of Jira')}" if failed else "")

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        failed = {key: clean(why) for key, why in self.failed.items()}
        return {"before": self.before, "after": self.after, "failed": failed}


@tool(
    title="Rank issues",
    effect=Effect.UPDATE,
    toolset=Toolset.AGILE,
    scopes={READ, WRITE_ISSUES},
    endpoints=("POST /rest/api/3/search/jql", "PUT /rest/agile/1.0/issue/rank"),
    data_center=("POST /rest/api/2/search", "PUT /rest/agile/1.0/issue/rank"),
)
async def rank(jira: Jira, args: Rank) -> Ranked:
    """Put Jira issues right before or after another one in backlogs and boards."""
    anchor = args.before or args.after
    if anchor is None or (args.before and args.after):
        raise InvalidInput("Give before or after, one of them.")
    moved = [key for key in dict.fromkeys(args.issue_keys) if key != anchor]
    if not moved:
        raise InvalidInput(f"{anchor} cannot be ranked next to itself.")
    found = await agile.by_rank(jira, [*moved, anchor])
    before = [str(issue["key"]) for issue in found]
    failed = await agile.rank(jira, moved, before=args.before, after=args.after)
    ids = [str(issue["id"]) for issue in found][:50]
    now, problem = await read_back(
        agile.by_rank(jira, [*moved, anchor], reconcile=ids), otherwise=found
    )
    return Ranked(
        before=before,
        after=[str(issue["key"]) for issue in now],
        failed=failed,
        problem=problem,
    )
