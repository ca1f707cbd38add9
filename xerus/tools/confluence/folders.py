"""Folders among the pages of a space."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from xerus.atlassian.confluence import folders as api
from xerus.atlassian.confluence.client import READ_SPACE, Confluence
from xerus.atlassian.confluence.folders import READ_FOLDER, WRITE_FOLDER, Folder
from xerus.errors import InvalidInput
from xerus.settings.toolsets import Toolset
from xerus.tools.confluence.addressing import no_space
from xerus.tools.confluence.fields import SpaceKey, Title
from xerus.tools.declaration import Effect, ReadArgs, SiteArgs, tool
from xerus.tools.readback import read_back
from xerus.tools.untrusted import clean, fenced, one_line

_Id = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]


class GetFolder(ReadArgs):
    """Which folder."""

    folder_id: Annotated[_Id, Field(description="Folder id")]


@dataclass(frozen=True, kw_only=True)
class FolderView:
    """One folder; `head` is our own word above it."""

    folder: Folder
    link: str
    head: str = ""

    def markdown(self) -> str:
        """Return its facts, the title fenced."""
        one = self.folder
        above = f"below {one.parent_id}" if one.parent_id else "at the top of its space"
        title = fenced(one_line(one.title), source=f"confluence folder {one.folder_id}")
        return f"{self.head}Folder {one.folder_id}, {above}: {self.link}\n{title}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        one = self.folder
        return {
            "folder_id": one.folder_id,
            "title": clean(one.title),
            "parent_id": one.parent_id,
            "author": one.author_id,
            "created": one.created_at,
            "link": self.link,
            "untrusted": ["title"],
        }


@tool(
    title="Get folder",
    effect=Effect.READ,
    toolset=Toolset.EXTRA,
    scopes={READ_FOLDER},
    endpoints=("GET /wiki/api/v2/folders/{id}",),
)
async def get_folder(confluence: Confluence, args: GetFolder) -> FolderView:
    """Read a Confluence folder: title, what it is below (Cloud)."""
    _check_cloud(confluence)
    found = await api.folder(confluence, args.folder_id)
    return FolderView(folder=found, link=confluence.link(found.path))


class CreateFolder(SiteArgs):
    """A new folder."""

    space_key: SpaceKey
    title: Annotated[Title, Field(description="Title")]
    parent_id: _Id | None = Field(
        default=None, description="Page or folder above; default: top of the space"
    )


@tool(
    title="Create folder",
    effect=Effect.CREATE,
    toolset=Toolset.EXTRA,
    scopes={WRITE_FOLDER, READ_FOLDER, READ_SPACE},
    endpoints=(
        "GET /wiki/api/v2/spaces",
        "POST /wiki/api/v2/folders",
        "GET /wiki/api/v2/folders/{id}",
    ),
)
async def create_folder(confluence: Confluence, args: CreateFolder) -> FolderView:
    """Create a Confluence folder (Cloud). Pages go into it by parent_id."""
    _check_cloud(confluence)
    space = await confluence.space(args.space_key)
    if space is None:
        raise no_space(args.space_key)
    made = await api.create(confluence, space=space, title=args.title, parent_id=args.parent_id)
    after, problem = await read_back(api.folder(confluence, made.folder_id), otherwise=made)
    return FolderView(folder=after, link=confluence.link(after.path), head=f"Created. {problem}")


def _check_cloud(confluence: Confluence) -> None:
    if not confluence.is_cloud:
        raise InvalidInput(
            "Confluence Data Center has no folders.", hint="A page can hold other pages there."
        )
