"""Boards, sprints and ranks of Jira Software; scopes are granular here (facts b6)."""

from collections.abc import Mapping, Sequence
from typing import Any

from xerus.atlassian.jira.client import Jira, SearchPage
from xerus.atlassian.jira.offsets import Page, offset_of, page_of

READ_BOARDS = "read:board-scope:jira-software"
READ_PROJECTS = "read:project:jira"
READ_SPRINTS = "read:sprint:jira-software"
READ_DETAILS = "read:issue-details:jira"
WRITE_BOARDS = "write:board-scope:jira-software"
WRITE_SPRINTS = "write:sprint:jira-software"
WRITE_ISSUES = "write:issue:jira-software"

MOST_ISSUES = 50
"""Issues that one request may move or rank."""

_API = "/rest/agile/1.0"
_SPRINT_FIELD = "com.pyxis.greenhopper.jira:gh-sprint"


async def boards(
    jira: Jira,
    *,
    name: str | None = None,
    project_key: str | None = None,
    kind: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """Find boards by part of the name, project and type."""
    start = offset_of(cursor)
    given = {"name": name, "projectKeyOrId": project_key, "type": kind}
    asked = {key: value for key, value in given.items() if value}
    asked |= {"startAt": str(start), "maxResults": str(limit)}
    answer = await jira.call("GET", _API + "/board", query=asked, scope=READ_BOARDS)
    return page_of(answer, start=start)


async def sprints(
    jira: Jira, board_id: str, *, states: str, limit: int = 50, cursor: str | None = None
) -> Page:
    """Return sprints of a board: closed ones first, then active, then future ones."""
    start = offset_of(cursor)
    answer = await jira.call(
        "GET",
        _API + "/board/{boardId}/sprint",
        path={"boardId": board_id},
        query={"state": states, "startAt": str(start), "maxResults": str(limit)},
        scope=READ_SPRINTS,
    )
    return page_of(answer, start=start)


async def backlog(
    jira: Jira, board_id: str, *, fields: Sequence[str], limit: int, cursor: str | None
) -> SearchPage:
    """Return what waits on a board, in the order of rank."""
    start = offset_of(cursor)
    query = {"fields": ",".join(fields), "startAt": str(start), "maxResults": str(limit)}
    found = await jira.call(
        "GET",
        _API + "/board/{boardId}/backlog",
        path={"boardId": board_id},
        query=query,
        scope=READ_BOARDS,
    )
    end = start + len(found["issues"])
    more = bool(found["issues"]) and end < found["total"]
    return SearchPage(
        issues=found["issues"], cursor=str(end) if more else None, total=found["total"]
    )


async def sprint(jira: Jira, sprint_id: str) -> dict[str, Any]:
    """Return one sprint."""
    found: dict[str, Any] = await jira.call(
        "GET", _API + "/sprint/{sprintId}", path={"sprintId": sprint_id}, scope=READ_SPRINTS
    )
    return found


async def create_sprint(jira: Jira, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Create a future sprint and return it as stored."""
    created: dict[str, Any] = await jira.call(
        "POST", _API + "/sprint", json=dict(facts), scope=WRITE_SPRINTS
    )
    return created


async def change_sprint(jira: Jira, sprint_id: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Change what is given, leave the rest, and return the sprint as stored."""
    changed: dict[str, Any] = await jira.call(
        "POST",
        _API + "/sprint/{sprintId}",
        path={"sprintId": sprint_id},
        json=dict(facts),
        scope=WRITE_SPRINTS,
    )
    return changed


async def move_to_sprint(jira: Jira, sprint_id: str, keys: Sequence[str]) -> None:
    """Put issues into an open sprint."""
    await jira.call(
        "POST",
        _API + "/sprint/{sprintId}/issue",
        path={"sprintId": sprint_id},
        json={"issues": list(keys)},
        scope=WRITE_SPRINTS,
    )


async def move_to_backlog(jira: Jira, keys: Sequence[str]) -> None:
    """Take issues out of their open sprints."""
    body = {"issues": list(keys)}
    await jira.call("POST", _API + "/backlog/issue", json=body, scope=WRITE_BOARDS)


async def rank(
    jira: Jira, keys: Sequence[str], *, before: str | None, after: str | None
) -> dict[str, str]:
    """Put issues next to another one; return why by key where Jira did not do it (status 207)."""
    body: dict[str, Any] = {"issues": list(keys)}
    body |= {"rankBeforeIssue": before} if before else {"rankAfterIssue": after}
    answer = await jira.call("PUT", _API + "/issue/rank", json=body, scope=WRITE_ISSUES)
    return {
        str(entry.get("issueKey")): " ".join(map(str, entry.get("errors") or ["not ranked"]))
        for entry in (answer or {}).get("entries") or []
        if entry.get("status") not in {200, 204}
    }


async def by_rank(
    jira: Jira, keys: Sequence[str], *, reconcile: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return issues in the order of rank; `reconcile` (ids) makes Cloud's index fresh for them."""
    asked: dict[str, Any] = {
        "jql": f"key in ({', '.join(keys)}) ORDER BY rank ASC",
        "fields": ["summary"],
        "maxResults": len(keys),
    }
    if reconcile and jira.is_cloud:
        asked["reconcileIssues"] = [int(number) for number in reconcile]
    template = "/search/jql" if jira.is_cloud else "/search"
    return list((await jira.call("POST", template, json=asked, safe=True))["issues"])


async def sprint_field(jira: Jira) -> str:
    """Return the id of the field that names an issue's sprints, '' where there is none."""
    for field in await jira.call("GET", "/field"):
        if (field.get("schema") or {}).get("custom") == _SPRINT_FIELD:
            return str(field["id"])
    return ""


async def fetch(jira: Jira, keys: Sequence[str], *, fields: Sequence[str]) -> list[dict[str, Any]]:
    """Read several issues, as stored and not as the search index knows them."""
    if jira.is_cloud:
        asked = {"issueIdsOrKeys": list(keys), "fields": list(fields)}
        found = await jira.call("POST", "/issue/bulkfetch", json=asked, safe=True)
    else:
        jql = f"key in ({', '.join(keys)})"
        asked_by_search = {"jql": jql, "fields": list(fields), "maxResults": len(keys)}
        found = await jira.call("POST", "/search", json=asked_by_search, safe=True)
    return list(found["issues"])
