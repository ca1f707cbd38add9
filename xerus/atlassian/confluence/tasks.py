"""Tasks on pages and blog posts: Cloud alone lists them, REST v2."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xerus.atlassian.confluence.client import Confluence
from xerus.atlassian.confluence.records import next_cursor

READ_TASK = "read:task:confluence"
WRITE_TASK = "write:task:confluence"
LIST = "GET /wiki/api/v2/tasks"
GET = "GET /wiki/api/v2/tasks/{id}"
PUT = "PUT /wiki/api/v2/tasks/{id}"

_FORM = {"body-format": "storage"}


@dataclass(frozen=True, kw_only=True)
class Task:
    """One task.

    Attributes:
        content_id: the page or blog post it stands on.
        assignee: an account id, '' for nobody.
        due: ISO 8601, '' without a day.
        body: its words, in storage format.
    """

    task_id: str
    content_id: str
    is_done: bool
    assignee: str
    due: str
    body: str


@dataclass(frozen=True, kw_only=True)
class TaskPage:
    """Some tasks, and the cursor for more."""

    tasks: list[Task]
    cursor: str | None


async def tasks(
    confluence: Confluence, filters: Mapping[str, str], *, limit: int, cursor: str | None
) -> TaskPage:
    """List tasks; `filters` are those of the operation, such as page-id and status."""
    query = {**filters, **_FORM, "include-blank-tasks": "false", "limit": str(limit)}
    answer = await confluence.send(
        "GET",
        "/wiki/api/v2/tasks",
        query=query | ({"cursor": cursor} if cursor else {}),
        scope=READ_TASK,
    )
    return TaskPage(
        tasks=[_task(entry) for entry in answer["results"]], cursor=next_cursor(answer, "cursor")
    )


async def task(confluence: Confluence, task_id: str) -> Task:
    """Read one task."""
    return _task(
        await confluence.send(
            "GET",
            "/wiki/api/v2/tasks/{id}",
            path={"id": task_id},
            query=_FORM,
            scope=READ_TASK,
        )
    )


async def tick(confluence: Confluence, task_id: str, *, done: bool) -> None:
    """Tick a task on its page, or take the tick away."""
    await confluence.send(
        "PUT",
        "/wiki/api/v2/tasks/{id}",
        path={"id": task_id},
        json={"status": "complete" if done else "incomplete"},
        scope=WRITE_TASK,
    )


def _task(entry: Mapping[str, Any]) -> Task:
    body = entry.get("body") or {}
    return Task(
        task_id=str(entry["id"]),
        content_id=str(entry.get("pageId") or entry.get("blogPostId") or ""),
        is_done=entry.get("status") == "complete",
        assignee=str(entry.get("assignedTo") or ""),
        due=str(entry.get("dueAt") or ""),
        body=str((body.get("storage") or {}).get("value") or ""),
    )
