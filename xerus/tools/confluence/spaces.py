"""Spaces: which there are, and what one of them is."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from xerus.atlassian.confluence import spaces as client
from xerus.atlassian.confluence.client import READ_SPACE, Confluence
from xerus.atlassian.confluence.spaces import SpaceFacts, SpacePage
from xerus.errors import NotFound
from xerus.tools.confluence.fields import SpaceKey
from xerus.tools.declaration import Effect, ReadArgs, tool
from xerus.tools.paging import counted, more
from xerus.tools.tables import shortened, without_empty
from xerus.tools.untrusted import clean, fenced, one_line

_COLUMNS = ("key", "name", "type", "status", "home_page", "description")
_DESCRIPTION = 120
_MOST_LOOKED_AT = 250


class GetSpaces(ReadArgs):
    """Which spaces."""

    name: str | None = Field(default=None, max_length=255, description="Part of name or key")
    type: Literal["global", "personal"] | None = Field(default=None, description="Default: all")
    limit: int = Field(default=25, ge=1, le=250, description="Most spaces")
    cursor: str | None = Field(default=None, max_length=4000, description="From the answer before")


@dataclass(frozen=True, kw_only=True)
class Spaces:
    """Some spaces; with a name those that have it, out of `looked_at`."""

    site: str
    page: SpacePage
    looked_at: int
    name: str | None

    def markdown(self) -> str:
        """Return a table, fenced: people wrote names and descriptions."""
        page = self.page
        head = counted(len(page.spaces), "space", cursor=page.cursor, total=None) + "."
        if self.name is not None:
            head += f" Filtered by name out of {self.looked_at}."
        if not page.spaces:
            return head + more(page.cursor)
        rows = without_empty(_COLUMNS, [_row(space) for space in page.spaces])
        return f"{head}\n{fenced(rows, source=f'confluence {self.site} spaces')}{more(page.cursor)}"

    def structured(self) -> dict[str, Any]:
        """Return the same rows as objects."""
        rows = (dict(zip(_COLUMNS, map(clean, _row(one)), strict=True)) for one in self.page.spaces)
        return {"spaces": list(rows), "cursor": self.page.cursor, "untrusted": ["spaces[]"]}


@tool(
    title="Get spaces",
    effect=Effect.READ,
    scopes={READ_SPACE},
    endpoints=("GET /wiki/api/v2/spaces",),
    data_center=("GET /rest/api/space",),
)
async def get_spaces(confluence: Confluence, args: GetSpaces) -> Spaces:
    """List the Confluence spaces that the account sees."""
    # No deployment searches spaces by name, so a name is looked for in as many as come at once.
    limit = args.limit if args.name is None else _MOST_LOOKED_AT
    page = await client.spaces(confluence, kind=args.type, limit=limit, cursor=args.cursor)
    wanted = (args.name or "").strip().casefold()
    found = [one for one in page.spaces if wanted in f"{one.key} {one.name}".casefold()]
    return Spaces(
        site=confluence.target.site_name,
        page=SpacePage(spaces=found, cursor=page.cursor),
        looked_at=len(page.spaces),
        name=args.name,
    )


class GetSpace(ReadArgs):
    """Which space."""

    space_key: SpaceKey


@dataclass(frozen=True, kw_only=True)
class SpaceView:
    """One space."""

    space: SpaceFacts
    link: str

    def markdown(self) -> str:
        """Return its facts, what people wrote fenced."""
        space = self.space
        home = f"Home page: {space.home_id}. " if space.home_id else ""
        words = f"name: {one_line(space.name)}\n\n{space.description}"
        return (
            f"Space {space.key}, {space.type}, {space.status}: {self.link}\n"
            f"{home}Its pages: confluence_page_tree.\n"
            f"{fenced(words, source=f'confluence space {space.key}')}"
        )

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        space = self.space
        return {
            "key": space.key,
            "name": clean(space.name),
            "type": space.type,
            "status": space.status,
            "description": clean(space.description),
            "home_page": space.home_id,
            "link": self.link,
            "untrusted": ["name", "description"],
        }


@tool(
    title="Get space",
    effect=Effect.READ,
    scopes={READ_SPACE},
    endpoints=("GET /wiki/api/v2/spaces",),
    data_center=("GET /rest/api/space/{spaceKey}",),
)
async def get_space(confluence: Confluence, args: GetSpace) -> SpaceView:
    """Read one Confluence space: name, description, home page."""
    found = await client.space(confluence, args.space_key)
    if found is None:
        raise NotFound(
            f"There is no space {args.space_key!r}, or the connected account may not see it.",
            hint="confluence_get_spaces lists those it sees.",
        )
    return SpaceView(space=found, link=confluence.link(found.path))


def _row(space: SpaceFacts) -> list[str]:
    about = shortened(one_line(space.description), _DESCRIPTION)
    return [space.key, space.name, space.type, space.status, space.home_id, about]
