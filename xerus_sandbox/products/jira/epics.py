"""Operations on what is in an epic, as Data Center has them: the parent is no field there."""

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.jira import access
from xerus_sandbox.products.jira.agile import issues_named, object_of
from xerus_sandbox.products.jira.fields import chosen, issue_bean
from xerus_sandbox.products.model import Issue
from xerus_sandbox.products.world import World


def get_issue(world: World, call: Call) -> Answer:
    """Read an issue with `epic` among its fields."""
    issue = access.issue(world, call)
    data = world.jira_of(call)
    bean = issue_bean(world, call, issue, chosen(call.query.getlist("fields"), default="*all"))
    epic = data.issues.get(issue.parent or "")
    bean["fields"]["epic"] = (
        {"id": int(epic.id), "key": epic.key, "name": epic.summary, "done": epic.status == "Done"}
        if epic is not None and epic.type == "Epic"
        else None
    )
    return Answer(body=bean)


def put_in(world: World, call: Call) -> Answer:
    """Put issues into an epic; 204."""
    epic = access.issue(world, call, call.params["epicIdOrKey"])
    if epic.type != "Epic":
        raise access.error(400, "The issue is not an epic.")
    for issue in _movable(world, call):
        issue.parent = epic.key
    return Answer(status=204)


def take_out(world: World, call: Call) -> Answer:
    """Take issues out of their epics; 204."""
    for issue in _movable(world, call):
        issue.parent = None
    return Answer(status=204)


def _movable(world: World, call: Call) -> list[Issue]:
    issues = issues_named(world, call, object_of(call))
    if any(issue.type in {"Epic", "Sub-task"} for issue in issues):
        raise access.error(400, "Epics and sub-tasks cannot be in an epic.")
    for issue in issues:
        access.will_change(world, call, issue.key)
        issue.updated = call.now
    return issues
