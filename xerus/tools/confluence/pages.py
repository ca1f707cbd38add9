"""Reading and creating pages."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field

from xerus.atlassian.confluence.client import READ_PAGE, READ_SPACE, WRITE_PAGE, Confluence
from xerus.atlassian.confluence.records import Page, Space
from xerus.errors import InvalidInput, NotFound
from xerus.tools.confluence.bodies import from_body, to_body
from xerus.tools.confluence.fields import SpaceKey, Title
from xerus.tools.confluence.locator import Locator, locate
from xerus.tools.declaration import Effect, ReadArgs, SiteArgs, tool
from xerus.tools.readback import read_back
from xerus.tools.untrusted import clean, fenced, one_line

_CREATED_CHARS = 300


class GetPage(ReadArgs):
    """Which page, and how much of it."""

    page_id: str | None = Field(
        default=None, max_length=2000, description="Page id, page URL or tiny link"
    )
    title: Title | None = Field(default=None, description="Exact title, with space_key")
    space_key: SpaceKey | None = None
    max_chars: int = Field(default=20_000, ge=200, le=400_000, description="Longest body shown")
    offset: int = Field(default=0, ge=0, description="Characters of the body to skip")


@dataclass(frozen=True, kw_only=True)
class PageView:
    """A page, or a part of it; `preface` is our own word above it."""

    page: Page
    link: str
    offset: int
    max_chars: int
    preface: str = ""

    def markdown(self) -> str:
        """Return a line of facts and the body, fenced."""
        page = self.page
        text, lossy, whole = self._body()
        shown = text[self.offset : self.offset + self.max_chars]
        facts = f"space: {page.space_key}\nversion: {page.version}, {page.changed_at[:16]}"
        body = fenced(
            f"title: {one_line(page.title)}\n{facts}\n\n{shown}",
            source=f"confluence page {page.page_id}",
            author=page.author,
        )
        parts = [f"{self.preface}Page {page.page_id}: {self.link}", body]
        if len(shown) < whole:
            parts.append(self._cut(len(shown), whole))
        if lossy:
            parts.append(f"Shown as markers only: {', '.join(lossy)}.")
        return "\n".join(parts)

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        page = self.page
        text, lossy, whole = self._body()
        shown = text[self.offset : self.offset + self.max_chars]
        return {
            "page_id": page.page_id,
            "link": self.link,
            "title": clean(page.title),
            "space_key": page.space_key,
            "version": page.version,
            "changed_at": page.changed_at,
            "author": clean(page.author),
            "parent_id": page.parent_id,
            "body": shown,
            "offset": self.offset,
            "characters": whole,
            "markers": list(lossy),
            "untrusted": ["title", "author", "body"],
        }

    def _body(self) -> tuple[str, tuple[str, ...], int]:
        rendered = from_body(self.page.body)
        text = clean(rendered.markdown)  # before offsets are counted
        return text, rendered.lossy, len(text)

    def _cut(self, shown: int, whole: int) -> str:
        end = self.offset + shown
        rest = f" Go on with offset={end}." if end < whole else ""
        return f"Cut: characters {self.offset} to {end} of {whole}.{rest}"


@tool(
    title="Get page",
    effect=Effect.READ,
    scopes={READ_PAGE},
    optional_scopes={READ_SPACE},
    endpoints=(
        "GET /wiki/api/v2/pages/{id}",
        "GET /wiki/api/v2/pages",
        "GET /wiki/api/v2/spaces",
    ),
    data_center=("GET /rest/api/content/{id}", "GET /rest/api/content"),
)
async def get_page(confluence: Confluence, args: GetPage) -> PageView:
    """Read a Confluence page as Markdown, by id, URL, or title and space."""
    page = await _find(confluence, _locator(confluence, args))
    return PageView(
        page=page, link=confluence.link(page.path), offset=args.offset, max_chars=args.max_chars
    )


def _locator(confluence: Confluence, args: GetPage) -> Locator:
    if args.page_id is None:
        if args.title is None or args.space_key is None:
            raise InvalidInput("Give page_id, or title together with space_key.")
        return Locator(title=args.title, space_key=args.space_key)
    located = locate(args.page_id)
    host = urlsplit(confluence.target.browse_base).netloc.lower()
    if located.host not in {"", host}:
        raise InvalidInput(
            f"That address is on {located.host}, but this call goes to {host}.",
            hint=f"Repeat it with site={located.host!r} if that site is connected.",
        )
    return located


async def _find(confluence: Confluence, located: Locator) -> Page:
    if located.page_id:
        return await confluence.page(located.page_id)
    page = await confluence.page_by_title(located.space_key, located.title)
    if page is None:
        raise NotFound(
            f"There is no page {located.title!r} in space {located.space_key!r}, "
            "or the connected account may not see it.",
            hint="confluence_search finds pages by words of the title.",
        )
    return page


class CreatePage(SiteArgs):
    """A new page."""

    space_key: SpaceKey
    title: Annotated[Title, Field(description="Title, unique in the space")]
    content: Annotated[str, Field(max_length=400_000, description="Markdown")]
    parent_id: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")] | None = Field(
        default=None, description="Id of the parent page; default: top of the space"
    )


@tool(
    title="Create page",
    effect=Effect.CREATE,
    scopes={WRITE_PAGE, READ_PAGE, READ_SPACE},
    endpoints=("GET /wiki/api/v2/spaces", "POST /wiki/api/v2/pages", "GET /wiki/api/v2/pages/{id}"),
    data_center=("POST /rest/api/content", "GET /rest/api/content/{id}"),
)
async def create_page(confluence: Confluence, args: CreatePage) -> PageView:
    """Create a Confluence page from Markdown. The answer shows it as stored."""
    page_id = await confluence.create_page(
        space=await _space(confluence, args.space_key),
        title=args.title,
        body=to_body(args.content, is_cloud=confluence.is_cloud),
        parent_id=args.parent_id,
    )
    bare = Page(
        page_id=page_id,
        title=args.title,
        status="current",
        space_key=args.space_key,
        version=1,
        author="",
        changed_at="",
        parent_id=args.parent_id or "",
        path=f"/pages/viewpage.action?pageId={page_id}",
        body=None,
    )
    page, problem = await read_back(confluence.page(page_id), otherwise=bare)
    return PageView(
        page=page,
        link=confluence.link(page.path),
        offset=0,
        max_chars=_CREATED_CHARS,
        preface="Created. " + problem,
    )


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
