"""Operations on the plain lists of an instance: resolutions, link types, labels, suggestions."""

from collections.abc import Iterable

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.jira import access, beans, fields, scheme
from xerus_sandbox.products.jira.jql import canonical
from xerus_sandbox.products.world import World

_MOST_SUGGESTED = 15


def resolutions(_world: World, call: Call) -> Answer:
    """Return all resolutions."""
    return Answer(body=[beans.resolution(call, name) for name in scheme.RESOLUTIONS])


def link_types(_world: World, call: Call) -> Answer:
    """Return all link types."""
    return Answer(body={"issueLinkTypes": fields.link_types(call)})


def labels(world: World, call: Call) -> Answer:
    """Return the labels of Cloud: offset pages of strings."""
    found = _labels(world, call)
    start = access.number(call, "startAt", 0, most=10**9)
    size = access.number(call, "maxResults", 1000)
    page = {
        "maxResults": size,
        "startAt": start,
        "total": len(found),
        "isLast": start + size >= len(found),
        "values": found[start : start + size],
    }
    return Answer(body=page)


def suggestions(world: World, call: Call) -> Answer:
    """Complete a value of a JQL field; the part that fits is marked with HTML, as in Jira."""
    name = canonical(call.query.get("fieldName", ""))
    typed = call.query.get("fieldValue", "").strip('"').lower()
    fitting = [value for value in _values(world, call, name) if value.lower().startswith(typed)]
    results = [
        {
            "value": f'"{v}"' if " " in v else v,
            "displayName": f"<b>{v[: len(typed)]}</b>{v[len(typed) :]}",
        }
        for v in fitting[:_MOST_SUGGESTED]
    ]
    return Answer(body={"results": results})


def _labels(world: World, call: Call) -> list[str]:
    data = world.jira_of(call)
    seen = data.visible(call.account.account_id)
    found = {label for i in data.issues.values() if i.project in seen for label in i.labels}
    return sorted(found)


def _values(  # noqa: PLR0911 - one line per field
    world: World, call: Call, name: str
) -> Iterable[str]:
    projects = world.jira_of(call).visible(call.account.account_id).values()
    match name:
        case "labels":
            return _labels(world, call)
        case "status":
            return scheme.STATUSES
        case "issuetype":
            return scheme.ISSUE_TYPES
        case "priority":
            return scheme.PRIORITIES
        case "resolution":
            return scheme.RESOLUTIONS
        case "project":
            return [item.key for item in projects]
        case "component":
            return sorted({name for item in projects for name in item.components})
        case "fixversion":
            return sorted({name for item in projects for name in item.versions})
        case "sprint":
            keys = {item.key for item in projects}
            sprints = world.jira_of(call).sprints.values()
            return [sprint.name for sprint in sprints if sprint.project in keys]
        case _:
            return ()
