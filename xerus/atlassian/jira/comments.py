"""The comments of an issue."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xerus.atlassian.jira.client import USERS, WRITE, Jira

_COMMENTS = "/issue/{issueIdOrKey}/comment"
_COMMENT = _COMMENTS + "/{id}"
_DESK_PROPERTY = "sd.public.comment"


@dataclass(frozen=True, kw_only=True)
class CommentPage:
    """One page of comments, newest first."""

    comments: list[dict[str, Any]]
    total: int


async def newest(jira: Jira, issue_key: str, *, start: int, limit: int) -> CommentPage:
    """Read comments, the newest first."""
    query = {"orderBy": "-created", "startAt": str(start), "maxResults": str(limit)}
    path = {"issueIdOrKey": issue_key}
    found = await jira.call("GET", _COMMENTS, path=path, query=query | _expanded(jira))
    return CommentPage(comments=list(found["comments"]), total=int(found["total"]))


async def one(jira: Jira, issue_key: str, comment_id: str) -> dict[str, Any]:
    """Read one comment."""
    comment: dict[str, Any] = await jira.call(
        "GET", _COMMENT, path=_path(issue_key, comment_id), query=_expanded(jira)
    )
    return comment


async def add(jira: Jira, issue_key: str, body: Any, audience: Mapping[str, Any]) -> dict[str, Any]:
    """Add a comment for `audience`, see there, and return it as stored."""
    path = {"issueIdOrKey": issue_key}
    comment: dict[str, Any] = await jira.call(
        "POST", _COMMENTS, scope=WRITE, path=path, json={"body": body, **audience}
    )
    return comment


async def edit(
    jira: Jira, issue_key: str, comment_id: str, body: Any, audience: Mapping[str, Any]
) -> dict[str, Any]:
    """Replace text and audience of a comment and return it as stored."""
    path = _path(issue_key, comment_id)
    comment: dict[str, Any] = await jira.call(
        "PUT", _COMMENT, scope=WRITE, path=path, json={"body": body, **audience}
    )
    return comment


def audience(
    *, visibility: Mapping[str, Any] | None = None, internal: bool | None = None
) -> dict[str, Any]:
    """Return who may read a comment as Jira takes it.

    Args:
        visibility: as Jira gives it: a role or a group; None for everybody who sees the issue.
        internal: whether a service desk keeps it from the customer; None leaves that as it is.
    """
    asked: dict[str, Any] = {}
    if visibility:
        # The name of a group can change, its identifier (Cloud) cannot.
        name = "identifier" if visibility.get("identifier") else "value"
        asked["visibility"] = {"type": visibility["type"], name: visibility[name]}
    if internal is not None:
        asked["properties"] = [{"key": _DESK_PROPERTY, "value": {"internal": internal}}]
    return asked


def is_internal(comment: Mapping[str, Any]) -> bool:
    """Tell whether a service desk keeps a comment from the customer."""
    if comment.get("jsdPublic") is False:
        return True
    properties = {one.get("key"): one.get("value") for one in comment.get("properties") or ()}
    flag = properties.get(_DESK_PROPERTY)
    # Data Center's description has the value as a string of JSON.
    return flag == {"internal": True} or "".join(str(flag).split()) == '{"internal":true}'


async def roles(jira: Jira, project_key: str) -> list[str]:
    """Return the names of a project's roles."""
    path = {"projectIdOrKey": project_key}
    return list(await jira.call("GET", "/project/{projectIdOrKey}/role", path=path))


async def groups(jira: Jira, text: str) -> list[dict[str, Any]]:
    """Find groups by a part of their names; Cloud gives each a `groupId`."""
    query = {"query": text, "maxResults": "20"}
    found = await jira.call("GET", "/groups/picker", query=query, scope=USERS)
    return list(found["groups"])


async def delete(jira: Jira, issue_key: str, comment_id: str) -> None:
    """Delete a comment for good."""
    await jira.call("DELETE", _COMMENT, scope=WRITE, path=_path(issue_key, comment_id))


def _expanded(jira: Jira) -> dict[str, str]:
    """Ask Data Center for what Cloud tells by itself: whether a comment is internal."""
    return {} if jira.is_cloud else {"expand": "properties"}


def _path(issue_key: str, comment_id: str) -> Mapping[str, str]:
    return {"issueIdOrKey": issue_key, "id": comment_id}
