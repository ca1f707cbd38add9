"""Finding what a call addresses, and Jira's answers when it is not there or not visible."""

from typing import Any

from xerus_sandbox.operations import ApiError, Call
from xerus_sandbox.products.model import Issue, Project
from xerus_sandbox.products.world import World

_MAX_PAGE = 1000


def error(status: int, /, *messages: str, **fields: str) -> ApiError:
    """Return Jira's error: messages, and texts per field."""
    return ApiError(status, {"errorMessages": list(messages), "errors": fields})


def issue(world: World, call: Call, id_or_key: str | None = None) -> Issue:
    """Return the issue in the path, or the one named.

    Raises:
        ApiError: 404, with the same words for a missing and an invisible issue.
    """
    data = world.jira_of(call)
    found = data.find(id_or_key or call.params["issueIdOrKey"])
    if found is None or found.project not in data.visible(call.account.account_id):
        raise error(404, "Issue does not exist or you do not have permission to see it.")
    return found


def project(world: World, call: Call, id_or_key: str | None = None) -> Project:
    """Return the project in the path, or the one named.

    Raises:
        ApiError: 404, with the same words for a missing and an invisible project.
    """
    name = id_or_key or call.params["projectIdOrKey"]
    data = world.jira_of(call)
    found = data.project(name)
    if found is None or found.key not in data.visible(call.account.account_id):
        kind = "id" if name.isdecimal() else "key"
        raise error(404, f"No project could be found with {kind} '{name}'.")
    return found


def named_project(world: World, call: Call, name: str) -> Project:
    """Return a project that a parameter names, where the product does not answer 404.

    Raises:
        ApiError: 400, with the same words for a missing and an invisible project.
    """
    try:
        return project(world, call, name)
    except ApiError as missing:
        raise ApiError(400, missing.body) from missing


def part(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an object member of the body; nothing if it is missing.

    Raises:
        ApiError: 400 if it is not an object.
    """
    value = body.get(name) or {}
    if not isinstance(value, dict):
        raise error(400, f"Can not deserialize '{name}': it must be an object.")
    return value


def operations(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the operations on one field in `update`.

    Raises:
        ApiError: 400 if they are not an array of objects.
    """
    found = part(body, "update").get(name) or []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise error(400, **{name: "The value must be an array of operations."})
    return found


def number(call: Call, name: str, default: int, *, most: int = _MAX_PAGE) -> int:
    """Return a whole number from the query string, at most `most`.

    Raises:
        ApiError: 400 if it is not a number of 0 or more.
    """
    text = call.query.get(name)
    if text is None or text == "":
        return default
    if not text.isdecimal():
        raise error(400, f"The value '{text}' of '{name}' is not a number of 0 or more.")
    return min(int(text), most)


def expansions(call: Call) -> frozenset[str]:
    """Return the names in `expand`."""
    return frozenset(n.strip() for n in call.query.get("expand", "").split(",") if n.strip())


def will_change(world: World, call: Call, key: str) -> None:
    """Tell the search index that an issue is about to change."""
    index = world.jira_of(call).index
    index.will_change(key, until=call.now + world.index_lag_seconds, now=call.now)
