"""The comments of an issue."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xerus.atlassian.jira.client import WRITE, Jira

_COMMENTS = "/issue/{issueIdOrKey}/comment"
_COMMENT = _COMMENTS + "/{id}"


@dataclass(frozen=True, kw_only=True)
class CommentPage:
    """One page of comments, newest first."""

    comments: list[dict[str, Any]]
    total: int


async def newest(jira: Jira, issue_key: str, *, start: int, limit: int) -> CommentPage:
    """Read comments, the newest first."""
    query = {"orderBy": "-created", "startAt": str(start), "maxResults": str(limit)}
    path = {"issueIdOrKey": issue_key}
    found = await jira.call("GET", _COMMENTS, path=path, query=query)
    return CommentPage(comments=list(found["comments"]), total=int(found["total"]))


async def one(jira: Jira, issue_key: str, comment_id: str) -> dict[str, Any]:
    """Read one comment."""
    comment: dict[str, Any] = await jira.call("GET", _COMMENT, path=_path(issue_key, comment_id))
    return comment


async def edit(jira: Jira, issue_key: str, comment_id: str, body: Any) -> dict[str, Any]:
    """Replace the text of a comment and return it as stored."""
    path = _path(issue_key, comment_id)
    comment: dict[str, Any] = await jira.call(
        "PUT", _COMMENT, scope=WRITE, path=path, json={"body": body}
    )
    return comment


async def delete(jira: Jira, issue_key: str, comment_id: str) -> None:
    """Delete a comment for good."""
    await jira.call("DELETE", _COMMENT, scope=WRITE, path=_path(issue_key, comment_id))


def _path(issue_key: str, comment_id: str) -> Mapping[str, str]:
    return {"issueIdOrKey": issue_key, "id": comment_id}
