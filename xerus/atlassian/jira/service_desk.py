"""Service desks of Jira Service Management: queues, requests and their comments.

Its API is one of its own, with pages and errors of its own form. Atlassian documents
read:servicedesk-request and write:servicedesk-request for it, and read:jira-work for queues.
"""

from collections.abc import Mapping
from typing import Any

from xerus.atlassian.jira.client import READ, Jira
from xerus.atlassian.jira.offsets import Page, offset_of

READ_REQUESTS = "read:servicedesk-request"
WRITE_REQUESTS = "write:servicedesk-request"

_API = "/rest/servicedeskapi"
_QUEUES = "/servicedesk/{serviceDeskId}/queue"
_REQUEST = "/request/{issueIdOrKey}"
_MOST = 100


async def desks(jira: Jira, *, limit: int = _MOST, cursor: str | None = None) -> Page:
    """Return the service desks that this account may see."""
    return await _page(jira, "/servicedesk", limit=limit, cursor=cursor)


async def queues(
    jira: Jira, desk_id: str, *, limit: int = _MOST, cursor: str | None = None
) -> Page:
    """Return the queues of a desk, each with the number of its issues."""
    path, query = {"serviceDeskId": desk_id}, {"includeCount": "true"}
    return await _page(
        jira, _QUEUES, path=path, query=query, limit=limit, cursor=cursor, scope=READ
    )


async def queue_issues(
    jira: Jira, desk_id: str, queue_id: str, *, limit: int, cursor: str | None
) -> Page:
    """Return what is in a queue, with the fields that the queue shows."""
    path = {"serviceDeskId": desk_id, "queueId": queue_id}
    template = _QUEUES + "/{queueId}/issue"
    return await _page(jira, template, path=path, limit=limit, cursor=cursor, scope=READ)


async def request_types(jira: Jira, desk_id: str, *, limit: int, cursor: str | None) -> Page:
    """Return the kinds of requests that customers can raise at a desk."""
    path = {"serviceDeskId": desk_id}
    template = "/servicedesk/{serviceDeskId}/requesttype"
    return await _page(jira, template, path=path, limit=limit, cursor=cursor)


async def requests(jira: Jira, asked: Mapping[str, str], *, limit: int, cursor: str | None) -> Page:
    """Return requests, the one with the latest activity first."""
    return await _page(jira, "/request", query=asked, limit=limit, cursor=cursor)


async def request(jira: Jira, key: str) -> dict[str, Any]:
    """Read one request."""
    path, query = {"issueIdOrKey": key}, {"expand": "requestType"}
    found: dict[str, Any] = await jira.call(
        "GET", _API + _REQUEST, path=path, query=query, scope=READ_REQUESTS
    )
    return found


async def comments(jira: Jira, key: str, *, limit: int, cursor: str | None) -> Page:
    """Return the comments of a request, public and internal, the oldest first."""
    path = {"issueIdOrKey": key}
    return await _page(jira, _REQUEST + "/comment", path=path, limit=limit, cursor=cursor)


async def reply(jira: Jira, key: str, body: str, *, public: bool) -> dict[str, Any]:
    """Comment on a request in wiki markup, and return the comment as stored."""
    stored: dict[str, Any] = await jira.call(
        "POST",
        _API + _REQUEST + "/comment",
        path={"issueIdOrKey": key},
        json={"body": body, "public": public},
        scope=WRITE_REQUESTS,
    )
    return stored


async def _page(
    jira: Jira,
    template: str,
    *,
    path: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    limit: int,
    cursor: str | None,
    scope: str = READ_REQUESTS,
) -> Page:
    start = offset_of(cursor)
    asked = {**(query or {}), "start": str(start), "limit": str(limit)}
    found = await jira.call("GET", _API + template, path=path, query=asked, scope=scope)
    values = list(found.get("values") or [])
    size = int(found.get("size", len(values)))
    more = bool(size) and not found.get("isLastPage", True)
    return Page(values=values, cursor=str(start + size) if more else None)
