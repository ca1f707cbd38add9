"""Boards and sprints as JSON, and finding them: one board for each project."""

from typing import Any

from xerus_sandbox.operations import ApiError, Call
from xerus_sandbox.products.jira import access, beans
from xerus_sandbox.products.model import Issue, Json, Project, Sprint
from xerus_sandbox.products.times import iso_time
from xerus_sandbox.products.world import JiraData, World

_FIRST_PROJECT = 9999
MOST_LISTED = 50
MOST_ISSUES = 100


def object_of(call: Call) -> Json:
    """Return the body, which has to be an object.

    Raises:
        ApiError: 400.
    """
    body = call.json()
    if not isinstance(body, dict):
        raise access.error(400, "Unexpected JSON: the body must be an object.")
    return body


def visible_boards(world: World, call: Call) -> dict[int, Project]:
    """Return the boards that the caller may see: their projects by the number of the board."""
    projects = world.jira_of(call).visible(call.account.account_id).values()
    return {int(item.id) - _FIRST_PROJECT: item for item in projects}


def board_number(item: Project) -> int:
    """Return the number of a project's board."""
    return int(item.id) - _FIRST_PROJECT


def board_kind(item: Project) -> str:
    """Return the type of a project's board; only scrum boards have sprints."""
    return "scrum" if item.kind == "software" else "kanban"


def find_board(world: World, call: Call, number: Any) -> Project:
    """Return the project of a board.

    Raises:
        ApiError: 404, for a missing and an invisible board alike.
    """
    found = visible_boards(world, call).get(int(number)) if str(number).isdecimal() else None
    if found is None:
        raise access.error(
            404,
            f"The requested board cannot be viewed because it either does not exist"
            f" or you do not have permission to view it: {number}",
        )
    return found


def find_sprint(world: World, call: Call) -> Sprint:
    """Return the sprint in the path.

    Raises:
        ApiError: 404, for a missing and an invisible sprint alike.
    """
    number = call.params["sprintId"]
    data = world.jira_of(call)
    found = data.sprints.get(int(number)) if number.isdecimal() else None
    if found is None or found.project not in data.visible(call.account.account_id):
        raise access.error(404, "Sprint does not exist or you do not have permission to view it.")
    return found


def issues_named(world: World, call: Call, given: Json) -> list[Issue]:
    """Return the issues that a body names; at most 50, all of them visible.

    Raises:
        ApiError: 400.
    """
    names = given.get("issues")
    if not isinstance(names, list) or not names:
        raise access.error(400, "The issues field must be an array of issue ids or keys.")
    if len(names) > MOST_LISTED:
        raise access.error(400, f"The maximum number of issues is {MOST_LISTED}.")
    found = []
    for name in map(str, names):
        try:
            found.append(access.issue(world, call, name))
        except ApiError as missing:
            raise access.error(
                400, f"Issue '{name}' does not exist or is not visible."
            ) from missing
    return found


def in_backlog(data: JiraData, issue: Issue) -> bool:
    """Tell whether an issue waits: not done, no epic or sub-task, in no open sprint."""
    if issue.status == "Done" or issue.type in {"Epic", "Sub-task"}:
        return False
    sprint = data.sprints.get(issue.sprint or 0)
    return sprint is None or sprint.state == "closed"


def agile_url(call: Call, path: str) -> str:
    """Return an absolute address of the agile API."""
    version = "/rest/api/3" if beans.is_cloud(call) else "/rest/api/2"
    return beans.rest_url(call, path).replace(version, "/rest/agile/1.0", 1)


def board_bean(call: Call, item: Project) -> Json:
    """Return a board."""
    number = board_number(item)
    bean: Json = {
        "id": number,
        "self": agile_url(call, f"board/{number}"),
        "name": f"{item.key} board",
        "type": board_kind(item),
    }
    if not beans.is_cloud(call):
        return bean
    location = {
        "projectId": int(item.id),
        "displayName": f"{item.name} ({item.key})",
        "projectName": item.name,
        "projectKey": item.key,
        "projectTypeKey": item.kind,
        "name": f"{item.name} ({item.key})",
    }
    return bean | {"location": location, "isPrivate": False}


def sprint_bean(world: World, call: Call, sprint: Sprint) -> Json:
    """Return a sprint; what was never set is left out."""
    project = world.jira_of(call).projects[sprint.project]
    times = {
        "startDate": sprint.start,
        "endDate": sprint.end,
        "completeDate": sprint.completed,
    }
    bean: Json = {
        "id": sprint.id,
        "self": agile_url(call, f"sprint/{sprint.id}"),
        "state": sprint.state,
        "name": sprint.name,
        **{name: iso_time(at) for name, at in times.items() if at is not None},
        "originBoardId": board_number(project),
        "goal": sprint.goal,
    }
    return bean if beans.is_cloud(call) else bean | {"synced": False, "autoStartStop": False}


def offset_page(call: Call, found: list[Json]) -> Json:
    """Return one page in the agile API's envelope."""
    start = access.number(call, "startAt", 0, most=10**9)
    size = access.number(call, "maxResults", MOST_LISTED, most=MOST_LISTED)
    return {
        "maxResults": size,
        "startAt": start,
        "total": len(found),
        "isLast": start + size >= len(found),
        "values": found[start : start + size],
    }
