"""The changelog of an issue, whole."""

from dataclasses import dataclass
from typing import Any

from xerus.atlassian.jira.client import Jira

_PAGE = 100
_MOST_PAGES = 20


@dataclass(frozen=True, kw_only=True)
class Changelog:
    """Who changed what, newest first.

    Attributes:
        issue: with the fields `created` and `status`.
        total: how many entries there are; more than `entries` only beyond our bound.
    """

    issue: dict[str, Any]
    entries: list[dict[str, Any]]
    total: int


async def changelog(jira: Jira, issue_key: str) -> Changelog:
    """Read the changelog: one request, and one more per hundred entries that Cloud left out."""
    issue = await jira.issue(issue_key, fields=("created", "status"), expand=("changelog",))
    embedded = issue.get("changelog") or {}
    entries = {str(entry["id"]): entry for entry in embedded.get("histories") or []}
    total = max(int(embedded.get("total", 0)), len(entries))
    for page in range(_MOST_PAGES):
        if len(entries) >= total or not jira.is_cloud:
            break
        entries |= await _page(jira, issue_key, page * _PAGE)
    found = sorted(entries.values(), key=_moment, reverse=True)
    return Changelog(issue=issue, entries=found, total=total)


async def _page(jira: Jira, issue_key: str, start: int) -> dict[str, dict[str, Any]]:
    answer = await jira.call(
        "GET",
        "/issue/{issueIdOrKey}/changelog",
        path={"issueIdOrKey": issue_key},
        query={"startAt": str(start), "maxResults": str(_PAGE)},
    )
    return {str(entry["id"]): entry for entry in answer["values"]}


def _moment(entry: dict[str, Any]) -> tuple[str, int]:
    return str(entry.get("created")), int(entry["id"])
