"""Reading the comments of pages."""

import asyncio
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode

from pydantic import Field

from xerus.atlassian.confluence import comments as client
from xerus.atlassian.confluence.client import Confluence
from xerus.atlassian.confluence.comments import READ_COMMENT, CommentPage, Kind
from xerus.errors import InvalidInput
from xerus.tools.aside import aside
from xerus.tools.confluence.addressing import page_id_in
from xerus.tools.confluence.comment_view import CommentView
from xerus.tools.confluence.fields import PageRef
from xerus.tools.declaration import Effect, ReadArgs, tool
from xerus.tools.paging import counted, more

_KINDS: tuple[Kind, ...] = ("footer", "inline")


class GetComments(ReadArgs):
    """Which comments."""

    page_id: PageRef
    kind: Literal["all", "footer", "inline"] = Field(default="all", description="inline: on text")
    limit: int = Field(default=10, ge=1, le=50, description="Threads of each kind")
    cursor: str | None = Field(default=None, max_length=4000, description="From the answer before")


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Threads of a page, and the cursor for more of them."""

    page_id: str
    comments: list[CommentView]
    cursor: str | None

    def markdown(self) -> str:
        """Return each comment, replies after what they reply to; every text in its own fence."""
        if not self.comments and not self.cursor:
            return f"Page {self.page_id} has no such comments."
        head = counted(len(self.comments), "comment", cursor=self.cursor, total=None)
        texts = (one.markdown() for one in self.comments)
        return "\n".join([f"Page {self.page_id}: {head}.", *texts]) + more(self.cursor)

    def structured(self) -> dict[str, Any]:
        """Return the same as objects."""
        return {
            "page_id": self.page_id,
            "comments": [one.structured() for one in self.comments],
            "cursor": self.cursor,
            "untrusted": ["comments[].body", "comments[].anchor"],
        }


@tool(
    title="Get comments",
    effect=Effect.READ,
    scopes={READ_COMMENT},
    endpoints=(
        "GET /wiki/api/v2/pages/{id}/footer-comments",
        "GET /wiki/api/v2/footer-comments/{id}/children",
        "GET /wiki/api/v2/pages/{id}/inline-comments",
        "GET /wiki/api/v2/inline-comments/{id}/children",
    ),
    data_center=("GET /rest/api/content/{id}/child/comment",),
)
async def get_comments(confluence: Confluence, args: GetComments) -> Listed:
    """List the comments of a Confluence page: threads below it and on its text, resolved or not."""
    page_id = page_id_in(confluence, args.page_id)
    wanted = _KINDS if args.kind == "all" else (args.kind,)
    if confluence.is_cloud:
        found = await _threads(confluence, page_id, wanted, limit=args.limit, cursor=args.cursor)
    else:
        kind = None if args.kind == "all" else args.kind
        found = await client.of_server_page(
            confluence, page_id, kind, limit=args.limit, cursor=args.cursor
        )
    views = await aside(
        lambda: [CommentView.of(one) for one in found.comments], size=confluence.received
    )
    return Listed(page_id=page_id, comments=views, cursor=found.cursor)


async def _threads(
    confluence: Confluence,
    page_id: str,
    wanted: tuple[Kind, ...],
    *,
    limit: int,
    cursor: str | None,
) -> CommentPage:
    """List both kinds, each with a cursor of its own inside of ours."""
    positions = _positions(cursor, wanted)
    pages = await asyncio.gather(
        *(
            client.of_page(confluence, page_id, kind, limit=limit, cursor=at)
            for kind, at in positions.items()
        )
    )
    left: dict[str, str] = {
        kind: page.cursor for kind, page in zip(positions, pages, strict=True) if page.cursor
    }
    return CommentPage(
        comments=[one for page in pages for one in page.comments],
        cursor=urlencode(left) if left else None,
    )


def _positions(cursor: str | None, wanted: tuple[Kind, ...]) -> dict[Kind, str | None]:
    if not cursor:
        return dict.fromkeys(wanted)
    given = parse_qs(cursor)
    found: dict[Kind, str | None] = {kind: given[kind][0] for kind in wanted if kind in given}
    if not found:
        raise InvalidInput(
            "cursor: not one of a former answer.", hint="Leave it out to start from the beginning."
        )
    return found
