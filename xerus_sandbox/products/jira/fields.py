"""An issue as JSON: which fields were asked for, and each field's value."""

from collections.abc import Iterable
from typing import Any

from xerus_sandbox.operations import Call
from xerus_sandbox.products.jira import beans, metadata, roles, scheme, versions
from xerus_sandbox.products.model import Issue, Json, Link, Sprint
from xerus_sandbox.products.times import iso_time, jira_time
from xerus_sandbox.products.world import JiraData, World

_NOT_NAVIGABLE = frozenset({"comment", "issuelinks", "subtasks", "worklog", "attachment"})
_MOST_CHANGES = 100
"""Cloud embeds no more changelog entries in an issue."""
_MOST_WORKLOGS = 20
_EXPANDABLE = "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations"
_LINK_WORDS = {
    "Blocks": ("is blocked by", "blocks"),
    "Relates": ("relates to", "relates to"),
    "Duplicate": ("is duplicated by", "duplicates"),
}
_LINK_IDS = {"Blocks": "10000", "Relates": "10001", "Duplicate": "10002"}


def chosen(asked: Iterable[str], *, default: str) -> list[str]:
    """Return the field ids that a `fields` parameter selects; `-name` takes one away."""
    names = [name.strip() for part in asked for name in part.split(",") if name.strip()]
    if not names or all(name.startswith("-") for name in names):
        names = [default, *names]
    ids: list[str] = []
    for name in names:
        if name == "*all":
            ids += scheme.FIELDS
        elif name == "*navigable":
            ids += [field for field in scheme.FIELDS if field not in _NOT_NAVIGABLE]
        elif name.startswith("-"):
            ids = [field for field in ids if field != name[1:]]
        elif name in scheme.FIELDS:
            ids.append(name)
    return list(dict.fromkeys(ids))


def issue_bean(
    world: World, call: Call, issue: Issue, names: list[str], expand: frozenset[str] = frozenset()
) -> Json:
    """Return an issue with these fields and expansions."""
    data = world.jira_of(call)
    bean: Json = {
        "expand": _EXPANDABLE,
        "id": issue.id,
        "self": beans.rest_url(call, f"issue/{issue.id}"),
        "key": issue.key,
        "fields": {name: _value(world, data, call, issue, name) for name in names},
    }
    if issue.parent is None:
        bean["fields"].pop("parent", None)
    if "renderedFields" in expand:
        bean["renderedFields"] = _rendered(world, call, issue, names)
    if "names" in expand:
        bean["names"] = {name: scheme.FIELDS[name].name for name in names}
    if "changelog" in expand:
        bean["changelog"] = changelog(world, call, issue)
    if "editmeta" in expand:
        bean["editmeta"] = metadata.edit_fields_of(world, call, issue)
    if "transitions" in expand:
        with_fields = "transitions.fields" in expand
        bean["transitions"] = [
            beans.transition(call, issue, item, fields=with_fields)
            for item in scheme.transitions_of(issue)
        ]
    return bean


def changelog(world: World, call: Call, issue: Issue) -> Json:
    """Return the changelog as `expand=changelog` shows it, newest first."""
    entries = [beans.change(world, call, change) for change in reversed(issue.history)]
    if beans.is_cloud(call):
        entries = entries[:_MOST_CHANGES]
    total = len(issue.history)
    return {"startAt": 0, "maxResults": len(entries), "total": total, "histories": entries}


def _rendered(world: World, call: Call, issue: Issue, names: list[str]) -> Json:
    rendered: Json = dict.fromkeys(names)
    if "description" in rendered:
        rendered["description"] = beans.html(issue.description)
    if "comment" in rendered:
        comments = [
            {**beans.comment(world, call, issue, item), "body": beans.html(item.body)}
            for item in roles.readable(world, call, issue)
        ]
        rendered["comment"] = {"comments": comments, "total": len(comments)}
    return rendered


def _value(  # noqa: C901, PLR0911, PLR0912 - one line per field
    world: World, data: JiraData, call: Call, issue: Issue, name: str
) -> Any:
    match name:
        case "summary" | "description" | "labels" | "duedate":
            return getattr(issue, name)
        case "issuetype":
            return beans.issue_type(call, scheme.ISSUE_TYPES[issue.type])
        case "project":
            return beans.project(call, data.projects[issue.project])
        case "parent":
            return _brief(call, data, issue.parent)
        case "status":
            return beans.status(call, issue.status)
        case "resolution":
            return beans.resolution(call, issue.resolution) if issue.resolution else None
        case "priority":
            return beans.priority(call, issue.priority)
        case "assignee":
            return beans.user_or_none(world, call, issue.assignee)
        case "reporter" | "creator":
            return beans.user_or_none(world, call, issue.reporter)
        case "created" | "updated":
            return jira_time(getattr(issue, name))
        case "resolutiondate":
            return jira_time(issue.resolved) if issue.resolved else None
        case "components":
            return [{"name": item, "id": str(30000 + n)} for n, item in enumerate(issue.components)]
        case "fixVersions":
            beans_of = versions.beans_of(call, data.projects[issue.project])
            return [bean for bean in beans_of if bean["name"] in issue.fix_versions]
        case "issuelinks":
            return _links(call, data, issue)
        case "subtasks":
            return [_brief(call, data, child.key) for child in data.subtasks(issue.key)]
        case "comment":
            return _comments(world, call, issue)
        case "worklog":
            return _worklogs(world, call, issue)
        case "attachment":
            return [beans.attachment(world, call, item) for item in issue.attachments]
        case "watches":
            return _watches(call, issue)
        case "customfield_10016" | "customfield_10031":
            return issue.custom.get(name)
        case "customfield_10030":
            severity = issue.custom.get(name)
            return beans.severity(call, severity) if severity else None
        case "customfield_10032":
            return beans.user_or_none(world, call, issue.custom.get(name))
        case _:
            return _sprint(call, data, issue)


