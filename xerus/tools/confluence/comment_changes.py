"""Adding, editing and deleting comments of pages."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AliasChoices, Field

from xerus.atlassian.confluence import comments as client
from xerus.atlassian.confluence.client import READ_PAGE, Confluence
from xerus.atlassian.confluence.comments import (
    DELETE_COMMENT,
    READ_COMMENT,
    WRITE_COMMENT,
    Comment,
    Kind,
)
from xerus.errors import InvalidInput
from xerus.tools.aside import aside
from xerus.tools.confluence.addressing import page_id_in
from xerus.tools.confluence.anchors import check_unique
from xerus.tools.confluence.bodies import from_body, kinds, to_body
from xerus.tools.confluence.comment_view import CommentView
from xerus.tools.confluence.fields import PageRef
from xerus.tools.declaration import Effect, SiteArgs, tool
from xerus.tools.readback import read_back

CommentId = Annotated[str, Field(pattern=r"^[0-9]{1,20}$", description="Comment id")]
Markdown = Annotated[str, Field(min_length=1, max_length=100_000, description="Markdown")]

_ONE = (
    "GET /wiki/api/v2/footer-comments/{comment-id}",
    "GET /wiki/api/v2/inline-comments/{comment-id}",
)
_SERVER_ONE = "GET /rest/api/content/{id}"


class AddComment(SiteArgs):
    """A new comment, and where."""

    page_id: PageRef | None = None
    reply_to: CommentId | None = Field(default=None, description="Comment id, instead of page_id")
    anchor: Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(
        default=None, description="Text on the page to comment on, exact; Cloud only"
    )
    body: Markdown = Field(validation_alias=AliasChoices("body", "content", "comment"))


@dataclass(frozen=True, kw_only=True)
class Written:
    """A comment as Confluence stored it; `head` is our own word above it."""

    head: str
    link: str
    comment: CommentView

    def markdown(self) -> str:
        """Return what was done, where it stands and what is stored."""
        return f"{self.head}: {self.link}\n{self.comment.markdown()}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        comment = self.comment.structured()
        untrusted = ["comment.body", "comment.anchor"]
        return {"link": self.link, "comment": comment, "untrusted": untrusted}


@tool(
    title="Add comment",
    effect=Effect.CREATE,
    scopes={WRITE_COMMENT, READ_COMMENT},
    optional_scopes={READ_PAGE},
    endpoints=(
        "GET /wiki/api/v2/pages/{id}",
        "POST /wiki/api/v2/footer-comments",
        "POST /wiki/api/v2/inline-comments",
        *_ONE,
    ),
    data_center=("POST /rest/api/content", _SERVER_ONE),
)
async def add_comment(confluence: Confluence, args: AddComment) -> Written:
    """Comment on a Confluence page, on a text of it (anchor), or reply to a comment."""
    body = await to_body(args.body, is_cloud=confluence.is_cloud)
    draft = await _added(confluence, args, body)
    stored, problem = await read_back(client.again(confluence, draft), otherwise=draft)
    return Written(
        head=f"Comment added. {problem}".strip(),
        link=confluence.link(stored.path),
        comment=await aside(lambda: CommentView.of(stored), size=confluence.received),
    )


async def _added(confluence: Confluence, args: AddComment, body: Any) -> Comment:
    """Send the comment; return what is known of it without reading it back."""
    if (args.page_id is None) is (args.reply_to is None):
        raise InvalidInput("Give page_id or reply_to, one of the two.")
    if args.reply_to is not None:
        if args.anchor is not None:
            raise InvalidInput("anchor: a reply has the anchor of what it replies to.")
        above = await client.find(confluence, args.reply_to)
        comment_id = await client.reply(confluence, above, body)
        return _draft(comment_id, above.kind, body, parent_id=above.comment_id)
    page_id = page_id_in(confluence, args.page_id or "")
    if args.anchor is None:
        return _draft(await client.add(confluence, page_id, body), "footer", body)
    if not confluence.is_cloud:
        raise InvalidInput(
            "Confluence Data Center has no API for comments on a text. Nothing was added.",
            hint="Leave anchor out and quote the text in the comment.",
        )
    check_unique((await confluence.page(page_id)).body or {}, args.anchor)
    comment_id = await client.add_inline(confluence, page_id, args.anchor, body)
    return _draft(comment_id, "inline", body)


def _draft(comment_id: str, kind: Kind, body: Any, *, parent_id: str = "") -> Comment:
    return Comment(
        comment_id=comment_id,
        kind=kind,
        page_id="",
        parent_id=parent_id,
        author="",
        at="",
        version=1,
        anchor="",
        resolution="",
        body=body,
        path="",
    )


class EditComment(SiteArgs):
    """What to change."""

    comment_id: CommentId
    body: Markdown | None = Field(default=None, description="New text, Markdown")
    resolved: bool | None = Field(
        default=None, description="Resolve or reopen an inline comment; Cloud only"
    )


@dataclass(frozen=True, kw_only=True)
class Edited:
    """A comment before and after."""

    before: CommentView
    after: CommentView
    link: str
    problem: str

    def markdown(self) -> str:
        """Return what changed, old text and new."""
        old, new = self.before, self.after
        parts = [
            f"Comment {new.comment.comment_id} edited. {self.problem}".strip() + f" {self.link}"
        ]
        if old.resolution != new.resolution:
            parts.append(f"State: {old.resolution} -> {new.resolution}.")
        if old.body != new.body:
            parts += ["Before:", old.markdown(), "Now:"]
        return "\n".join([*parts, new.markdown()])

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {
            "link": self.link,
            "before": self.before.structured(),
            "comment": self.after.structured(),
            "untrusted": ["before", "comment"],
        }


@tool(
    title="Edit comment",
    effect=Effect.UPDATE,
    scopes={WRITE_COMMENT, READ_COMMENT},
    endpoints=(
        *_ONE,
        "PUT /wiki/api/v2/footer-comments/{comment-id}",
        "PUT /wiki/api/v2/inline-comments/{comment-id}",
    ),
    data_center=(_SERVER_ONE, "PUT /rest/api/content/{contentId}"),
)
async def edit_comment(confluence: Confluence, args: EditComment) -> Edited:
    """Replace the text of a Confluence comment, or resolve or reopen it."""
    if args.body is None and args.resolved is None:
        raise InvalidInput("Give body, resolved, or both.")
    if args.resolved is not None and not confluence.is_cloud:
        raise InvalidInput(
            "Confluence Data Center has no API to resolve or reopen. Nothing was changed.",
            hint="It is done on the page in the browser.",
        )
    before = await client.find(confluence, args.comment_id)
    if args.resolved is not None and before.kind == "footer":
        raise InvalidInput("resolved: only inline comments can be. Nothing was changed.")
    body = None
    if args.body is not None:
        await aside(lambda: _refuse_loss(before), size=confluence.received)
        body = await to_body(args.body, is_cloud=confluence.is_cloud)
    await client.edit(confluence, before, body=body, resolved=args.resolved)
    after, problem = await read_back(client.again(confluence, before), otherwise=before)
    return Edited(
        before=await aside(lambda: CommentView.of(before), size=confluence.received),
        after=await aside(lambda: CommentView.of(after), size=confluence.received),
        link=confluence.link(after.path),
        problem=problem,
    )


def _refuse_loss(comment: Comment) -> None:
    """Markdown cannot carry everything, and what it cannot carry would be gone."""
    if lossy := from_body(comment.body, mention_ids=True).lossy:
        raise InvalidInput(
            "This comment has what Markdown cannot carry, and a new text would lose it: "
            f"{kinds(lossy)}. Nothing was changed.",
            code="content_lossy",
            hint="Add a reply, or edit it in the browser.",
        )


class DeleteComment(SiteArgs):
    """Which comment."""

    comment_id: CommentId


@dataclass(frozen=True, kw_only=True)
class Deleted:
    """A comment that is gone."""

    comment: CommentView

    def markdown(self) -> str:
        """Return what it said: the only copy there is."""
        return (
            "Comment deleted. Confluence keeps no copy: to restore it, pass this text to "
            f"confluence_add_comment.\n{self.comment.markdown()}"
        )

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {"deleted": self.comment.structured(), "untrusted": ["deleted"]}


@tool(
    title="Delete comment",
    effect=Effect.DELETE,
    scopes={DELETE_COMMENT, READ_COMMENT},
    endpoints=(
        *_ONE,
        "DELETE /wiki/api/v2/footer-comments/{comment-id}",
        "DELETE /wiki/api/v2/inline-comments/{comment-id}",
    ),
    data_center=(_SERVER_ONE, "DELETE /rest/api/content/{id}"),
)
async def delete_comment(confluence: Confluence, args: DeleteComment) -> Deleted:
    """Delete a Confluence comment for good; answers with its text."""
    comment = await client.find(confluence, args.comment_id)
    await client.delete(confluence, comment)
    view = await aside(lambda: CommentView.of(comment), size=confluence.received)
    return Deleted(comment=view)
