"""Operations on one issue: create, read, edit, assign, delete."""

from typing import Any

from xerus_sandbox.operations import Answer, ApiError, Call
from xerus_sandbox.products.jira import access, beans, comments, scheme
from xerus_sandbox.products.jira.edits import Edit, FieldError, account, record
from xerus_sandbox.products.jira.fields import chosen, issue_bean
from xerus_sandbox.products.model import Issue, Json, Project
from xerus_sandbox.products.world import World

_MOST_IN_BULK = 50


def get(world: World, call: Call) -> Answer:
    """Read an issue; all fields unless `fields` says otherwise."""
    issue = access.issue(world, call)
    names = chosen(call.query.getlist("fields"), default="*all")
    return Answer(body=issue_bean(world, call, issue, names, access.expansions(call)))


def create(world: World, call: Call) -> Answer:
    """Create an issue; 201 with id, key and self."""
    return Answer(status=201, body=_created(world, call, _object(call)))


def create_bulk(world: World, call: Call) -> Answer:
    """Create up to 50 issues; 201 when any was created, with the failures by their position."""
    given = _object(call).get("issueUpdates")
    items = given if isinstance(given, list) else []
    if not 0 < len(items) <= _MOST_IN_BULK:
        errors = [_failure(0, access.error(400, "Give 1 to 50 issues.").body)]
        return Answer(status=400, body={"issues": [], "errors": errors})
    created, errors = [], []
    for position, item in enumerate(items):
        try:
            created.append(_created(world, call, item if isinstance(item, dict) else {}))
        except ApiError as error:
            errors.append(_failure(position, error.body))
    return Answer(status=201 if created else 400, body={"issues": created, "errors": errors})


def _failure(position: int, body: Json) -> Json:
    return {
        "status": 400,
        "elementErrors": {**body, "status": 400},
        "failedElementNumber": position,
    }


def _created(world: World, call: Call, body: Json) -> Json:
    fields = body.get("fields")
    if not isinstance(fields, dict):
        raise access.error(400, project="Specify a valid project ID or key")
    project = _project(world, call, fields.get("project"))
    kind = _type(project, fields.get("issuetype"))
    edit = Edit(world=world, call=call, project=project, type=kind)
    edit.read(body, None)
    if "summary" not in fields:
        edit.errors["summary"] = "You must specify a summary of the issue."
    if kind.level < 0 and not fields.get("parent"):
        edit.errors["issuetype"] = (
            "Issue type is a sub-task but parent issue key or id not specified."
        )
    if edit.errors:
        raise access.error(400, **edit.errors)
    issue = _store(world, call, edit)
    url = beans.rest_url(call, f"issue/{issue.id}")
    return {"id": issue.id, "key": issue.key, "self": url}


def changelog(world: World, call: Call) -> Answer:
    """Page through the changelog of Cloud, the oldest entry first."""
    issue = access.issue(world, call)
    start = access.number(call, "startAt", 0, most=10**9)
    size = access.number(call, "maxResults", 100, most=100)
    entries = [beans.change(world, call, item) for item in issue.history[start : start + size]]
    return Answer(
        body={
            "self": beans.rest_url(call, f"issue/{issue.key}/changelog"),
            "maxResults": size,
            "startAt": start,
            "total": len(issue.history),
            "isLast": start + size >= len(issue.history),
            "values": entries,
        }
    )


def edit(world: World, call: Call) -> Answer:
    """Edit fields; 204, or 200 with the issue if `returnIssue` is true. All of it or nothing."""
    issue = access.issue(world, call)
    body = _object(call)
    if not body.get("fields") and not body.get("update"):
        raise access.error(400, "one of 'fields' or 'update' required")
    project = world.jira_of(call).projects[issue.project]
    changes = Edit(world=world, call=call, project=project, type=scheme.ISSUE_TYPES[issue.type])
    changes.read(body, issue)
    added = _comments_to_add(call, body, changes)
    if changes.errors:
        raise access.error(400, **changes.errors)
    access.will_change(world, call, issue.key)
    record(world, call, issue, changes.apply(issue))
    for text in added:
        comments.add(world, call, issue, text)
    if call.query.get("returnIssue") == "true" and beans.is_cloud(call):
        return Answer(body=issue_bean(world, call, issue, chosen([], default="*all")))
    return Answer(status=204)


def assign(world: World, call: Call) -> Answer:
    """Set the assignee: null for nobody, `-1` for the project's default (nobody here); 204."""
    issue = access.issue(world, call)
    body = _object(call)
    given = body.get("accountId" if beans.is_cloud(call) else "name")
    try:
        chosen_account = None if given == "-1" else account(world, call, body)
    except FieldError as problem:
        raise access.error(400, assignee=str(problem)) from problem
    access.will_change(world, call, issue.key)
    project = world.jira_of(call).projects[issue.project]
    change = Edit(world=world, call=call, project=project, type=scheme.ISSUE_TYPES[issue.type])
    change.values["assignee"] = chosen_account
    record(world, call, issue, change.apply(issue))
    return Answer(status=204)


def delete(world: World, call: Call) -> Answer:
    """Delete an issue; 204, or 400 if it has sub-tasks and `deleteSubtasks` is not true."""
    issue = access.issue(world, call)
    data = world.jira_of(call)
    below = [child for child in data.subtasks(issue.key) if child.type == "Sub-task"]
    if below and call.query.get("deleteSubtasks", "").lower() != "true":
        raise access.error(
            400,
            f"The issue '{issue.key}' has subtasks.  You must specify the 'deleteSubtasks' parameter"
            " to delete this issue and all its subtasks.",
        )
    for gone in (*below, issue):
        access.will_change(world, call, gone.key)
        data.remove(gone)
    for child in data.subtasks(issue.key):
        child.parent = None
    return Answer(status=204)


def _object(call: Call) -> Json:
    body = call.json()
    if not isinstance(body, dict):
        raise access.error(400, "Unexpected JSON: the body must be an object.")
    return body


def _project(world: World, call: Call, value: Any) -> Project:
    given = value if isinstance(value, dict) else {}
    data = world.jira_of(call)
    found = data.project(str(given.get("key") or given.get("id") or ""))
    if found is None or found.key not in data.visible(call.account.account_id):
        raise access.error(400, project="Specify a valid project ID or key")
    return found


def _type(project: Project, value: Any) -> scheme.IssueType:
    given = value if isinstance(value, dict) else {}
    if not given.get("id") and not given.get("name"):
        raise access.error(400, issuetype="Specify an issue type")
    for kind in scheme.types_of(project):
        if str(given.get("id", "")) == kind.id or given.get("name") == kind.name:
            return kind
    raise access.error(400, issuetype="Specify a valid issue type")


def _store(world: World, call: Call, edit: Edit) -> Issue:
    data = world.jira_of(call)
    key = data.new_key(edit.project.key)
    access.will_change(world, call, key)
    issue = Issue(
        id=data.new_id(),
        key=key,
        project=edit.project.key,
        type=edit.type.name,
        summary=edit.values["summary"],
        reporter=call.account.account_id,
        created=call.now,
        updated=call.now,
        watchers=[call.account.account_id],
    )
    edit.apply(issue)
    data.add(issue)
    return issue


def _comments_to_add(call: Call, body: Json, changes: Edit) -> list[Any]:
    texts = []
    for operation in access.operations(body, "comment"):
        try:
            texts.append(comments.text_of(call, operation.get("add")))
        except FieldError as problem:
            changes.errors["comment"] = str(problem)
    return texts
