"""Who watches an issue."""

from collections.abc import Mapping
from typing import Any

from xerus.atlassian.errors import AtlassianRefused
from xerus.atlassian.jira.client import WRITE, Jira

_WATCHERS = "/issue/{issueIdOrKey}/watchers"
_UNAUTHORIZED = 401


async def watchers(jira: Jira, issue_key: str) -> dict[str, Any]:
    """Read who watches: `watchers`, `watchCount`, `isWatching`."""
    found: dict[str, Any] = await jira.call("GET", _WATCHERS, path={"issueIdOrKey": issue_key})
    return found


async def watch(jira: Jira, issue_key: str, person: Mapping[str, str]) -> None:
    """Add a user reference to the watchers."""
    (identifier,) = person.values()
    path = {"issueIdOrKey": issue_key}
    try:
        await jira.call("POST", _WATCHERS, scope=WRITE, path=path, json=identifier)
    except AtlassianRefused as refused:
        raise _explained(refused) from None


async def unwatch(jira: Jira, issue_key: str, person: Mapping[str, str]) -> None:
    """Take a user reference from the watchers; no error when it is none of them."""
    (identifier,) = person.values()
    query = {"accountId" if jira.is_cloud else "username": identifier}
    path = {"issueIdOrKey": issue_key}
    try:
        await jira.call("DELETE", _WATCHERS, scope=WRITE, path=path, query=query)
    except AtlassianRefused as refused:
        raise _explained(refused) from None


def _explained(refused: AtlassianRefused) -> AtlassianRefused:
    """Data Center says 401 when the token is fine and somebody may not see the issue."""
    if refused.upstream_status == _UNAUTHORIZED:
        refused.code = "not_permitted"
        refused.message, refused.hint = "Jira does not allow this watcher.", ""
    return refused
