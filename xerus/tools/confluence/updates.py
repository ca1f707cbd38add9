"""Changing the body or the title of a page."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from xerus.atlassian.confluence import changes
from xerus.atlassian.confluence.changes import Body
from xerus.atlassian.confluence.client import READ_PAGE, WRITE_PAGE, Confluence
from xerus.atlassian.confluence.records import Page
from xerus.errors import InvalidInput
from xerus.tools.aside import aside
from xerus.tools.confluence.addressing import content_in
from xerus.tools.confluence.bodies import from_body, kinds, written
from xerus.tools.confluence.differences import Difference, difference
from xerus.tools.confluence.fields import (
    Content,
    ContentFormat,
    PageRef,
    Title,
    VersionNumber,
)
from xerus.tools.declaration import Effect, SiteArgs, tool
from xerus.tools.readback import read_back
from xerus.tools.stale import StaleVersion
from xerus.tools.tables import shortened
from xerus.tools.untrusted import clean, fenced, one_line

_MOST_SHOWN = 3000


class UpdatePage(SiteArgs):
    """What to change."""

    page_id: PageRef
    title: Title | None = Field(default=None, description="New title")
    content: Content | None = Field(default=None, description="The whole new body")
    content_format: ContentFormat = "markdown"
    expected_version: VersionNumber | None = Field(
        default=None, description="Refuse if it is not this"
    )
    version_comment: Annotated[str, Field(max_length=255)] = Field(
        default="", description="Note for the history"
    )


@dataclass(frozen=True, kw_only=True)
class Updated:
    """A page before and after; `body` is None when only the title was to change."""

    before: Page
    after: Page
    link: str
    body: Difference | None
    problem: str

    def markdown(self) -> str:
        """Return both versions and what changed between them."""
        before, after = self.before, self.after
        head = f"Updated. {self.problem}{after.noun.capitalize()} {after.page_id}: {self.link}"
        if self.problem:
            return head
        parts = [f"{head}\nVersion {before.version} -> {after.version}. {self._summary()}"]
        shown = self._renamed() + (self.body.text if self.body else "")
        if shown:
            parts.append(
                fenced(
                    shortened(shown, _MOST_SHOWN), source=f"changes of confluence {after.page_id}"
                )
            )
        return "\n".join(parts)

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {
            "page_id": self.after.page_id,
            "link": self.link,
            "version": {"old": self.before.version, "new": self.after.version},
            "title": {"old": clean(self.before.title), "new": clean(self.after.title)},
            "diff": self.body.text if self.body else "",
            "untrusted": ["title", "diff"],
        }

    def _summary(self) -> str:
        title = "Title changed" if self._renamed() else "Title as before"
        if self.body is None:
            return f"{title}; body untouched."
        if not self.body.text:
            return f"{title}; the body reads the same as Markdown."
        return f"{title}; body {self.body.counts}."

    def _renamed(self) -> str:
        old, new = one_line(self.before.title), one_line(self.after.title)
        return f"title: {old} -> {new}\n" if old != new else ""


@tool(
    title="Update page",
    effect=Effect.UPDATE,
    scopes={WRITE_PAGE, READ_PAGE},
    endpoints=(
        "GET /wiki/api/v2/pages/{id}",
        "PUT /wiki/api/v2/pages/{id}",
        "PUT /wiki/api/v2/pages/{id}/title",
        "GET /wiki/api/v2/blogposts/{id}",
        "PUT /wiki/api/v2/blogposts/{id}",
    ),
    data_center=("GET /rest/api/content/{id}", "PUT /rest/api/content/{contentId}"),
)
async def update_page(confluence: Confluence, args: UpdatePage) -> Updated:
    """Replace the body or title of a Confluence page; refuses what would lose macros."""
    if args.content is None and args.title is None:
        raise InvalidInput("Give content, title, or both.")
    page = await content_in(confluence, args.page_id)
    check_version(page, args.expected_version)
    title = args.title or page.title
    if args.content is None:
        await changes.rename(confluence, page, title=title, message=args.version_comment)
    else:
        body = await _new_body(confluence, args, page)
        await changes.replace(
            confluence, page, title=title, body=body, message=args.version_comment
        )
    status = "draft" if page.status == "draft" else ""
    after, problem = await read_back(
        confluence.page(page.page_id, kind=page.kind, status=status), otherwise=page
    )
    return Updated(
        before=page,
        after=after,
        link=confluence.link(after.path),
        body=None
        if args.content is None
        else await aside(lambda: compared(page.body, after.body), size=confluence.received),
        problem=problem,
    )


def check_version(page: Page, expected: int | None) -> None:
    """Refuse to change a page that is not what the caller read.

    Raises:
        StaleVersion: it has another version by now.
    """
    if expected is not None and page.version != expected:
        raise StaleVersion(
            version=page.version, at=page.changed_at[:16], author=page.author, expected=expected
        )


def compared(old: Any, new: Any) -> Difference:
    """Compare two bodies as Markdown, or as they are where one is beyond the converter."""
    try:
        return difference(
            *(clean(from_body(body, mention_ids=True).markdown) for body in (old, new))
        )
    except InvalidInput:
        return difference(str(old or ""), str(new or ""))


async def _new_body(confluence: Confluence, args: UpdatePage, page: Page) -> Body:
    if args.content_format == "markdown":
        await aside(
            lambda: _refuse_loss(page, is_cloud=confluence.is_cloud), size=confluence.received
        )
    value = await written(args.content or "", args.content_format, is_cloud=confluence.is_cloud)
    return Body(form="adf" if isinstance(value, dict) else "storage", value=value)


def _refuse_loss(page: Page, *, is_cloud: bool) -> None:
    """Markdown cannot carry everything, and what it cannot carry would be gone."""
    lossy = from_body(page.body, mention_ids=True).lossy
    if lossy:
        form = "adf" if is_cloud else "storage"
        raise InvalidInput(
            f"This {page.noun} has what Markdown cannot carry, and a new body would lose it: "
            f"{kinds(lossy)}. Nothing was changed.",
            code="content_lossy",
            hint=f'Read and send the body with content_format="{form}" to keep it. '
            "The title alone can be changed.",
        )
