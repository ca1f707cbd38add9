"""Blog posts: listed and created here; read, changed and deleted by the tools for pages."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from xerus.atlassian.confluence import blogposts as api
from xerus.atlassian.confluence import people
from xerus.atlassian.confluence.client import (
    READ_PAGE,
    READ_SPACE,
    SEARCH,
    WRITE_CONTENT,
    WRITE_PAGE,
    Confluence,
)
from xerus.atlassian.confluence.people import FIND_PEOPLE
from xerus.atlassian.confluence.records import Space
from xerus.settings.toolsets import Toolset
from xerus.tools.clauses import Clauses, combined
from xerus.tools.confluence.addressing import no_space
from xerus.tools.confluence.fields import SpaceKey, Title
from xerus.tools.confluence.page_view import PageView
from xerus.tools.confluence.pages import NewContent, created, new_page
from xerus.tools.confluence.people import account_of
from xerus.tools.declaration import Effect, ReadArgs, tool
from xerus.tools.listing import Listing

_COLUMNS = ("id", "space", "title", "posted", "by")
_NOTE = "Read one with confluence_get_page; confluence_update_page and _delete_page take it too."


class BlogPosts(ReadArgs):
    """Of which space, by whom."""

    space_key: SpaceKey | None = None
    author: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description='"me", name or account id'
    )
    limit: int = Field(default=25, ge=1, le=50, description="Most rows")
    cursor: str | None = Field(default=None, max_length=4000, description="From the answer before")


@tool(
    title="Blog posts",
    effect=Effect.READ,
    toolset=Toolset.EXTRA,
    scopes={READ_PAGE},
    optional_scopes={READ_SPACE, SEARCH, FIND_PEOPLE},
    endpoints=(
        "GET /wiki/api/v2/spaces",
        "GET /wiki/api/v2/blogposts",
        "GET /wiki/rest/api/search",
        people.FIND,
    ),
    data_center=("GET /rest/api/space/{spaceKey}/content/{type}", "GET /rest/api/search"),
)
async def blogposts(confluence: Confluence, args: BlogPosts) -> Listing:
    """List Confluence blog posts of a space or an author. The tools for pages read, update and delete them."""
    if args.author is not None or args.space_key is None:
        return await _searched(confluence, args)
    space = Space(space_id="", space_key=args.space_key, name="")
    if confluence.is_cloud:
        found = await confluence.space(args.space_key)
        if found is None:
            raise no_space(args.space_key)
        space = found
    page = await api.posts(confluence, space, limit=args.limit, cursor=args.cursor)
    rows = [
        [one.post_id, space.space_key, one.title, _day(one.posted_at), one.author]
        for one in page.posts
    ]
    return _listing(confluence, rows, page.cursor)


async def _searched(confluence: Confluence, args: BlogPosts) -> Listing:
    """The lists of blog posts know no author: the index does."""
    clauses = Clauses()
    clauses.equals("type", "blogpost")
    clauses.equals("space", args.space_key)
    mine = (args.author or "").strip().casefold() == "me"
    if args.author is not None and not mine:
        clauses.equals("creator", await account_of(confluence, args.author.strip()))
    own = "creator = currentUser()" if mine else None
    cql = combined(own, clauses, order="created DESC")
    page = await confluence.search(cql, limit=args.limit, cursor=args.cursor)
    rows = [
        [hit.content_id, hit.space_key, hit.title, _day(hit.changed_at), hit.author]
        for hit in page.hits
    ]
    return _listing(confluence, rows, page.cursor)


def _listing(confluence: Confluence, rows: list[list[str]], cursor: str | None) -> Listing:
    return Listing(
        noun="blog post",
        columns=_COLUMNS,
        rows=rows,
        source=f"confluence {confluence.target.site_name} blog posts",
        cursor=cursor,
        note=_NOTE,
        nothing="No such blog posts.",
    )


def _day(moment: str) -> str:
    return moment[:16].replace("T", " ")


class CreateBlogPost(NewContent):
    """A new blog post."""

    title: Annotated[Title, Field(description="Title")]


@tool(
    title="Create blog post",
    effect=Effect.CREATE,
    toolset=Toolset.EXTRA,
    scopes={WRITE_PAGE, READ_PAGE, READ_SPACE},
    optional_scopes={WRITE_CONTENT},
    endpoints=(
        "GET /wiki/api/v2/spaces",
        "POST /wiki/api/v2/blogposts",
        "POST /wiki/rest/api/content/{id}/label",
        "GET /wiki/api/v2/blogposts/{id}",
    ),
    data_center=(
        "POST /rest/api/content",
        "POST /rest/api/content/{id}/label",
        "GET /rest/api/content/{id}",
    ),
)
async def create_blogpost(confluence: Confluence, args: CreateBlogPost) -> PageView:
    """Create a Confluence blog post. The answer shows it as stored."""
    new = replace(await new_page(confluence, args), kind="blogpost")
    return await created(confluence, new, args.labels)
