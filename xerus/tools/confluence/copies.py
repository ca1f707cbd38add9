"""Copying pages."""

from pydantic import AliasChoices, Field

from xerus.atlassian.confluence import changes
from xerus.atlassian.confluence.client import READ_PAGE, READ_SPACE, WRITE_CONTENT, Confluence
from xerus.errors import InvalidInput
from xerus.settings.toolsets import Toolset
from xerus.tools.aside import aside
from xerus.tools.confluence.addressing import no_space, page_id_in
from xerus.tools.confluence.fields import PageRef, SpaceKey, Title
from xerus.tools.confluence.page_view import PageView
from xerus.tools.declaration import Effect, SiteArgs, tool
from xerus.tools.readback import read_back

_COPIED_CHARS = 300


class CopyPage(SiteArgs):
    """What, and where to."""

    page_id: PageRef = Field(validation_alias=AliasChoices("page_id", "source_page_id"))
    title: Title = Field(
        validation_alias=AliasChoices("title", "new_title"), description="Title of the copy"
    )
    parent_id: PageRef | None = Field(
        default=None,
        validation_alias=AliasChoices("parent_id", "destination_parent_id"),
        description="Page to put it under",
    )
    space_key: SpaceKey | None = Field(
        default=None,
        validation_alias=AliasChoices("space_key", "destination_space_key"),
        description="Without parent_id: top of this space",
    )


@tool(
    title="Copy page",
    effect=Effect.CREATE,
    toolset=Toolset.EXTRA,
    scopes={WRITE_CONTENT, READ_PAGE},
    optional_scopes={READ_SPACE},
    endpoints=(
        "GET /wiki/api/v2/pages/{id}",
        "GET /wiki/api/v2/spaces",
        "POST /wiki/rest/api/content/{id}/copy",
    ),
    data_center=("GET /rest/api/content/{id}", "POST /rest/api/content"),
)
async def copy_page(confluence: Confluence, args: CopyPage) -> PageView:
    """Copy a Confluence page; by default beside itself."""
    page = await confluence.page(page_id_in(confluence, args.page_id))
    space_key, parent_id = args.space_key or page.space_key, ""
    if args.parent_id is not None:
        parent_id = page_id_in(confluence, args.parent_id)
        # A page of Data Center names its space itself, and it is the parent's.
        parent = await confluence.page(parent_id, form="none")
        if args.space_key not in {None, parent.space_key}:
            raise InvalidInput(f"Page {parent_id} is not in space {args.space_key}.")
        space_key = parent.space_key
    elif args.space_key is None:
        parent_id = page.parent_id
    elif confluence.is_cloud and await confluence.space(args.space_key) is None:
        raise no_space(args.space_key)
    new_id = await changes.copy(
        confluence, page, title=args.title, space_key=space_key, parent_id=parent_id
    )
    copied, problem = await read_back(confluence.page(new_id), otherwise=page)
    what = "" if confluence.is_cloud else "Attachments and labels were not copied. "
    return await aside(
        lambda: PageView.of(
            copied,
            confluence.link(copied.path),
            max_chars=_COPIED_CHARS,
            preface=f"Copied page {page.page_id} to {new_id}. {what}{problem}",
        ),
        size=confluence.received,
    )
