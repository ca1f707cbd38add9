"""Operations on many issues at once."""

from typing import Any

from xerus_sandbox.operations import Answer, Call
from xerus_sandbox.products.jira import access
from xerus_sandbox.products.jira.fields import chosen, issue_bean
from xerus_sandbox.products.model import Json
from xerus_sandbox.products.world import World

_MOST = 100


def fetch(world: World, call: Call) -> Answer:
    """POST /issue/bulkfetch: issues by id or key, in order of id; what cannot be seen is named."""
    given = call.json()
    wanted = given.get("issueIdsOrKeys") if isinstance(given, dict) else None
    if not isinstance(wanted, list) or not 0 < len(wanted) <= _MOST:
        raise access.error(400, "The number of issues must be between 1 and 100.")
    data = world.jira_of(call)
    visible = data.visible(call.account.account_id)
    names = chosen(_names(given), default="*navigable")
    found, errors = {}, []
    for name in map(str, wanted):
        issue = data.find(name)
        if issue is None or issue.project not in visible:
            errors.append({"id": name, "errorMessage": "Issue not found"})
        else:
            found[int(issue.id)] = issue_bean(world, call, issue, names)
    body: Json = {"issues": [found[number] for number in sorted(found)]}
    return Answer(body=body | ({"issueErrors": errors} if errors else {}))


def _names(given: dict[str, Any]) -> list[str]:
    return [str(name) for name in given.get("fields") or []]
