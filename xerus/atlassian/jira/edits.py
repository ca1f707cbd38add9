"""Changing and deleting issues, and creating many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xerus.atlassian.errors import AtlassianRefused
from xerus.atlassian.jira.client import WRITE, Jira

_ISSUE = "/issue/{issueIdOrKey}"
_MOST_ERRORS = 5


@dataclass(frozen=True, kw_only=True)
class Bulk:
    """What became of a request for several issues.

    Attributes:
        keys: of the created ones, by their position in the request.
        refused: Jira's words, by position; text that others may have written.
    """

    keys: dict[int, str]
    refused: dict[int, str]


async def edit(
    jira: Jira,
    issue_key: str,
    *,
    fields: Mapping[str, Any],
    update: Mapping[str, Sequence[Mapping[str, Any]]],
) -> None:
    """Set `fields` and run the operations of `update`, all or nothing."""
    change: dict[str, Any] = {}
    if fields:
        change["fields"] = fields
    if update:
        change["update"] = update
    path = {"issueIdOrKey": issue_key}
    await jira.call("PUT", _ISSUE, scope=WRITE, path=path, json=change, safe=False)


async def delete(jira: Jira, issue_key: str, *, delete_subtasks: bool) -> None:
    """Delete an issue for good."""
    query = {"deleteSubtasks": "true"} if delete_subtasks else {}
    path = {"issueIdOrKey": issue_key}
    await jira.call("DELETE", _ISSUE, scope=WRITE, path=path, query=query)


async def assign(jira: Jira, issue_key: str, person: Mapping[str, str] | None) -> None:
    """Set the assignee to a user reference, or to nobody."""
    nobody = {"accountId" if jira.is_cloud else "name": None}
    path = {"issueIdOrKey": issue_key}
    await jira.call("PUT", _ISSUE + "/assignee", scope=WRITE, path=path, json=person or nobody)


async def create_many(jira: Jira, fields: Sequence[Mapping[str, Any]]) -> Bulk:
    """Create several issues; some may be refused while others are created.

    Raises:
        AtlassianRefused: all were.
    """
    updates = {"issueUpdates": [{"fields": one} for one in fields]}
    try:
        answer = await jira.call("POST", "/issue/bulk", scope=WRITE, json=updates)
    except AtlassianRefused as refused:
        # 400 with a body of the same form when none was created.
        if isinstance(refused.body.get("errors"), list):
            failed = _failures(refused.body).items()
            refused.said = "; ".join(f"item {n + 1}: {said}" for n, said in failed)
        raise
    failures = _failures(answer)
    positions = [n for n in range(len(fields)) if n not in failures]
    created = [str(issue["key"]) for issue in answer["issues"]]
    return Bulk(keys=dict(zip(positions, created, strict=False)), refused=failures)


async def by_keys(jira: Jira, keys: Sequence[str], *, fields: Sequence[str]) -> dict[str, Any]:
    """Read several issues with one request, past the search index where it lags; by key."""
    if jira.is_cloud:
        asked = {"issueIdsOrKeys": list(keys), "fields": list(fields)}
        answer = await jira.call("POST", "/issue/bulkfetch", json=asked, safe=True)
    else:
        jql = f"key in ({', '.join(keys)})"
        search = {"jql": jql, "fields": list(fields), "maxResults": len(keys)}
        answer = await jira.call("POST", "/search", json=search, safe=True)
    return {str(issue["key"]): issue for issue in answer["issues"]}


def _failures(answer: Mapping[str, Any]) -> dict[int, str]:
    return {int(one["failedElementNumber"]): _said(one) for one in answer.get("errors") or []}


def _said(failure: Mapping[str, Any]) -> str:
    errors = failure.get("elementErrors") or {}
    texts = [str(text) for text in errors.get("errorMessages") or []]
    texts += [f"{name}: {text}" for name, text in (errors.get("errors") or {}).items()]
    return "; ".join(texts[:_MOST_ERRORS]) or f"status {failure.get('status')}"
