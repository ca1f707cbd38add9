"""Operations that look one thing of an instance up: a status, a type, a person, components."""

from collections.abc import Callable

from xerus_sandbox.operations import Answer, ApiError, Call
from xerus_sandbox.products.jira import access, beans, metadata, scheme
from xerus_sandbox.products.jira.operations import Run
from xerus_sandbox.products.model import Json
from xerus_sandbox.products.world import World


def status(_world: World, call: Call) -> Answer:
    """Return a status by id or name."""
    name = call.params["idOrName"]
    for one in scheme.STATUSES.values():
        if name in {one.id, one.name}:
            return Answer(body=beans.status(call, one.name))
    raise _missing(name)


def by_id(what: Callable[[World, Call], Answer]) -> Run:
    """Return the operation that picks one entry out of a whole list by its id."""

    def run(world: World, call: Call) -> Answer:
        for one in what(world, call).body:
            if str(one["id"]) == call.params["id"]:
                return Answer(body=one)
        raise _missing(call.params["id"])

    return run


def person(world: World, call: Call) -> Answer:
    """Return a person by `accountId` (Data Center: `username` or `key`)."""
    cloud = beans.is_cloud(call)
    names = ("accountId",) if cloud else ("username", "key")
    given = next((call.query[name] for name in names if call.query.get(name)), "")
    if not given:
        raise access.error(400, f"The query parameter '{names[0]}' is required.")
    attribute = "account_id" if cloud else "username"
    for one in world.people.values():
        if getattr(one, attribute) == given:
            return Answer(body=beans.user(call, one))
    raise access.error(404, f"The user named '{given}' does not exist")


def components(world: World, call: Call) -> Answer:
    """List the components of a project: a bare array."""
    item = access.project(world, call)
    facts: Json = {"project": item.key}
    if beans.is_cloud(call):
        facts["projectId"] = int(item.id)
    return Answer(body=[{**one, **facts} for one in metadata.components_of(call, item)])


def _missing(name: str) -> ApiError:
    return access.error(404, f"Nothing was found for '{name}'.")
