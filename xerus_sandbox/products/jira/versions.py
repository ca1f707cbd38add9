"""The versions of projects: their JSON, and the operations that create and change them."""

from datetime import UTC, date, datetime
from typing import Any

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.jira import access, beans
from xerus_sandbox.products.model import Json, Project
from xerus_sandbox.products.world import World

_FIRST_ID = 20000
_PER_PROJECT = 100
_LONGEST_NAME = 255
_SETTABLE = ("description", "startDate", "releaseDate", "released", "archived")


def ids(item: Project) -> dict[str, str]:
    """Return the names of a project's versions by their ids, which no other project has."""
    first = _FIRST_ID + int(item.id) % _PER_PROJECT * _PER_PROJECT
    return {str(first + n): name for n, name in enumerate(item.versions)}


def bean(call: Call, item: Project, version_id: str) -> Json:
    """Return one version."""
    name = ids(item)[version_id]
    facts = item.version_facts.get(name, {"released": item.versions.index(name) == 0})
    shown: Json = {
        "self": beans.rest_url(call, f"version/{version_id}"),
        "id": version_id,
        "name": name,
        "archived": False,
        "released": False,
        "projectId": int(item.id),
        **{key: value for key, value in facts.items() if value is not None},
    }
    if not shown["released"] and "releaseDate" in shown:
        shown["overdue"] = shown["releaseDate"] < datetime.fromtimestamp(call.now, UTC).strftime(
            "%Y-%m-%d"
        )
    return shown


def beans_of(call: Call, item: Project) -> list[Json]:
    """Return all versions of a project in their order."""
    return [bean(call, item, number) for number in ids(item)]


def of_project(world: World, call: Call) -> Answer:
    """List the versions of a project: a bare array."""
    return Answer(body=beans_of(call, access.project(world, call)))


def get(world: World, call: Call) -> Answer:
    """Return one version."""
    return Answer(body=bean(call, _owner(world, call), call.params["id"]))


def create(world: World, call: Call) -> Answer:
    """Create a version; 201. Only the project's lead may."""
    given = _object(call)
    named = str(given.get("projectId") or given.get("project") or "")
    item = access.project(world, call, named or "0")
    _check_may(call, item)
    name = given.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME:
        raise access.error(400, name="You must specify a valid version name")
    if name.casefold() in {known.casefold() for known in item.versions}:
        raise access.error(400, name="A version with this name already exists in this project.")
    facts = _facts(given)
    item.versions.append(name)
    item.version_facts[name] = facts
    number = list(ids(item))[-1]
    return Answer(status=201, body=bean(call, item, number))


def edit(world: World, call: Call) -> Answer:
    """Change a version; what is not given stays. Only the project's lead may."""
    item, number = _owner(world, call), call.params["id"]
    _check_may(call, item)
    name = ids(item)[number]
    before = bean(call, item, number)
    facts = {key: before[key] for key in _SETTABLE if key in before}
    item.version_facts[name] = facts | _facts(_object(call))
    return Answer(body=bean(call, item, number))


def delete(world: World, call: Call) -> Answer:
    """Delete a version; 204. Only the last one of a project, whose ids come from the order."""
    item, number = _owner(world, call), call.params["id"]
    _check_may(call, item)
    name = ids(item)[number]
    if name != item.versions[-1]:
        raise access.error(400, "The sandbox deletes the newest version of a project only.")
    item.versions.remove(name)
    item.version_facts.pop(name, None)
    for issue in world.jira_of(call).issues.values():
        if issue.project == item.key and name in issue.fix_versions:
            issue.fix_versions.remove(name)
    return Answer(status=204)


def _owner(world: World, call: Call) -> Project:
    number = call.params["id"]
    for item in world.jira_of(call).visible(call.account.account_id).values():
        if number in ids(item):
            return item
    raise access.error(404, f"Could not find version for id '{number}'")


def _check_may(call: Call, item: Project) -> None:
    if item.lead == call.account.account_id:
        return
    # On Cloud a missing right reads as a missing project; the description has no 403.
    status = 404 if beans.is_cloud(call) else 403
    raise access.error(status, "You do not have permission to administer this project's versions.")


def _object(call: Call) -> Json:
    body = call.json()
    if not isinstance(body, dict):
        raise access.error(400, "Unexpected JSON: the body must be an object.")
    return body


def _facts(given: Json) -> Json:
    facts: dict[str, Any] = {key: given[key] for key in _SETTABLE if given.get(key) is not None}
    for name in ("startDate", "releaseDate"):
        _check_date(name, facts.get(name))
    if facts.get("startDate", "") > facts.get("releaseDate", "9999"):
        raise access.error(400, releaseDate="The start date must be before the release date.")
    return facts


def _check_date(name: str, value: Any) -> None:
    if value is None:
        return
    try:
        date.fromisoformat(str(value))
    except ValueError as problem:
        raise access.error(400, **{name: f"Error parsing date string: {value}"}) from problem
