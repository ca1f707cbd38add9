"""Tasks of Confluence Cloud, REST v2: found in the bodies of current pages and ticked there."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.confluence import access, bodies
from xerus_sandbox.products.model import Json, Page
from xerus_sandbox.products.times import iso_time
from xerus_sandbox.products.world import World

_TASK = re.compile(r"<ac:task>(.*?)</ac:task>", re.DOTALL)
_STATUS = re.compile(r"<ac:task-status>(\w+)</ac:task-status>")
_BODY = re.compile(r"<ac:task-body>(.*)</ac:task-body>", re.DOTALL)
_PERSON = re.compile(r'ri:account-id="([^"]*)"')
_DUE = re.compile(r'<time datetime="(\d{4}-\d{2}-\d{2})"')
_PLACES = 1000
"""A page's tasks are numbered within it."""


@dataclass(frozen=True, kw_only=True)
class _Task:
    page: Page
    number: int
    is_done: bool
    body: str

    @property
    def id(self) -> str:
        return str(int(self.page.id) * _PLACES + self.number)

    @property
    def assignee(self) -> str:
        found = _PERSON.search(self.body)
        return found[1] if found else ""

    @property
    def due(self) -> float | None:
        found = _DUE.search(self.body)
        return datetime.fromisoformat(found[1]).replace(tzinfo=UTC).timestamp() if found else None


def tasks(world: World, call: Call) -> Answer:
    """GET /tasks: those on pages that the caller may see."""
    data, account = world.confluence_of(call), call.account.account_id
    rows = [
        task
        for page in data.pages.values()
        if page.status == "current" and data.visible_space(page.space, account)
        for task in _on(page)
    ]
    for name, of in _FILTERS.items():
        wanted = {part for text in call.query.getlist(name) for part in text.split(",") if part}
        rows = [task for task in rows if not wanted or of(task) in wanted]
    rows = [task for task in rows if _is_due(call, task)]
    shown = _format(call)
    return access.v2_answer(call, rows, lambda task: _bean(task, shown))


def get(world: World, call: Call) -> Answer:
    """GET /tasks/{id}."""
    return Answer(body=_bean(_find(world, call), _format(call)))


def update(world: World, call: Call) -> Answer:
    """PUT /tasks/{id}: only the status; the page gets a version with it."""
    task = _find(world, call)
    status = access.object_body(call).get("status")
    if status not in ("complete", "incomplete"):
        raise access.v2_error(400, "The status must be 'complete' or 'incomplete'")
    is_done = status == "complete"
    if is_done != task.is_done:
        _tick(world, call, task, is_done=is_done)
    return Answer(body=_bean(replace(task, is_done=is_done), _format(call)))


_FILTERS: dict[str, Callable[[_Task], str]] = {
    "task-id": lambda task: task.id,
    "page-id": lambda task: task.page.id if task.page.kind == "page" else "",
    "blogpost-id": lambda task: task.page.id if task.page.kind == "blogpost" else "",
    "space-id": lambda task: task.page.space,
    "assigned-to": lambda task: task.assignee,
    "created-by": lambda task: task.page.author,
    "status": lambda task: "complete" if task.is_done else "incomplete",
}


def _on(page: Page) -> Iterator[_Task]:
    if "ask" not in page.current.body:  # neither ac:task nor taskItem: spares a conversion
        return
    for number, found in enumerate(_TASK.findall(bodies.as_storage(page.current)), 1):
        status, body = _STATUS.search(found), _BODY.search(found)
        yield _Task(
            page=page,
            number=number,
            is_done=bool(status and status[1] == "complete"),
            body=body[1] if body else "",
        )


def _find(world: World, call: Call) -> _Task:
    task_id = call.params["id"]
    if not task_id.isdecimal():
        raise access.v2_error(400, f"Provided value {{{task_id}}} for 'id' is not a number")
    page = access.page(world, call, str(int(task_id) // _PLACES))
    for task in _on(page):
        if task.id == task_id:
            return task
    raise access.v2_error(404, "Not Found")


def _is_due(call: Call, task: _Task) -> bool:
    first, last = (_moment(call, name) for name in ("due-at-from", "due-at-to"))
    if first is None and last is None:
        return True
    return (
        task.due is not None
        and (first is None or task.due >= first)
        and (last is None or task.due <= last)
    )


def _moment(call: Call, name: str) -> float | None:
    text = call.query.get(name)
    if text is None:
        return None
    if not text.lstrip("-").isdecimal():
        raise access.v2_error(400, f"Provided value {{{text}}} for '{name}' is not a number")
    return int(text) / 1000


def _format(call: Call) -> str | None:
    form = call.query.get("body-format")
    if form not in (None, *bodies.ON_LISTS):
        raise access.v2_error(400, f"Provided value {{{form}}} for 'body-format' is unknown")
    return form


def _bean(task: _Task, form: str | None) -> Json:
    page = task.page
    body: Json = {
        "id": task.id,
        "localId": str(task.number),
        "spaceId": page.space,
        "pageId" if page.kind == "page" else "blogPostId": page.id,
        "status": "complete" if task.is_done else "incomplete",
        "body": {form: {"representation": form, "value": task.body}} if form else {},
        "createdBy": page.author,
        "createdAt": iso_time(page.created),
        "updatedAt": iso_time(page.current.created),
    }
    if task.assignee:
        body["assignedTo"] = task.assignee
    if task.due is not None:
        body["dueAt"] = iso_time(task.due)
    return body


def _tick(world: World, call: Call, task: _Task, *, is_done: bool) -> None:
    page, old = task.page, task.page.current
    if old.representation == "storage":
        body = _in_storage(old.body, task.number, "complete" if is_done else "incomplete")
    else:
        document = orjson.loads(old.body)
        list(_items(document))[task.number - 1]["attrs"]["state"] = "DONE" if is_done else "TODO"
        body = orjson.dumps(document).decode()
    access.will_change(world, call, page.id)
    page.versions.append(
        replace(
            old,
            number=old.number + 1,
            author=call.account.account_id,
            created=call.now,
            message="",
            body=body,
        )
    )


def _in_storage(body: str, number: int, status: str) -> str:
    found = list(_TASK.finditer(body))[number - 1]
    changed = _STATUS.sub(f"<ac:task-status>{status}</ac:task-status>", found[0], count=1)
    return body[: found.start()] + changed + body[found.end() :]


def _items(node: Any) -> Iterator[Json]:
    """Yield the task items of a document in order."""
    if node.get("type") == "taskItem":
        yield node
    for child in node.get("content", ()):
        yield from _items(child)
