"""Putting pages into the trash, and getting pages and old versions back."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from pydantic import Field

from xerus.atlassian.confluence import changes, tree
from xerus.atlassian.confluence.client import (
    DELETE_PAGE,
    READ_PAGE,
    READ_TREE,
    WRITE_CONTENT,
    WRITE_PAGE,
    Confluence,
)
from xerus.atlassian.confluence.records import Page
from xerus.atlassian.confluence.tree import Node
from xerus.errors import Conflict, InvalidInput, UpstreamError, XerusError
from xerus.settings.toolsets import Toolset
from xerus.tools.aside import aside
from xerus.tools.confluence.addressing import content_in
from xerus.tools.confluence.fields import PageRef, VersionNumber
from xerus.tools.confluence.page_view import PageView
from xerus.tools.confluence.updates import Updated, compared
from xerus.tools.declaration import Effect, SiteArgs, tool
from xerus.tools.readback import read_back
from xerus.tools.untrusted import clean, fenced, one_line

_MOST_DELETED = 100
_RESTORED_CHARS = 300


class PartlyDone(UpstreamError):
    """Some of the pages are in the trash, then one failed."""

    code = "partly_done"


class DeletePage(SiteArgs):
    """Which page."""

    page_id: PageRef
    with_children: bool = Field(default=False, description="Also all pages below it")


@dataclass(frozen=True, kw_only=True)
class Deleted:
    """What is in the trash now."""

    page: Page
    below: list[Node]
    trash: str
    problem: str

    def markdown(self) -> str:
        """Return what was deleted and how to get it back."""
        page = self.page
        count = f" and {len(self.below)} below it" if self.below else ""
        then = ", then each page below it" if self.below else ""
        nodes = [(page.page_id, page.title), *((one.node_id, one.title) for one in self.below)]
        titles = "\n".join(f"{number} {one_line(title)}" for number, title in nodes)
        return (
            f"Deleted: {page.noun} {page.page_id} (version {page.version}){count}, now in the trash of "
            f"space {page.space_key}. {self.problem}\n"
            f'To restore: confluence_restore with page_id="{page.page_id}"{then} '
            f"(toolset extra), or {self.trash}\n"
            f"{fenced(titles, source='titles of the deleted pages')}"
        )

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        page = self.page
        return {
            "deleted": [page.page_id, *(node.node_id for node in self.below)],
            "title": clean(page.title),
            "version": page.version,
            "trash": self.trash,
            "untrusted": ["title"],
        }


@tool(
    title="Delete page",
    effect=Effect.DELETE,
    scopes={DELETE_PAGE, READ_PAGE, READ_TREE},
    endpoints=(
        "GET /wiki/api/v2/pages/{id}",
        "GET /wiki/api/v2/pages/{id}/direct-children",
        "GET /wiki/api/v2/pages/{id}/descendants",
        "DELETE /wiki/api/v2/pages/{id}",
        "GET /wiki/api/v2/blogposts/{id}",
        "DELETE /wiki/api/v2/blogposts/{id}",
    ),
    data_center=(
        "GET /rest/api/content/{id}",
        "GET /rest/api/content/{id}/child/{type}",
        "DELETE /rest/api/content/{id}",
    ),
)
async def delete_page(confluence: Confluence, args: DeletePage) -> Deleted:
    """Move a Confluence page to the trash. The answer tells how to restore it."""
    page = await content_in(confluence, args.page_id, form="none")
    if page.status == "draft":
        raise Conflict(
            f"Page {page.page_id} is a draft, and those do not go to the trash: it would be gone "
            "for good. Nothing was deleted.",
            hint="Discard it in Confluence.",
        )
    below: list[Node] = []
    if page.kind == "blogpost":
        await changes.trash(confluence, page.page_id, page.kind)
    else:
        below = await _below(confluence, page, with_children=args.with_children)
        await _trash_all(confluence, [*(node.node_id for node in reversed(below)), page.page_id])
    gone = replace(page, status="trashed")
    seen, problem = await read_back(
        confluence.page(page.page_id, kind=page.kind, form="none", status="trashed"),
        otherwise=gone,
    )
    if seen.status != "trashed":
        problem = f"But Confluence shows it as {one_line(seen.status)}. "
    trash = confluence.link(f"/pages/viewtrash.action?key={quote(page.space_key, safe='')}")
    return Deleted(page=page, below=below, trash=trash, problem=problem)


async def _below(confluence: Confluence, page: Page, *, with_children: bool) -> list[Node]:
    """Return the pages that are to go with a page."""
    if not with_children:
        await _refuse_children(confluence, page)
        return []
    below = await tree.subtree(confluence, page.page_id, most=_MOST_DELETED)
    _refuse_other_kinds(below)
    return below


async def _refuse_children(confluence: Confluence, page: Page) -> None:
    found = await tree.children(confluence, page.page_id, limit=25, cursor=None)
    if not found.nodes:
        return
    count = f"{len(found.nodes)}{' or more' if found.cursor else ''}"
    raise Conflict(
        f"Page {page.page_id} has {count} below it: "
        f"{', '.join(node.node_id for node in found.nodes)}. Nothing was deleted.",
        code="has_children",
        hint="Use with_children=true to delete them too, or confluence_move_page first.",
    )


def _refuse_other_kinds(below: list[Node]) -> None:
    others = [node for node in below if node.kind != "page"]
    if others:
        raise Conflict(
            "Not only pages are below it: "
            f"{', '.join(f'{one_line(node.kind)} {node.node_id}' for node in others)}. "
            "Nothing was deleted.",
            hint="Move or delete those in Confluence first.",
        )


async def _trash_all(confluence: Confluence, page_ids: list[str]) -> None:
    """Delete from the deepest up, so that no page moves to another parent meanwhile."""
    for done, page_id in enumerate(page_ids):
        try:
            await changes.trash(confluence, page_id)
        except XerusError as error:
            if not done:
                raise
            raise PartlyDone(
                f"{done} of {len(page_ids)} pages are in the trash "
                f"({', '.join(page_ids[:done])}); then page {page_id} failed: {error.message}",
                hint="confluence_restore (toolset extra) brings back each of them.",
            ) from error


class Restore(SiteArgs):
    """What to bring back."""

    page_id: PageRef
    version: VersionNumber | None = Field(
        default=None, description="Old version; default: take the page out of the trash"
    )


@tool(
    title="Restore page",
    effect=Effect.UPDATE,
    toolset=Toolset.EXTRA,
    scopes={WRITE_PAGE, READ_PAGE},
    optional_scopes={WRITE_CONTENT},
    endpoints=(
        "GET /wiki/api/v2/pages/{id}",
        "PUT /wiki/api/v2/pages/{id}",
        "GET /wiki/api/v2/blogposts/{id}",
        "PUT /wiki/api/v2/blogposts/{id}",
        "POST /wiki/rest/api/content/{id}/version",
    ),
    data_center=("GET /rest/api/content/{id}", "PUT /rest/api/content/{contentId}"),
)
async def restore(confluence: Confluence, args: Restore) -> Updated | PageView:
    """Bring a Confluence page back from the trash, or the body of an old version."""
    if args.version is None:
        return await _from_trash(confluence, args.page_id)
    page = await content_in(confluence, args.page_id)
    if args.version >= page.version:
        raise InvalidInput(f"The page has version {page.version} now; give an older one.")
    await changes.restore_version(confluence, page, args.version)
    after, problem = await read_back(confluence.page(page.page_id, kind=page.kind), otherwise=page)
    return Updated(
        before=page,
        after=after,
        link=confluence.link(after.path),
        body=await aside(lambda: compared(page.body, after.body), size=confluence.received),
        problem=problem,
    )


async def _from_trash(confluence: Confluence, ref: str) -> PageView:
    page = await content_in(confluence, ref, status="trashed")
    await changes.untrash(confluence, page)
    after, problem = await read_back(
        confluence.page(page.page_id, kind=page.kind), otherwise=replace(page, status="current")
    )
    return await aside(
        lambda: PageView.of(
            after,
            confluence.link(after.path),
            max_chars=_RESTORED_CHARS,
            preface=f"Restored from the trash under {after.parent_id or 'the top of its space'}. "
            f"{problem}",
        ),
        size=confluence.received,
    )
