"""The bulk move of Cloud: done at once, and told by a task."""

from typing import Any

from xerus_sandbox.operations import Answer, ApiError, Call
from xerus_sandbox.products.jira import access, scheme
from xerus_sandbox.products.jira.agile import object_of
from xerus_sandbox.products.jira.edits import item, record
from xerus_sandbox.products.model import Issue, Json, Project
from xerus_sandbox.products.times import jira_time
from xerus_sandbox.products.world import World


def submit(world: World, call: Call) -> Answer:
    """Move issues; 201 with the id of the task."""
    mapping = object_of(call).get("targetToSourcesMapping")
    if not isinstance(mapping, dict) or not mapping:
        raise _error("targetToSourcesMapping is required")
    plans = [_plan(world, call, target, given) for target, given in mapping.items()]
    moved = [
        int(issue.id)
        for issues, project, kind in plans
        for issue in issues
        if _move(world, call, issue, project, kind)
    ]
    data = world.jira_of(call)
    number = data.new_id()
    data.tasks[number] = {
        "taskId": number,
        "status": "COMPLETE",
        "progressPercent": 100,
        "submittedBy": {"accountId": call.account.account_id},
        "created": jira_time(call.now),
        "started": jira_time(call.now),
        "updated": jira_time(call.now),
        "totalIssueCount": len(moved),
        "processedAccessibleIssues": moved,
        "invalidOrInaccessibleIssueCount": 0,
    }
    return Answer(status=201, body={"taskId": number})


def progress(world: World, call: Call) -> Answer:
    """Tell how far a task is."""
    task = world.jira_of(call).tasks.get(call.params["taskId"])
    if task is None:
        raise _error("The task associated with this taskId is not a bulk operation task")
    return Answer(body=task)


def _error(text: str) -> ApiError:
    return ApiError(400, {"errors": [{"message": text}]})


def _plan(
    world: World, call: Call, target: str, given: Any
) -> tuple[list[Issue], Project, scheme.IssueType]:
    project_name, _, type_id = target.partition(",")
    project = world.jira_of(call).project(project_name)
    if project is None or project.key not in world.jira_of(call).visible(call.account.account_id):
        raise _error("The target project is not valid")
    kinds = {kind.id: kind for kind in scheme.types_of(project)}
    if type_id not in kinds:
        raise _error("The target issue type is not valid")
    names = given.get("issueIdsOrKeys") if isinstance(given, dict) else None
    try:
        issues = [access.issue(world, call, str(name)) for name in names or ["-"]]
    except ApiError as missing:
        text = "Some of the issues in the issueIdsOrKeys are not valid"
        raise _error(text) from missing
    return issues, project, kinds[type_id]


def _move(world: World, call: Call, issue: Issue, project: Project, kind: scheme.IssueType) -> Json:
    data, old = world.jira_of(call), issue.key
    below = [child for child in data.subtasks(old) if child.type == "Sub-task"]
    access.will_change(world, call, old)
    data.rename(issue, project.key)
    access.will_change(world, call, issue.key)
    issue.type, issue.sprint = kind.name, None
    issue.components, issue.fix_versions = [], []
    for child in below:
        _move(world, call, child, project, scheme.ISSUE_TYPES[child.type])
    change = item("Key", old, issue.key)
    record(world, call, issue, [change])
    return change
