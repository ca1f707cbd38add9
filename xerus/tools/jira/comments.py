"""Commenting on issues."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AliasChoices, Field

from xerus.atlassian.jira.client import WRITE, Jira
from xerus.tools.declaration import Effect, SiteArgs, tool
from xerus.tools.jira.bodies import to_body
from xerus.tools.jira.fields import IssueKey, Markdown
from xerus.tools.jira.issue_view import Comment, comment_of


class AddComment(SiteArgs):
    """A new comment."""

    issue_key: IssueKey
    body: Annotated[Markdown, Field(description="Markdown; mention by @[Name](accountid:ID)")] = (
        Field(validation_alias=AliasChoices("body", "comment"))
    )


@dataclass(frozen=True, kw_only=True)
class Added:
    """A comment as Jira stored it."""

    issue_key: str
    link: str
    comment: Comment

    def markdown(self) -> str:
        """Return where it stands and what was stored."""
        return f"Comment added: {self.link}\n{self.comment.markdown(self.issue_key)}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {
            "link": self.link,
            "comment": self.comment.structured(),
            "untrusted": ["comment.body"],
        }


@tool(
    title="Add comment",
    effect=Effect.CREATE,
    scopes={WRITE},
    endpoints=("POST /rest/api/3/issue/{issueIdOrKey}/comment",),
    data_center=("POST /rest/api/2/issue/{issueIdOrKey}/comment",),
)
async def add_comment(jira: Jira, args: AddComment) -> Added:
    """Add a comment to a Jira issue."""
    body = to_body(args.body, is_cloud=jira.is_cloud)
    comment = comment_of(await jira.add_comment(args.issue_key, body))
    link = f"{jira.link(args.issue_key)}?focusedCommentId={comment.comment_id}"
    return Added(issue_key=args.issue_key, link=link, comment=comment)
