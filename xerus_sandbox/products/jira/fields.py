"""An issue as JSON: which fields were asked for, and each field's value."""

from collections.abc import Iterable
from typing import Any

from xerus_sandbox.operations import Call
from xerus_sandbox.products.jira import beans, scheme
from xerus_sandbox.products.model import Issue, Json, Link, Sprint
from xerus_sandbox.products.times import iso_time, jira_time
from xerus_sandbox.products.world import JiraData, World

_NOT_NAVIGABLE = frozenset({"comment", "issuelinks", "subtasks"})
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
    if "transitions" in expand:
        with_fields = "transitions.fields" in expand
        bean["transitions"] = [
            beans.transition(call, issue, item, fields=with_fields)
            for item in scheme.transitions_of(issue)
        ]
    return bean


def changelog(world: World, call: Call, issue: Issue) -> Json:
    """Return the changelog as `expand=changelog` shows it, newest first."""
    entries = [
        {
            "id": change.id,
            "author": beans.user(call, world.person(change.author)),
            "created": jira_time(change.created),
            "items": change.items,
        }
        for change in reversed(issue.history)
    ]
    return {"startAt": 0, "maxResults": len(entries), "total": len(entries), "histories": entries}


def _rendered(world: World, call: Call, issue: Issue, names: list[str]) -> Json:
    rendered: Json = dict.fromkeys(names)
    if "description" in rendered:
        rendered["description"] = beans.html(issue.description)
    if "comment" in rendered:
        comments = [
            {**beans.comment(world, call, issue, item), "body": beans.html(item.body)}
            for item in issue.comments
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
            return [
                {"name": item, "id": str(20000 + n), "archived": False, "released": False}
                for n, item in enumerate(issue.fix_versions)
            ]
        case "issuelinks":
            return [_link(call, data, link) for link in issue.links if link.key in data.issues]
        case "subtasks":
            return [_brief(call, data, child.key) for child in data.subtasks(issue.key)]
        case "comment":
            return _comments(world, call, issue)
        case _:
            return _sprint(call, data, issue)


def _comments(world: World, call: Call, issue: Issue) -> Json:
    items = [beans.comment(world, call, issue, item) for item in issue.comments]
    page = {"comments": items, "maxResults": len(items), "total": len(items), "startAt": 0}
    return {**page, "self": beans.rest_url(call, f"issue/{issue.id}/comment")}


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


def _link(call: Call, data: JiraData, link: Link) -> Json:
    inward, outward = _LINK_WORDS[link.kind]
    number = _LINK_IDS[link.kind]
    kind = {
        "id": number,
        "name": link.kind,
        "inward": inward,
        "outward": outward,
        "self": beans.rest_url(call, f"issueLinkType/{number}"),
    }
    other = "inwardIssue" if link.direction == "inward" else "outwardIssue"
    url = beans.rest_url(call, f"issueLink/{link.id}")
    return {"id": link.id, "self": url, "type": kind, other: _brief(call, data, link.key)}


def _sprint(call: Call, data: JiraData, issue: Issue) -> Any:
    sprint = data.sprints.get(issue.sprint) if issue.sprint is not None else None
    if sprint is None:
        return None
    return [_sprint_bean(sprint)] if beans.is_cloud(call) else [_sprint_text(sprint)]


def _sprint_bean(sprint: Sprint) -> Json:
    return {
        "id": sprint.id,
        "name": sprint.name,
        "state": sprint.state,
        "boardId": 1,
        "goal": sprint.goal,
        "startDate": iso_time(sprint.start),
        "endDate": iso_time(sprint.end),
    }


def _sprint_text(sprint: Sprint) -> str:
    """Data Center prints the Java object."""
    parts = f"id={sprint.id},rapidViewId=1,state={sprint.state.upper()},name={sprint.name}"
    times = f"startDate={iso_time(sprint.start)},endDate={iso_time(sprint.end)}"
    return f"com.atlassian.greenhopper.service.sprint.Sprint@{sprint.id:x}[{parts},{times}]"