def _comments(world: World, call: Call, issue: Issue) -> Json:
    items = [beans.comment(world, call, issue, item) for item in roles.readable(world, call, issue)]
    page = {"comments": items, "maxResults": len(items), "total": len(items), "startAt": 0}
    return {**page, "self": beans.rest_url(call, f"issue/{issue.id}/comment")}


def _worklogs(world: World, call: Call, issue: Issue) -> Json:
    items = [beans.worklog(world, call, issue, item) for item in issue.worklogs[:_MOST_WORKLOGS]]
    total = len(issue.worklogs)
    return {"startAt": 0, "maxResults": _MOST_WORKLOGS, "total": total, "worklogs": items}


def _watches(call: Call, issue: Issue) -> Json:
    return {
        "self": beans.rest_url(call, f"issue/{issue.key}/watchers"),
        "watchCount": len(issue.watchers),
        "isWatching": call.account.account_id in issue.watchers,
    }


def _brief(call: Call, data: JiraData, key: str | None) -> Json | None:
    issue = data.issues.get(key) if key else None
    if issue is None:
        return None
    return {
        "id": issue.id,
        "key": issue.key,
        "self": beans.rest_url(call, f"issue/{issue.id}"),
        "fields": {
            "summary": issue.summary,
            "status": beans.status(call, issue.status),
            "priority": beans.priority(call, issue.priority),
            "issuetype": beans.issue_type(call, scheme.ISSUE_TYPES[issue.type]),
        },
    }


def link_types(call: Call) -> list[Json]:
    """Return all kinds of links."""
    return [link_type(call, name) for name in _LINK_IDS]


def link_type(call: Call, name: str) -> Json:
    """Return one kind of links."""
    inward, outward = _LINK_WORDS[name]
    number = _LINK_IDS[name]
    return {
        "id": number,
        "name": name,
        "inward": inward,
        "outward": outward,
        "self": beans.rest_url(call, f"issueLinkType/{number}"),
    }


def link_bean(call: Call, data: JiraData, link: Link, near: str = "") -> Json:
    """Return a link as its own issue carries it; with `near`, that issue's key, with both ends."""
    kind = link_type(call, link.kind)
    here, other = "outwardIssue", "inwardIssue"
    if link.direction == "outward":
        here, other = other, here
    url = beans.rest_url(call, f"issueLink/{link.id}")
    ends = {other: _brief(call, data, link.key)} | (
        {here: _brief(call, data, near)} if near else {}
    )
    return {"id": link.id, "self": url, "type": kind, **ends}


def _links(call: Call, data: JiraData, issue: Issue) -> list[Json]:
    """Leave out what the caller may not see."""
    seen = data.visible(call.account.account_id)
    shown = [link for link in issue.links if link.key in data.issues]
    return [link_bean(call, data, one) for one in shown if data.issues[one.key].project in seen]


def _sprint(call: Call, data: JiraData, issue: Issue) -> Any:
    sprint = data.sprints.get(issue.sprint) if issue.sprint is not None else None
    if sprint is None:
        return None
    return [_sprint_bean(sprint)] if beans.is_cloud(call) else [_sprint_text(sprint)]


def _sprint_bean(sprint: Sprint) -> Json:
    bean = {
        "id": sprint.id,
        "name": sprint.name,
        "state": sprint.state,
        "boardId": 1,
        "goal": sprint.goal,
    }
    return bean | _sprint_times(sprint)


def _sprint_text(sprint: Sprint) -> str:
    """Data Center prints the Java object."""
    parts = f"id={sprint.id},rapidViewId=1,state={sprint.state.upper()},name={sprint.name}"
    known = {"startDate": "<null>", "endDate": "<null>", **_sprint_times(sprint)}
    times = ",".join(f"{name}={value}" for name, value in known.items())
    return f"com.atlassian.greenhopper.service.sprint.Sprint@{sprint.id:x}[{parts},{times}]"


def _sprint_times(sprint: Sprint) -> Json:
    times = {"startDate": sprint.start, "endDate": sprint.end, "completeDate": sprint.completed}
    return {name: iso_time(at) for name, at in times.items() if at is not None}
