"""Project roles and groups, and the comments that only their members may read."""

from typing import Any

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.jira import access, beans
from xerus_sandbox.products.jira.scheme import GROUPS, ROLES
from xerus_sandbox.products.model import Comment, Issue, Json, Person, Project
from xerus_sandbox.products.world import World

_OF_EVERYBODY = "jira-software-users"


def of_project(world: World, call: Call) -> Answer:
    """Return the addresses of a project's roles by their names."""
    return Answer(body=addresses(call, access.project(world, call)))


def addresses(call: Call, item: Project) -> dict[str, str]:
    """Return the same for a project at hand, as the project itself shows it."""
    return {
        name: beans.rest_url(call, f"project/{item.id}/role/{number}")
        for name, number in ROLES.items()
    }


def role(world: World, call: Call) -> Answer:
    """Return one role of a project with the people in it."""
    item = access.project(world, call)
    for name, number in ROLES.items():
        if str(number) == call.params["id"]:
            people = [p for p in world.people.values() if _has_role(item, p, name)]
            body = {
                "self": addresses(call, item)[name],
                "name": name,
                "id": number,
                "description": f"{name} of the project",
                "actors": [_actor(call, n, person) for n, person in enumerate(people)],
            }
            return Answer(body=body)
    raise access.error(404, f"Can not retrieve a role with id: {call.params['id']}")


def groups(_world: World, call: Call) -> Answer:
    """Find groups by a part of their names."""
    words = call.query.get("query", "").lower()
    size = access.number(call, "maxResults", 20)
    found = [name for name in GROUPS if words in name]
    shown = [_group(call, name) for name in found[:size]]
    header = f"Showing {len(shown)} of {len(found)} matching groups"
    return Answer(body={"header": header, "total": len(found), "groups": shown})


def restriction(world: World, call: Call, issue: Issue, given: Any) -> Json | None:
    """Check the `visibility` of a comment and return what to keep of it.

    Raises:
        ApiError: 400, with Jira's words, for a role or group that the caller does not have either.
    """
    if not given:
        return None
    kind = given.get("type") if isinstance(given, dict) else None
    name = str(given.get("value") or given.get("identifier") or "") if kind else ""
    if kind not in {"role", "group"}:
        raise access.error(400, commentLevel="Invalid comment level.")
    if name not in (ROLES if kind == "role" else {*GROUPS, *GROUPS.values()}):
        raise access.error(400, commentLevel=f"{kind.title()}: {name} does not exist.")
    kept = {
        "type": kind,
        "value": next((g for g, number in GROUPS.items() if number == name), name),
    }
    if not _belongs(world, call, issue, kept):
        raise access.error(
            400, commentLevel=f"You are currently not a member of the {kind}: {name}."
        )
    return kept


def readable(world: World, call: Call, issue: Issue) -> list[Comment]:
    """Return the comments of an issue that the caller may read."""
    return [one for one in issue.comments if _belongs(world, call, issue, one.visibility)]


def _belongs(world: World, call: Call, issue: Issue, kept: Json | None) -> bool:
    if kept is None:
        return True
    person = world.person(call.account.account_id)
    if kept["type"] == "role":
        return _has_role(world.jira_of(call).projects[issue.project], person, str(kept["value"]))
    return kept["value"] == _OF_EVERYBODY or person.username == "ada"


def _has_role(item: Project, person: Person, name: str) -> bool:
    """Tell who has a role: the lead all, software developers theirs, everybody the last."""
    if not person.active or person.kind == "app" or person.account_id in item.hidden_from:
        return False
    match name:
        case "Administrators":
            return person.account_id == item.lead
        case "Developers":
            return person.account_id == item.lead or person.username == "alan"
        case _:
            return True


def _actor(call: Call, number: int, person: Person) -> Json:
    user = {"accountId": person.account_id} if beans.is_cloud(call) else {}
    actor: Json = {
        "id": 10100 + number,
        "displayName": person.name,
        "type": "atlassian-user-role-actor",
    }
    return actor | ({"actorUser": user} if user else {"name": person.username})


def _group(call: Call, name: str) -> Json:
    shown: Json = {"name": name, "html": name, "labels": []}
    return shown | ({"groupId": GROUPS[name]} if beans.is_cloud(call) else {})
