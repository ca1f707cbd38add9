"""What a Jira consists of: projects, types, statuses, fields, labels; and what JQL knows of it."""

from collections.abc import Sequence
from typing import Any

from xerus.atlassian.jira.client import Jira
from xerus.atlassian.jira.offsets import Page, offset_of, page_of, sliced

_PROJECT = "/project/{projectIdOrKey}"
_CREATE = "/issue/createmeta/{projectIdOrKey}/issuetypes"
_META_PAGE = 200
_MOST_META_PAGES = 10


async def projects(jira: Jira, *, query: str | None, limit: int, cursor: str | None) -> Page:
    """Find projects by part of key or name, in order of key, each with its lead."""
    if not jira.is_cloud:
        found = await jira.call("GET", "/project", query={"expand": "lead"})
        return sliced(_fitting(found, query), cursor=cursor, limit=limit)
    start = offset_of(cursor)
    asked = {"orderBy": "key", "expand": "lead", "startAt": str(start), "maxResults": str(limit)}
    if query:
        asked["query"] = query
    return page_of(await jira.call("GET", "/project/search", query=asked), start=start)


def _fitting(found: Sequence[dict[str, Any]], query: str | None) -> list[dict[str, Any]]:
    words = (query or "").strip().casefold()
    fitting = [p for p in found if words in f"{p.get('key')}\n{p.get('name')}".casefold()]
    return sorted(fitting, key=lambda project: str(project.get("key")))


async def project_statuses(jira: Jira, project_key: str) -> list[dict[str, Any]]:
    """Return the issue types of a project, each with the statuses of its workflow."""
    path = {"projectIdOrKey": project_key}
    return list(await jira.call("GET", _PROJECT + "/statuses", path=path))


async def issue_types(jira: Jira) -> list[dict[str, Any]]:
    """Return all issue types."""
    return list(await jira.call("GET", "/issuetype"))


async def statuses(jira: Jira) -> list[dict[str, Any]]:
    """Return all statuses. `/statuses/search` would need an administrator's scope."""
    return list(await jira.call("GET", "/status"))


async def resolutions(jira: Jira) -> list[dict[str, Any]]:
    """Return all resolutions."""
    return list(await jira.call("GET", "/resolution"))


async def link_types(jira: Jira) -> list[dict[str, Any]]:
    """Return all types of links between issues."""
    return list((await jira.call("GET", "/issueLinkType"))["issueLinkTypes"])


async def labels(jira: Jira, *, query: str, limit: int, cursor: str | None) -> Page:
    """Return labels in use; Data Center, and a search, give the first few that begin so."""
    if query or not jira.is_cloud:
        return Page(values=await suggestions(jira, "labels", query), cursor=None)
    start = offset_of(cursor)
    asked = {"startAt": str(start), "maxResults": str(limit)}
    return page_of(await jira.call("GET", "/label", query=asked), start=start)


async def suggestions(jira: Jira, field: str, typed: str = "") -> list[str]:
    """Return the first values of a JQL field that begin with what was typed (about 15)."""
    found = await jira.call(
        "GET", "/jql/autocompletedata/suggestions", query={"fieldName": field, "fieldValue": typed}
    )
    return [str(one.get("value", "")).strip('"') for one in found.get("results") or []]


async def fields(jira: Jira) -> list[dict[str, Any]]:
    """Return all fields of issues that this account may see."""
    return list(await jira.call("GET", "/field"))


async def create_types(jira: Jira, project_key: str) -> list[dict[str, Any]]:
    """Return the issue types that may be created in a project."""
    return await _create_pages(jira, _CREATE, {"projectIdOrKey": project_key}, "issueTypes")


async def create_fields(jira: Jira, project_key: str, type_id: str) -> list[dict[str, Any]]:
    """Return the fields of the create screen of a type."""
    path = {"projectIdOrKey": project_key, "issueTypeId": type_id}
    return await _create_pages(jira, _CREATE + "/{issueTypeId}", path, "fields")


async def _create_pages(
    jira: Jira, template: str, path: dict[str, str], name: str
) -> list[dict[str, Any]]:
    """Read all pages: Cloud names the list, Data Center calls it `values`."""
    found: list[dict[str, Any]] = []
    for _ in range(_MOST_META_PAGES):
        asked = {"startAt": str(len(found)), "maxResults": str(_META_PAGE)}
        answer = await jira.call("GET", template, path=path, query=asked)
        page = answer.get(name) or answer.get("values") or []
        found += page
        if not page or len(found) >= answer.get("total", 0):
            break
    return found


async def edit_fields(jira: Jira, issue_key: str) -> list[dict[str, Any]]:
    """Return the fields of an issue's edit screen, each with its id as `fieldId`."""
    path = {"issueIdOrKey": issue_key}
    found = (await jira.call("GET", "/issue/{issueIdOrKey}/editmeta", path=path))["fields"]
    return [about | {"fieldId": field_id} for field_id, about in found.items()]


async def count(jira: Jira, jql: str) -> int:
    """Return how many issues match: about as many on Cloud, exactly as many elsewhere."""
    if jira.is_cloud:
        found = await jira.call("POST", "/search/approximate-count", json={"jql": jql}, safe=True)
        return int(found["count"])
    asked = {"jql": jql, "maxResults": 0, "fields": ["summary"]}
    return int((await jira.call("POST", "/search", json=asked, safe=True))["total"])


async def jql_problems(jira: Jira, jql: str) -> list[str]:
    """Return everything that is wrong with a query; Cloud only."""
    found = await jira.call(
        "POST", "/jql/parse", query={"validation": "strict"}, json={"queries": [jql]}, safe=True
    )
    return [str(text) for query in found["queries"] for text in query.get("errors") or []]
