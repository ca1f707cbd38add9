"""Finding people."""

from typing import Any

from xerus.atlassian.jira.client import USERS, Jira
from xerus.atlassian.jira.offsets import Page, offset_of, with_one_more


async def find(
    jira: Jira,
    text: str,
    *,
    project_key: str | None,
    issue_key: str | None,
    limit: int,
    cursor: str | None,
) -> Page:
    """Find people by part of name or e-mail: who may be assigned, or anybody."""
    start = offset_of(cursor)
    asked: dict[str, str] = {"query" if jira.is_cloud else "username": text}
    if issue_key:
        asked["issueKey"] = issue_key
    elif project_key:
        asked["project"] = project_key
    assignable = bool(issue_key or project_key)
    template = "/user/assignable/search" if assignable else "/user/search"
    if assignable and not jira.is_cloud:
        # Data Center has no startAt here: the pages before are read again and left out.
        asked["maxResults"] = str(start + limit + 1)
        found = (await _people(jira, template, asked))[start:]
    else:
        asked |= {"startAt": str(start), "maxResults": str(limit + 1)}
        found = await _people(jira, template, asked)
    return with_one_more(found, start=start, limit=limit)


async def _people(jira: Jira, template: str, asked: dict[str, str]) -> list[dict[str, Any]]:
    return list(await jira.call("GET", template, query=asked, scope=USERS))
