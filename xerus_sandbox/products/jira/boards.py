"""Operations on boards, their sprints and backlogs, and on the rank of issues."""

from collections.abc import Iterable

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.jira import access
from xerus_sandbox.products.jira.agile import (
    MOST_ISSUES,
    board_bean,
    board_kind,
    find_board,
    find_sprint,
    in_backlog,
    issues_named,
    object_of,
    offset_page,
    sprint_bean,
    visible_boards,
)
from xerus_sandbox.products.jira.fields import chosen, issue_bean
from xerus_sandbox.products.jira.jql import Search, parse
from xerus_sandbox.products.model import Issue, Json
from xerus_sandbox.products.world import World

_STATES = ("closed", "active", "future")


def boards(world: World, call: Call) -> Answer:
    """List boards by part of the name, type and project."""
    name, kind = call.query.get("name", "").lower(), call.query.get("type")
    key = call.query.get("projectKeyOrId")
    project = access.named_project(world, call, key) if key else None
    found = [
        board_bean(call, item)
        for item in visible_boards(world, call).values()
        if project is None or project is item
        if kind in {None, "", board_kind(item)}
    ]
    return Answer(body=offset_page(call, [b for b in found if name in b["name"].lower()]))


def board(world: World, call: Call) -> Answer:
    """Return one board."""
    return Answer(body=board_bean(call, find_board(world, call, call.params["boardId"])))


def sprints(world: World, call: Call) -> Answer:
    """List the sprints of a board: closed ones first, then the active, then future ones."""
    item = find_board(world, call, call.params["boardId"])
    if board_kind(item) != "scrum":
        raise access.error(400, "The board does not support sprints")
    states = call.query.get("state", ",".join(_STATES)).split(",")
    if wrong := set(states) - set(_STATES):
        raise access.error(400, f"Unknown sprint state: {', '.join(sorted(wrong))}")
    found = [
        sprint
        for sprint in world.jira_of(call).sprints.values()
        if sprint.project == item.key and sprint.state in states
    ]
    found.sort(key=lambda sprint: (_STATES.index(sprint.state), sprint.id))
    return Answer(body=offset_page(call, [sprint_bean(world, call, one) for one in found]))


def backlog(world: World, call: Call) -> Answer:
    """List what waits on a board, in the order of rank."""
    item = find_board(world, call, call.params["boardId"])
    data = world.jira_of(call)
    rows = _searched(world, call)
    found = [issue for issue in rows if issue.project == item.key and in_backlog(data, issue)]
    return Answer(body=_issue_page(world, call, sorted(found, key=_place)))


def issues_of_board(world: World, call: Call) -> Answer:
    """List the issues of a board, in the order of rank."""
    item = find_board(world, call, call.params["boardId"])
    found = [issue for issue in _searched(world, call) if issue.project == item.key]
    return Answer(body=_issue_page(world, call, sorted(found, key=_place)))


def issues_of_sprint(world: World, call: Call) -> Answer:
    """List the issues of a sprint, of a board if one is named, in the order of rank."""
    sprint = find_sprint(world, call)
    if "boardId" in call.params:
        find_board(world, call, call.params["boardId"])
    found = [issue for issue in _searched(world, call) if issue.sprint == sprint.id]
    return Answer(body=_issue_page(world, call, sorted(found, key=_place)))


def _searched(world: World, call: Call) -> list[Issue]:
    query = parse(call.query.get("jql", ""))
    return Search(world=world, data=world.jira_of(call), call=call).run(query)


def to_backlog(world: World, call: Call) -> Answer:
    """Take issues out of their sprints; 204."""
    for issue in issues_named(world, call, object_of(call)):
        access.will_change(world, call, issue.key)
        issue.sprint, issue.updated = None, call.now
    return Answer(status=204)


def rank_issues(world: World, call: Call) -> Answer:
    """Put issues right before or after another one, in the given order; 204."""
    given = object_of(call)
    moved = issues_named(world, call, given)
    before, after = given.get("rankBeforeIssue"), given.get("rankAfterIssue")
    if bool(before) == bool(after):
        raise access.error(400, "Specify either rankBeforeIssue or rankAfterIssue.")
    anchor = access.issue(world, call, str(before or after))
    if anchor in moved:
        raise access.error(400, "An issue cannot be ranked relative to itself.")
    low, high = _gap(world.jira_of(call).issues.values(), moved, anchor, is_before=bool(before))
    for position, issue in enumerate(moved, start=1):
        access.will_change(world, call, issue.key)
        issue.rank = low + (high - low) * position / (len(moved) + 1)
    return Answer(status=204)


def _place(issue: Issue) -> float:
    return issue.place


def _gap(
    issues: Iterable[Issue], moved: list[Issue], anchor: Issue, *, is_before: bool
) -> tuple[float, float]:
    """Return the ranks between which there is room next to the anchor."""
    keys = {issue.key for issue in moved}
    order = sorted((i for i in issues if i.key not in keys), key=_place)
    place = order.index(anchor)
    if is_before:
        return (order[place - 1].place if place else anchor.place - 1), anchor.place
    last = place + 1 == len(order)
    return anchor.place, anchor.place + 1 if last else order[place + 1].place


def _issue_page(world: World, call: Call, found: list[Issue]) -> Json:
    start = access.number(call, "startAt", 0, most=10**9)
    size = access.number(call, "maxResults", 50, most=MOST_ISSUES)
    names = chosen(call.query.getlist("fields"), default="*navigable")
    return {
        "expand": "schema,names",
        "startAt": start,
        "maxResults": size,
        "total": len(found),
        "issues": [issue_bean(world, call, one, names) for one in found[start : start + size]],
    }
