"""Time logged on issues."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from xerus.atlassian.jira.client import WRITE, Jira
from xerus.atlassian.jira.offsets import Page, offset_of, sliced

_WORKLOGS = "/issue/{issueIdOrKey}/worklog"
_WORKLOG = _WORKLOGS + "/{id}"
_TIME = "%Y-%m-%dT%H:%M:%S.%f%z"


async def worklogs(
    jira: Jira, issue_key: str, *, since: datetime | None, limit: int, cursor: str | None
) -> Page:
    """Return logged time, the oldest entry first."""
    path = {"issueIdOrKey": issue_key}
    if not jira.is_cloud:  # knows neither pages nor a time to start from
        entries = (await jira.call("GET", _WORKLOGS, path=path))["worklogs"]
        fitting = [one for one in entries if since is None or started(one) >= since]
        return sliced(fitting, cursor=cursor, limit=limit)
    start = offset_of(cursor)
    query = {"startAt": str(start), "maxResults": str(limit)}
    if since:
        query["startedAfter"] = str(int(since.timestamp() * 1000))
    found = await jira.call("GET", _WORKLOGS, path=path, query=query)
    values, total = list(found["worklogs"]), int(found["total"])
    end = start + len(values)
    cursor = str(end) if values and end < total else None
    return Page(values=values, cursor=cursor, total=total)


async def one(jira: Jira, issue_key: str, worklog_id: str) -> dict[str, Any]:
    """Read one entry."""
    found: dict[str, Any] = await jira.call("GET", _WORKLOG, path=_path(issue_key, worklog_id))
    return found


async def add(jira: Jira, issue_key: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Log time and return the entry as stored."""
    path = {"issueIdOrKey": issue_key}
    added: dict[str, Any] = await jira.call(
        "POST", _WORKLOGS, path=path, json=dict(facts), scope=WRITE
    )
    return added


async def edit(
    jira: Jira, issue_key: str, worklog_id: str, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """Change what is given, leave the rest, and return the entry as stored."""
    path = _path(issue_key, worklog_id)
    changed: dict[str, Any] = await jira.call(
        "PUT", _WORKLOG, path=path, json=dict(facts), scope=WRITE
    )
    return changed


def started(entry: Mapping[str, Any]) -> datetime:
    """Return when the work of an entry began."""
    return datetime.strptime(str(entry["started"]), _TIME).astimezone(UTC)


def written(instant: datetime) -> str:
    """Return an instant in the form that Jira reads."""
    at = instant.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


def _path(issue_key: str, worklog_id: str) -> Mapping[str, str]:
    return {"issueIdOrKey": issue_key, "id": worklog_id}
