"""Operations on sprints: read, create, change their state, put issues in."""

from datetime import datetime
from typing import Any

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.jira import access
from xerus_sandbox.products.jira.agile import (
    board_kind,
    find_board,
    find_sprint,
    issues_named,
    object_of,
    sprint_bean,
)
from xerus_sandbox.products.model import Json, Sprint
from xerus_sandbox.products.world import World

_LONGEST_NAME = 30
_STEPS = {("future", "active"), ("active", "closed")}


def get(world: World, call: Call) -> Answer:
    """Return one sprint."""
    return Answer(body=sprint_bean(world, call, find_sprint(world, call)))


def create(world: World, call: Call) -> Answer:
    """Create a future sprint on a scrum board; 201."""
    given = object_of(call)
    item = find_board(world, call, given.get("originBoardId"))
    if board_kind(item) != "scrum":
        raise access.error(400, "The board does not support sprints")
    sprints = world.jira_of(call).sprints
    sprint = Sprint(
        id=max(sprints, default=0) + 1,
        name=_name(given.get("name")),
        project=item.key,
        state="future",
        goal=str(given.get("goal") or ""),
        start=_instant(given, "startDate"),
        end=_instant(given, "endDate"),
    )
    _check_dates(sprint.start, sprint.end)
    sprints[sprint.id] = sprint
    return Answer(status=201, body=sprint_bean(world, call, sprint))


def change(world: World, call: Call) -> Answer:
    """Change what is given and leave the rest; starting and closing go by `state`."""
    sprint, given = find_sprint(world, call), object_of(call)
    start = _instant(given, "startDate") or sprint.start
    end = _instant(given, "endDate") or sprint.end
    name = _name(given["name"]) if "name" in given else sprint.name
    _check_dates(start, end)
    state = given.get("state", sprint.state)
    if state != sprint.state:
        _check_step(world, call, sprint, state, dated=start is not None and end is not None)
    sprint.name, sprint.start, sprint.end, sprint.state = name, start, end, state
    sprint.goal = str(given.get("goal", sprint.goal))
    if state == "closed" and sprint.completed is None:
        sprint.completed = call.now
    return Answer(body=sprint_bean(world, call, sprint))


def replace(world: World, call: Call) -> Answer:
    """Set a sprint as a whole: what is not given is taken away; a name is required."""
    sprint, given = find_sprint(world, call), object_of(call)
    name = _name(given.get("name"))
    start, end = _instant(given, "startDate"), _instant(given, "endDate")
    _check_dates(start, end)
    state = given.get("state", sprint.state)
    if state != sprint.state:
        _check_step(world, call, sprint, state, dated=start is not None and end is not None)
    sprint.name, sprint.start, sprint.end, sprint.state = name, start, end, state
    sprint.goal = str(given.get("goal") or "")
    return Answer(body=sprint_bean(world, call, sprint))


def delete(world: World, call: Call) -> Answer:
    """Delete a sprint; its issues go to the backlog; 204."""
    sprint = find_sprint(world, call)
    data = world.jira_of(call)
    for issue in data.issues.values():
        if issue.sprint == sprint.id:
            access.will_change(world, call, issue.key)
            issue.sprint = None
    del data.sprints[sprint.id]
    return Answer(status=204)


def add_issues(world: World, call: Call) -> Answer:
    """Move issues into an open sprint; 204."""
    sprint = find_sprint(world, call)
    if sprint.state == "closed":
        raise access.error(400, "Issues can only be moved to open or active sprints.")
    for issue in issues_named(world, call, object_of(call)):
        access.will_change(world, call, issue.key)
        issue.sprint, issue.updated = sprint.id, call.now
    return Answer(status=204)


def _check_step(world: World, call: Call, sprint: Sprint, state: Any, *, dated: bool) -> None:
    if (sprint.state, state) not in _STEPS:
        raise access.error(400, f"A sprint cannot go from {sprint.state} to {state}.")
    if state != "active":
        return
    if not dated:
        raise access.error(400, "A sprint needs a start date and an end date to be started.")
    others = world.jira_of(call).sprints.values()
    if any(one.project == sprint.project and one.state == "active" for one in others):
        raise access.error(400, "There is already an active sprint on this board.")


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise access.error(400, name="A sprint needs a name.")
    if len(value) > _LONGEST_NAME:
        raise access.error(400, name="A sprint name must be shorter than 30 characters.")
    return value


def _instant(given: Json, name: str) -> float | None:
    value = given.get(name)
    if not value:
        return None
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError as problem:
        raise access.error(400, **{name: f"Cannot parse the date '{value}'."}) from problem
    if at.tzinfo is None:
        raise access.error(400, **{name: f"The date '{value}' has no time zone."})
    return at.timestamp()


def _check_dates(start: float | None, end: float | None) -> None:
    if start is not None and end is not None and end <= start:
        raise access.error(400, "The end date of a sprint must be after its start date.")
