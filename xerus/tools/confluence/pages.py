"""Reading and creating pages."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from xerus.atlassian.confluence import labels
from xerus.atlassian.confluence.client import (
    READ_PAGE,
    READ_SPACE,
    WRITE_CONTENT,
    WRITE_PAGE,
    Confluence,
    Form,
    NewPage,
)
from xerus.atlassian.confluence.records import Page, Space
from xerus.errors import InvalidInput, NotFound, XerusError
from xerus.tools.aside import aside
from xerus.tools.confluence.addressing import content_at, located
from xerus.tools.confluence.bodies import written
from xerus.tools.confluence.fields import Content, ContentFormat, SpaceKey, Title, VersionNumber
from xerus.tools.confluence.labels import LabelName
from xerus.tools.confluence.locator import Locator
from xerus.tools.confluence.page_view import PageView
from xerus.tools.declaration import Effect, ReadArgs, SiteArgs, tool
from xerus.tools.readback import read_back

_CREATED_CHARS = 300


class GetPage(ReadArgs):
    """Which page, and how much of it."""

    page_id: str | None = Field(
        default=None, max_length=2000, description="Page id, page URL or tiny link"
    )
    title: Title | None = Field(default=None, description="Exact title, with space_key")
    space_key: SpaceKey | None = None
    part: Literal["full", "outline", "section"] = Field(
        default="full", description="outline: headings only"
    )
    section: Title | None = Field(default=None, description="Heading, or its outline number")
    content_format: ContentFormat = "markdown"
    version: VersionNumber | None = Field(default=None, description="An older version")
    max_chars: int = Field(default=20_000, ge=200, le=400_000, description="Longest body shown")
    offset: int = Field(default=0, ge=0, description="Characters of the body to skip")


@tool(
    title="Get page",
    effect=Effect.READ,
    scopes={READ_PAGE},
    optional_scopes={READ_SPACE},
    endpoints=(
        "GET /wiki/api/v2/pages/{id}",
        "GET /wiki/api/v2/blogposts/{id}",
        "GET /wiki/api/v2/pages",
        "GET /wiki/api/v2/spaces",
    ),
    data_center=("GET /rest/api/content/{id}", "GET /rest/api/content"),
)
async def get_page(confluence: Confluence, args: GetPage) -> PageView:
    """Read a Confluence page, by id, URL, or title and space."""
    is_raw = args.content_format != "markdown"
    part = "section" if args.section and args.part == "full" else args.part
    if is_raw and part != "full":
        raise InvalidInput(f'part="{part}" needs content_format="markdown".')
    form = _form(confluence, args.content_format)
    page = await _find(confluence, _locator(confluence, args), form=form, version=args.version)
    return await aside(
        lambda: PageView.of(
            page,
            confluence.link(page.path),
            max_chars=args.max_chars,
            offset=args.offset,
            part=part,
            heading=args.section or "",
            raw=is_raw,
        ),
        size=confluence.received,
    )


def _form(confluence: Confluence, content_format: str) -> Form:
    if content_format == "adf" and not confluence.is_cloud:
        raise InvalidInput("Data Center has no ADF.", hint='Use content_format="storage".')
    return "storage" if content_format == "storage" else "native"


def _locator(confluence: Confluence, args: GetPage) -> Locator:
    if args.page_id is not None:
        return located(confluence, args.page_id)
    if args.title is None or args.space_key is None:
        raise InvalidInput("Give page_id, or title together with space_key.")
    return Locator(title=args.title, space_key=args.space_key)


async def _find(confluence: Confluence, where: Locator, *, form: Form, version: int | None) -> Page:
    if where.page_id:
        return await content_at(confluence, where, form=form, version=version)
    if where.posting_day and confluence.is_cloud:
        raise InvalidInput(
            "That address has a blog post's title in it, not its id.",
            hint='confluence_search with type="blogpost" shows the id.',
        )
    page = await confluence.page_by_title(
        where.space_key, where.title, posting_day=where.posting_day
    )
    if page is None:
        raise NotFound(
            f"There is no {'page' if where.kind == 'page' else 'blog post'} {where.title!r} in space {where.space_key!r}, "
            "or the connected account may not see it.",
            hint="confluence_search finds pages by words of the title.",
        )
    if version is None and (form == "native" or not confluence.is_cloud):
        return page
    return await confluence.page(page.page_id, form=form, version=version)


class NewContent(SiteArgs):
    """What a new page and a new blog post have in common."""

    space_key: SpaceKey
    title: Annotated[Title, Field(description="Title, unique in the space")]
    content: Content
    content_format: ContentFormat = "markdown"
    labels: list[LabelName] = Field(default=[], max_length=20, description="Labels")


class CreatePage(NewContent):
    """A new page."""

    parent_id: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")] | None = Field(
        default=None, description="Id of the parent page; default: top of the space"
    )
    kind: Literal["page", "draft", "live"] = Field(
        default="page", description="live: live doc; both Cloud only"
    )


@tool(
    title="Create page",
    effect=Effect.CREATE,
    scopes={WRITE_PAGE, READ_PAGE, READ_SPACE},
    optional_scopes={WRITE_CONTENT},
    endpoints=(
        "GET /wiki/api/v2/spaces",
        "POST /wiki/api/v2/pages",
        "POST /wiki/rest/api/content/{id}/label",
        "GET /wiki/api/v2/pages/{id}",
    ),
    data_center=(
        "POST /rest/api/content",
        "POST /rest/api/content/{id}/label",
        "GET /rest/api/content/{id}",
    ),
)
async def create_page(confluence: Confluence, args: CreatePage) -> PageView:
    """Create a Confluence page. The answer shows it as stored."""
    if args.kind != "page" and not confluence.is_cloud:
        raise InvalidInput(f'kind="{args.kind}" is not there on Confluence Data Center.')
    new = replace(
        await new_page(confluence, args),
        parent_id=args.parent_id,
        is_draft=args.kind == "draft",
        is_live=args.kind == "live",
    )
    return await created(confluence, new, args.labels)


async def new_page(confluence: Confluence, args: NewContent) -> NewPage:
    """Return what is to be created, its text in the form that Confluence keeps."""
    return NewPage(
        space=await _space(confluence, args.space_key),
        title=args.title,
        body=await written(args.content, args.content_format, is_cloud=confluence.is_cloud),
    )


async def created(confluence: Confluence, new: NewPage, names: list[str]) -> PageView:
    """Create a page or a blog post, label it, and show it as stored."""
    page_id = await confluence.create_page(new)
    unlabelled = await _label(confluence, page_id, names)
    status = "draft" if new.is_draft else ""
    page, problem = await read_back(
        confluence.page(page_id, kind=new.kind, status=status), otherwise=_bare(page_id, new)
    )
    return await aside(
        lambda: PageView.of(
            page,
            confluence.link(page.path),
            max_chars=_CREATED_CHARS,
            preface=f"Created. {_as_what(new, page)}{unlabelled}{problem}",
        ),
        size=confluence.received,
    )


def _as_what(new: NewPage, page: Page) -> str:
    if new.is_live:
        return "Asked for as a live doc; the answers of Confluence do not tell. "
    if not new.is_draft:
        return ""
    if page.status != "draft":
        return "But Confluence did not keep it a draft. "
    return "A draft: it is published in Confluence. "


def _bare(page_id: str, new: NewPage) -> Page:
    """Return what is known of a new page that could not be read back."""
    return Page(
        page_id=page_id,
        title=new.title,
        status="draft" if new.is_draft else "current",
        space_key=new.space.space_key,
        version=1,
        author="",
        changed_at="",
        parent_id=new.parent_id or "",
        path=f"/pages/viewpage.action?pageId={page_id}",
        body=None,
        kind=new.kind,
    )


async def _label(confluence: Confluence, page_id: str, names: list[str]) -> str:
    """Label the new page; what fails is said and does not make the page one that failed."""
    try:
        if names:
            await labels.add(confluence, page_id, list(dict.fromkeys(names)))
    except XerusError as error:
        return f"But without its labels: {error.message} "
    return ""


async def _space(confluence: Confluence, space_key: str) -> Space:
    if not confluence.is_cloud:
        return Space(space_id="", space_key=space_key, name="")
    space = await confluence.space(space_key)
    if space is None:
        raise NotFound(
            f"There is no space {space_key!r}, or the connected account may not see it. "
            "Nothing was created.",
            hint="confluence_search shows the space key of each hit.",
        )
    return space
