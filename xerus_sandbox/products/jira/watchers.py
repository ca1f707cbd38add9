"""Operations on who watches an issue."""

from typing import Any

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.jira import access, beans
from xerus_sandbox.products.model import Person
from xerus_sandbox.products.world import World


def page(world: World, call: Call) -> Answer:
    """Return who watches an issue."""
    issue = access.issue(world, call)
    people = [beans.user(call, world.person(account)) for account in issue.watchers]
    return Answer(
        body={
            "self": beans.rest_url(call, f"issue/{issue.key}/watchers"),
            "isWatching": call.account.account_id in issue.watchers,
            "watchCount": len(people),
            "watchers": people,
        }
    )


def add(world: World, call: Call) -> Answer:
    """Add the person whose id (Data Center: name) is the body, a bare JSON string; 204."""
    issue = access.issue(world, call)
    given = call.json() if call.body else None
    person = world.person(call.account.account_id) if given is None else _person(world, call, given)
    if person.account_id in world.jira_of(call).projects[issue.project].hidden_from:
        # Data Center says 401 to a caller who is signed in perfectly well.
        raise access.error(
            400 if beans.is_cloud(call) else 401,
            f'The user "{person.name}" does not have permission to view this issue.'
            " This user will not be added to the watch list.",
        )
    if person.account_id not in issue.watchers:
        issue.watchers.append(person.account_id)
    return Answer(status=204)


def remove(world: World, call: Call) -> Answer:
    """Remove the person in `accountId` (Data Center: `username`); 204, also for a non-watcher."""
    issue = access.issue(world, call)
    name = "accountId" if beans.is_cloud(call) else "username"
    given = call.query.get(name)
    if not given:
        raise access.error(400, f"The query parameter '{name}' is required.")
    person = _person(world, call, given)
    if person.account_id in issue.watchers:
        issue.watchers.remove(person.account_id)
    return Answer(status=204)


def _person(world: World, call: Call, given: Any) -> Person:
    attribute = "account_id" if beans.is_cloud(call) else "username"
    for person in world.people.values():
        if getattr(person, attribute) == given:
            return person
    raise access.error(404 if beans.is_cloud(call) else 400, f"User '{given}' does not exist.")
