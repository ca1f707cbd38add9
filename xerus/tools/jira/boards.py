"""Boards, their sprints and what is in them."""

import re
from typing import Any, Literal

from pydantic import Field

from xerus.atlassian.errors import AtlassianRefused
from xerus.atlassian.jira import agile
from xerus.atlassian.jira.agile import READ_BOARDS, READ_DETAILS, READ_PROJECTS, READ_SPRINTS
from xerus.atlassian.jira.client import READ, Jira
from xerus.errors import InvalidInput
from xerus.settings.toolsets import Toolset
from xerus.tools.choices import ChoiceNeeded, pick
from xerus.tools.clauses import Clauses, combined
from xerus.tools.declaration import Effect, ReadArgs, tool
from xerus.tools.jira.field_names import field_ids
from xerus.tools.jira.fields import ProjectKey, ShortText
from xerus.tools.jira.jql_errors import explain
from xerus.tools.jira.records import columns_of, flat
from xerus.tools.jira.search import Found, found
from xerus.tools.listing import Listing
from xerus.tools.untrusted import one_line

_NUMBER = re.compile(r"^[0-9]{1,15}$")
_COLUMNS = "type,status,priority,assignee,summary"


class Boards(ReadArgs):
    """Which boards."""

    query: ShortText | None = Field(default=None, description="Part of the name")
    project_key: ProjectKey | None = None
    type: Literal["scrum", "kanban", "simple"] | None = Field(
        default=None, description="Only scrum boards have sprints"
    )
    limit: int = Field(default=50, ge=1, le=50, description="Most rows")
    cursor: str | None = Field(default=None, description="From the answer before")


@tool(
    title="Get boards",
    effect=Effect.READ,
    toolset=Toolset.AGILE,
    scopes={READ_BOARDS, READ_PROJECTS},
    endpoints=("GET /rest/agile/1.0/board",),
    data_center=("GET /rest/agile/1.0/board",),
)
async def boards(jira: Jira, args: Boards) -> Listing:
    """List Jira boards."""
    page = await agile.boards(
        jira,
        name=args.query,
        project_key=args.project_key,
        kind=args.type,
        limit=args.limit,
        cursor=args.cursor,
    )
    return Listing(
        noun="board",
        columns=("id", "name", "type", "project"),
        rows=[_board_row(board) for board in page.values],
        source=f"jira {jira.target.site_name} boards",
        cursor=page.cursor,
        total=page.total,
    )


class Sprints(ReadArgs):
    """Of which board."""

    board: ShortText = Field(description="Board id or name")
    state: Literal["open", "active", "future", "closed"] = Field(
        default="open", description="open: active and future"
    )
    limit: int = Field(default=50, ge=1, le=50, description="Most rows")
    cursor: str | None = Field(default=None, description="From the answer before")


@tool(
    title="Get sprints",
    effect=Effect.READ,
    toolset=Toolset.AGILE,
    scopes={READ_SPRINTS},
    optional_scopes={READ_BOARDS, READ_PROJECTS},
    endpoints=("GET /rest/agile/1.0/board/{boardId}/sprint", "GET /rest/agile/1.0/board"),
    data_center=("GET /rest/agile/1.0/board/{boardId}/sprint", "GET /rest/agile/1.0/board"),
)
async def sprints(jira: Jira, args: Sprints) -> Listing:
    """List the sprints of a Jira board with their dates and goals."""
    board_id = await board_id_of(jira, args.board)
    states = "active,future" if args.state == "open" else args.state
    page = await agile.sprints(jira, board_id, states=states, limit=args.limit, cursor=args.cursor)
    columns = ("id", "name", "state", "startDate", "endDate", "completeDate", "goal")
    return Listing(
        noun="sprint",
        columns=("id", "name", "state", "start", "end", "completed", "goal"),
        rows=[[flat(sprint.get(name)) for name in columns] for sprint in page.values],
        source=f"jira board {board_id} sprints",
        cursor=page.cursor,
        total=page.total,
    )


class SprintIssues(ReadArgs):
    """Of which sprint."""

    sprint: ShortText | None = Field(
        default=None, description="Sprint id or name; default: the active ones of project_key"
    )
    project_key: ProjectKey | None = None
    open_only: bool = Field(default=False, description="Only issues that are not done")
    fields: str | None = Field(
        default=None, max_length=1000, description="Columns: field ids or names, comma-separated"
    )
    limit: int = Field(default=50, ge=1, le=100, description="Most rows")
    cursor: str | None = Field(default=None, max_length=4000, description="From the answer before")


