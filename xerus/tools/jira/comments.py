"""The comments of issues."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AliasChoices, Field

from xerus.atlassian.jira import comments as client
from xerus.atlassian.jira.client import READ, USERS, WRITE, Jira
from xerus.atlassian.jira.offsets import Page, offset_of
from xerus.tools.aside import aside
from xerus.tools.declaration import Effect, ReadArgs, SiteArgs, tool
from xerus.tools.jira.audience import LOOKUPS, Internal, Visibility, audience
from xerus.tools.jira.bodies import check_replaceable, to_body
from xerus.tools.jira.fields import CommentId, Cursor, IssueKey, Markdown
from xerus.tools.jira.issue_view import Comment, comment_of
from xerus.tools.jira.since import instant
from xerus.tools.paging import counted, more
from xerus.tools.readback import read_back
from xerus.tools.tables import shortened
from xerus.tools.untrusted import clean, fenced

_JIRA_TIME = "%Y-%m-%dT%H:%M:%S.%f%z"


class GetComments(ReadArgs):
    """Of which issue, and how many."""

    issue_key: IssueKey
    since: str | None = Field(default=None, max_length=40, description="2026-01-31 or -7d")
    limit: int = Field(default=20, ge=1, le=100, description="Most comments")
    max_chars: int = Field(default=4000, ge=100, le=200_000, description="Longest comment shown")
    cursor: Cursor = None


@dataclass(frozen=True, kw_only=True)
class Comments:
    """One page of comments, newest first."""

    issue_key: str
    page: Page
    max_chars: int

    def markdown(self) -> str:
        """Return the comments, each in a fence of its own."""
        page = self.page
        header = counted(len(page.values), "comment", cursor=page.cursor, total=page.total)
        parts = [f"{self.issue_key}: {header}{', newest first' if page.values else ''}."]
        for comment in page.values:
            text, cut = self._cut(comment)
            fence = comment.source(self.issue_key)
            parts.append(fenced(text, source=fence, author=comment.author, at=comment.at))
            if cut:
                parts.append(f"Comment cut: {self.max_chars} of {cut} characters.")
        return "\n".join(parts) + more(page.cursor)

    def structured(self) -> dict[str, Any]:
        """Return the same as objects."""
        rows = [
            comment.structured() | {"body": clean(self._cut(comment)[0])}
            for comment in self.page.values
        ]
        return {
            "issue_key": self.issue_key,
            "comments": rows,
            "cut": [one.comment_id for one in self.page.values if self._cut(one)[1]],
            "total": self.page.total,
            "cursor": self.page.cursor,
            "untrusted": ["comments[].author", "comments[].body"],
        }

    def _cut(self, comment: Comment) -> tuple[str, int]:
        length = len(comment.body)
        if length <= self.max_chars:
            return comment.body, 0
        return shortened(comment.body, self.max_chars), length


@tool(
    title="Get comments",
    effect=Effect.READ,
    scopes={READ},
    endpoints=("GET /rest/api/3/issue/{issueIdOrKey}/comment",),
    data_center=("GET /rest/api/2/issue/{issueIdOrKey}/comment",),
)
async def get_comments(jira: Jira, args: GetComments) -> Comments:
    """List the comments of a Jira issue, newest first."""
    start = offset_of(args.cursor)
    earliest = instant(args.since) if args.since else None
    found = await client.newest(jira, args.issue_key, start=start, limit=args.limit)
    entries = [one for one in found.comments if not earliest or _created(one) >= earliest]
    end = start + len(found.comments)
    beyond = len(entries) < len(found.comments) or not entries
    cursor = None if beyond or end >= found.total else str(end)
    return Comments(
        issue_key=args.issue_key,
        # With `since` it is not known how many there are in all.
        page=Page(
            values=await aside(
                lambda: [comment_of(entry) for entry in entries], size=jira.received
            ),
            cursor=cursor,
            total=None if earliest else found.total,
        ),
        max_chars=args.max_chars,
    )


def _created(entry: dict[str, Any]) -> datetime:
    return datetime.strptime(str(entry["created"]), _JIRA_TIME).astimezone(UTC)


class AddComment(SiteArgs):
    """A new comment."""

    issue_key: IssueKey
    body: Annotated[Markdown, Field(description="Markdown; mention by @[Name](accountid:ID)")] = (
        Field(validation_alias=AliasChoices("body", "comment"))
    )
    visibility: Visibility | None = None
    internal: Internal = False


@dataclass(frozen=True, kw_only=True)
class Added:
    """A comment as Jira stored it.

    Attributes:
        warning: our own words, where Jira did not do what was asked for.
    """

    issue_key: str
    link: str
    comment: Comment
    warning: str = ""

    def markdown(self) -> str:
        """Return where it stands and what was stored."""
        return f"{self.warning}Comment added: {self.link}\n{self.comment.markdown(self.issue_key)}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {
            "link": self.link,
            "comment": self.comment.structured(),
            "warning": self.warning,
            "untrusted": ["comment.body"],
        }


@tool(
    title="Add comment",
    effect=Effect.CREATE,
    scopes={WRITE},
    optional_scopes={READ, USERS},
    endpoints=(
        "POST /rest/api/3/issue/{issueIdOrKey}/comment",
        "GET /rest/api/3/issue/{issueIdOrKey}/comment/{id}",
        *(f"GET /rest/api/3{path}" for path in LOOKUPS),
    ),
    data_center=(
        "POST /rest/api/2/issue/{issueIdOrKey}/comment",
        "GET /rest/api/2/issue/{issueIdOrKey}/comment/{id}",
        *(f"GET /rest/api/2{path}" for path in LOOKUPS),
    ),
)
async def add_comment(jira: Jira, args: AddComment) -> Added:
    """Add a comment to a Jira issue."""
    body = await to_body(args.body, is_cloud=jira.is_cloud)
    heard = await audience(
        jira, args.issue_key, visibility=args.visibility, internal=args.internal or None
    )
    stored = await client.add(jira, args.issue_key, body, heard)
    added = await aside(lambda: comment_of(stored), size=jira.received)
    comment, warning = await _flagged(jira, args.issue_key, added, internal=args.internal or None)
    link = f"{jira.link(args.issue_key)}?focusedCommentId={comment.comment_id}"
    return Added(issue_key=args.issue_key, link=link, comment=comment, warning=warning)


async def _flagged(
    jira: Jira, issue_key: str, stored: Comment, *, internal: bool | None
) -> tuple[Comment, str]:
    """Return a stored comment, and a warning if customers see it otherwise than asked for.

    It is read again, because the answer to a write does not tell on Data Center.
    """
    if internal is None:
        return stored, ""
    found, problem = await read_back(client.one(jira, issue_key, stored.comment_id), otherwise=None)
    if found is None:
        return stored, problem
    comment = replace(stored, internal=client.is_internal(found))
    if comment.internal is internal:
        return comment, ""
    seen = "hides it from" if comment.internal else "shows it to"
    return comment, f"Not as asked for! Jira {seen} the customer. "


class EditComment(SiteArgs):
    """Which comment, and its new text."""

    issue_key: IssueKey
    comment_id: CommentId
    body: Annotated[Markdown, Field(description="Markdown; replaces the whole text")] = Field(
        validation_alias=AliasChoices("body", "comment")
    )
    visibility: Visibility | None = Field(default=None, description="Role, group or everyone")
    internal: Internal | None = None


@dataclass(frozen=True, kw_only=True)
class Edited:
    """A comment before and after."""

    issue_key: str
    link: str
    before: Comment
    after: Comment
    warning: str = ""

    def markdown(self) -> str:
        """Return the old text and the new one."""
        source = f"{self.before.source(self.issue_key)} before"
        old = fenced(self.before.body, source=source, author=self.before.author)
        head = "Nothing changed" if self.before == self.after else "Comment edited"
        return f"{self.warning}{head}: {self.link}\n{old}\n{self.after.markdown(self.issue_key)}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {
            "link": self.link,
            "before": self.before.structured(),
            "comment": self.after.structured(),
            "warning": self.warning,
            "untrusted": ["before", "comment"],
        }


@tool(
    title="Edit comment",
    effect=Effect.UPDATE,
    scopes={READ, WRITE},
    optional_scopes={USERS},
    endpoints=(
        "GET /rest/api/3/issue/{issueIdOrKey}/comment/{id}",
        "PUT /rest/api/3/issue/{issueIdOrKey}/comment/{id}",
        *(f"GET /rest/api/3{path}" for path in LOOKUPS),
    ),
    data_center=(
        "GET /rest/api/2/issue/{issueIdOrKey}/comment/{id}",
        "PUT /rest/api/2/issue/{issueIdOrKey}/comment/{id}",
        *(f"GET /rest/api/2{path}" for path in LOOKUPS),
    ),
)
async def edit_comment(jira: Jira, args: EditComment) -> Edited:
    """Replace the text of a Jira comment, and who reads it if given."""
    before = await client.one(jira, args.issue_key, args.comment_id)
    await aside(
        lambda: check_replaceable(
            before.get("body"), what="The comment", instead="Add a new comment, or edit it in Jira."
        ),
        size=jira.received,
    )
    heard = await audience(
        jira,
        args.issue_key,
        visibility=args.visibility,
        internal=args.internal,
        before=before,
    )
    body = await to_body(args.body, is_cloud=jira.is_cloud)
    stored = await client.edit(jira, args.issue_key, args.comment_id, body, heard)
    old, new = await aside(
        lambda: [comment_of(one, mention_ids=True) for one in (before, stored)],
        size=jira.received,
    )
    kept = replace(new, internal=old.internal)
    after, warning = await _flagged(jira, args.issue_key, kept, internal=args.internal)
    return Edited(
        issue_key=args.issue_key,
        link=f"{jira.link(args.issue_key)}?focusedCommentId={args.comment_id}",
        before=old,
        after=after,
        warning=warning,
    )


class DeleteComment(SiteArgs):
    """Which comment."""

    issue_key: IssueKey
    comment_id: CommentId


@dataclass(frozen=True, kw_only=True)
class Deleted:
    """A comment that is gone."""

    issue_key: str
    comment: Comment

    def markdown(self) -> str:
        """Return what it said: the only copy there is."""
        return (
            "Comment deleted. Jira keeps no copy: to restore it, pass this text to"
            f" jira_add_comment.\n{self.comment.markdown(self.issue_key)}"
        )

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {"deleted": self.comment.structured(), "untrusted": ["deleted"]}


@tool(
    title="Delete comment",
    effect=Effect.DELETE,
    scopes={READ, WRITE},
    endpoints=(
        "GET /rest/api/3/issue/{issueIdOrKey}/comment/{id}",
        "DELETE /rest/api/3/issue/{issueIdOrKey}/comment/{id}",
    ),
    data_center=(
        "GET /rest/api/2/issue/{issueIdOrKey}/comment/{id}",
        "DELETE /rest/api/2/issue/{issueIdOrKey}/comment/{id}",
    ),
)
async def delete_comment(jira: Jira, args: DeleteComment) -> Deleted:
    """Delete a Jira comment for good; answers with its text."""
    comment = await client.one(jira, args.issue_key, args.comment_id)
    await client.delete(jira, args.issue_key, args.comment_id)
    gone = await aside(lambda: comment_of(comment, mention_ids=True), size=jira.received)
    return Deleted(issue_key=args.issue_key, comment=gone)
