"""Tasks on pages: whose, until when, done or not."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from xerus.atlassian.confluence import people
from xerus.atlassian.confluence import tasks as api
from xerus.atlassian.confluence.client import READ_SPACE, Confluence
from xerus.atlassian.confluence.people import FIND_PEOPLE, READ_ME
from xerus.atlassian.confluence.tasks import READ_TASK, WRITE_TASK, Task
from xerus.errors import InvalidInput
from xerus.settings.toolsets import Toolset
from xerus.tools.confluence.addressing import located, no_space, page_id_in
from xerus.tools.confluence.bodies import from_body
from xerus.tools.confluence.fields import PageRef, SpaceKey
from xerus.tools.confluence.people import account_of
from xerus.tools.declaration import Effect, ReadArgs, SiteArgs, tool
from xerus.tools.jira.since import instant
from xerus.tools.listing import Listing
from xerus.tools.readback import read_back
from xerus.tools.untrusted import clean, fenced, one_line

_COLUMNS = ("id", "done", "due", "assignee", "page", "task")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_Id = Annotated[str, Field(pattern=r"^[0-9]{1,18}$", description="Task id")]
_Day = Annotated[str, Field(max_length=40)]


class GetTasks(ReadArgs):
    """Which tasks."""

    page_id: PageRef | None = None
    space_key: SpaceKey | None = None
    assignee: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description='"me", name or account id'
    )
    status: Literal["open", "done", "all"] = Field(default="open", description="Which")
    due_from: _Day | None = Field(default=None, description="2026-01-31")
    due_to: _Day | None = Field(default=None, description="The same, included")
    limit: int = Field(default=25, ge=1, le=100, description="Most rows")
    cursor: str | None = Field(default=None, max_length=4000, description="From the answer before")


@tool(
    title="Get tasks",
    effect=Effect.READ,
    toolset=Toolset.EXTRA,
    scopes={READ_TASK},
    optional_scopes={READ_SPACE, READ_ME, FIND_PEOPLE},
    endpoints=(api.LIST, "GET /wiki/api/v2/spaces", people.ME, people.FIND),
)
async def get_tasks(confluence: Confluence, args: GetTasks) -> Listing:
    """List tasks (check boxes) on Confluence pages (Cloud)."""
    _check_cloud(confluence)
    page = await api.tasks(
        confluence, await _filters(confluence, args), limit=args.limit, cursor=args.cursor
    )
    return Listing(
        noun="task",
        columns=_COLUMNS,
        rows=[_row(one) for one in page.tasks],
        source=f"confluence {confluence.target.site_name} tasks",
        cursor=page.cursor,
        nothing="No such tasks.",
    )


async def _filters(confluence: Confluence, args: GetTasks) -> dict[str, str]:
    found: dict[str, str] = {}
    if args.page_id is not None:
        where = located(confluence, args.page_id)
        if where.kind == "blogpost":
            found["blogpost-id"] = where.page_id
        else:
            found["page-id"] = page_id_in(confluence, args.page_id)
    if args.status != "all":
        found["status"] = "complete" if args.status == "done" else "incomplete"
    for name, day in (("due-at-from", args.due_from), ("due-at-to", args.due_to)):
        if day is not None:
            found[name] = _epoch(day, is_end=name.endswith("to"))
    if args.space_key is not None:
        space = await confluence.space(args.space_key)
        if space is None:
            raise no_space(args.space_key)
        found["space-id"] = space.space_id
    if args.assignee is not None:
        found["assigned-to"] = await account_of(confluence, args.assignee.strip())
    return found


def _epoch(day: str, *, is_end: bool) -> str:
    """Return milliseconds; a day without a time ends at its end."""
    at = instant(day)
    if is_end and _DAY.match(day.strip()):
        at += timedelta(days=1, milliseconds=-1)
    return str(int(at.timestamp() * 1000))


def _row(task: Task) -> list[str]:
    done = "yes" if task.is_done else ""
    return [task.task_id, done, task.due[:10], task.assignee, task.content_id, _words(task)]


def _words(task: Task) -> str:
    return from_body(task.body).markdown


class TickTask(SiteArgs):
    """Which task, and how it shall be."""

    task_id: _Id
    done: bool = Field(default=True, description="false: open again")


@dataclass(frozen=True, kw_only=True)
class Ticked:
    """A task before and after."""

    before: Task
    after: Task
    problem: str

    def markdown(self) -> str:
        """Return what is so now, what was, and the task's words, fenced."""
        task = self.after
        head = (
            f"{self.problem}Task {task.task_id} on page {task.content_id} is {_state(task)}; "
            f"before it was {_state(self.before)}."
        )
        return f"{head}\n{fenced(one_line(_words(task)), source=f'confluence task {task.task_id}')}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {
            "task_id": self.after.task_id,
            "page_id": self.after.content_id,
            "done": {"old": self.before.is_done, "new": self.after.is_done},
            "task": clean(_words(self.after)),
            "untrusted": ["task"],
        }


@tool(
    title="Tick task",
    effect=Effect.UPDATE,
    toolset=Toolset.EXTRA,
    scopes={READ_TASK, WRITE_TASK},
    endpoints=(api.GET, api.PUT),
)
async def tick_task(confluence: Confluence, args: TickTask) -> Ticked:
    """Tick a task on a Confluence page, or open it again (Cloud)."""
    _check_cloud(confluence)
    before = await api.task(confluence, args.task_id)
    await api.tick(confluence, args.task_id, done=args.done)
    after, problem = await read_back(api.task(confluence, args.task_id), otherwise=before)
    if not problem and after.is_done != args.done:
        problem = "But Confluence did not take it. "
    return Ticked(before=before, after=after, problem=problem)


def _state(task: Task) -> str:
    return "done" if task.is_done else "open"


def _check_cloud(confluence: Confluence) -> None:
    if not confluence.is_cloud:
        raise InvalidInput(
            "Confluence Data Center has no tasks in its REST API.",
            hint="They stand in the page: confluence_get_page shows them, "
            "confluence_update_page changes them.",
        )