@tool(
    title="Get sprint issues",
    effect=Effect.READ,
    toolset=Toolset.AGILE,
    scopes={READ},
    endpoints=(
        "POST /rest/api/3/search/jql",
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
async def sprint_issues(jira: Jira, args: SprintIssues) -> Found:
    """List the issues of a Jira sprint in the order of rank."""
    # By JQL: the agile API's own list has no cursor and is being replaced (specs/README).
    jql = _in_sprint(args)
    columns = columns_of(args.fields or _COLUMNS)
    try:
        return await found(jira, jql, columns=columns, limit=args.limit, cursor=args.cursor)
    except AtlassianRefused as refused:
        await explain(jira, jql, refused)
        raise


class Backlog(ReadArgs):
    """Of which board."""

    board: ShortText = Field(description="Board id or name")
    fields: str | None = Field(
        default=None, max_length=1000, description="Columns: field ids or names, comma-separated"
    )
    limit: int = Field(default=50, ge=1, le=100, description="Most rows")
    cursor: str | None = Field(default=None, description="From the answer before")


@tool(
    title="Get backlog",
    effect=Effect.READ,
    toolset=Toolset.AGILE,
    scopes={READ_BOARDS, READ_DETAILS},
    optional_scopes={READ, READ_PROJECTS},
    endpoints=(
        "GET /rest/agile/1.0/board/{boardId}/backlog",
        "GET /rest/agile/1.0/board",
        "GET /rest/api/3/field",
    ),
    data_center=(
        "GET /rest/agile/1.0/board/{boardId}/backlog",
        "GET /rest/agile/1.0/board",
        "GET /rest/api/2/field",
    ),
)
async def backlog(jira: Jira, args: Backlog) -> Found:
    """List the issues that wait in the backlog of a Jira board, in the order of rank."""
    board_id = await board_id_of(jira, args.board)
    columns = columns_of(args.fields or _COLUMNS)
    ids = await field_ids(jira, columns)
    page = await agile.backlog(jira, board_id, fields=ids, limit=args.limit, cursor=args.cursor)
    return Found(
        site=jira.target.site_name,
        browse=jira.link(""),
        jql="",
        columns=columns,
        ids=tuple(ids),
        page=page,
        nothing=f"Nothing waits in the backlog of board {board_id}.",
    )


async def board_id_of(jira: Jira, board: str) -> str:
    """Return the id of a board given by id or name; a name costs one request.

    Raises:
        ChoiceNeeded: a name fits no board, or several.
    """
    if _NUMBER.match(board.strip()):
        return board.strip()
    page = await agile.boards(jira, name=board.strip())
    if not page.values:
        raise ChoiceNeeded(f"There is no board {board!r}.", said="jira_boards lists them")
    chosen = page.values[0] if len(page.values) == 1 else _picked(board, page.values, "board")
    return str(chosen["id"])


async def sprint_id_of(jira: Jira, sprint: str, *, board: str | None) -> str:
    """Return the id of an open sprint given by id, or by name on a board.

    Raises:
        InvalidInput: a name without a board.
        ChoiceNeeded: a name fits no open sprint, or several.
    """
    if _NUMBER.match(sprint.strip()):
        return sprint.strip()
    if board is None:
        raise InvalidInput("A sprint by name needs its board.", hint="Give board, or a sprint id.")
    page = await agile.sprints(jira, await board_id_of(jira, board), states="active,future")
    return str(_picked(sprint, page.values, "open sprint")["id"])


def _picked(wanted: str, entries: list[dict[str, Any]], what: str) -> dict[str, Any]:
    return pick(
        wanted,
        entries,
        what=what,
        names=lambda entry: [str(entry.get("name", ""))],
        show=lambda entry: f"{entry.get('id')} {entry.get('name')}",
    )


def _board_row(board: dict[str, Any]) -> list[str]:
    place = board.get("location") or {}
    project = str(place.get("projectKey") or place.get("displayName") or "")
    return [str(board.get("id", "")), flat(board.get("name")), str(board.get("type", "")), project]


def _in_sprint(args: SprintIssues) -> str:
    clauses = Clauses()
    if args.sprint is None:
        if args.project_key is None:
            raise InvalidInput("Which sprint?", hint="Give sprint, or project_key.")
        clauses.parts.append("sprint in openSprints()")
    elif _NUMBER.match(args.sprint.strip()):
        clauses.parts.append(f"sprint = {args.sprint.strip()}")
    else:
        clauses.equals("sprint", one_line(args.sprint))
    clauses.equals("project", args.project_key)
    if args.open_only:
        clauses.parts.append("statusCategory != Done")
    return combined(None, clauses, order="rank ASC")
