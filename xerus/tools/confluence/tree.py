"""Where pages stand in a space, and moving them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field

from xerus.atlassian.confluence import tree
from xerus.atlassian.confluence.client import (
    READ_ANCESTORS,
    READ_PAGE,
    READ_SPACE,
    READ_TREE,
    WRITE_CONTENT,
    Confluence,
)
from xerus.atlassian.confluence.records import Page
from xerus.atlassian.confluence.tree import DEEPEST, Node, NodePage
from xerus.errors import InvalidInput
from xerus.tools.confluence.addressing import no_space, page_id_in
from xerus.tools.confluence.fields import PageRef, SpaceKey
from xerus.tools.declaration import Effect, ReadArgs, SiteArgs, tool
from xerus.tools.paging import counted, more
from xerus.tools.readback import read_back
from xerus.tools.untrusted import clean, fenced, one_line

_POSITIONS = {"above": "before", "below": "after"}
_DEPTH = 3


class PageTree(ReadArgs):
    """From where, and in which direction."""

    page_id: PageRef | None = Field(default=None, description="Page id or URL")
    space_key: SpaceKey | None = Field(default=None, description="Instead: all pages of a space")
    show: Literal["children", "descendants", "ancestors"] = Field(
        default="children", description="Of page_id"
    )
    depth: int = Field(default=_DEPTH, ge=1, le=DEEPEST, description="Levels of descendants")
    limit: int = Field(default=100, ge=1, le=250, description="Most pages")
    cursor: str | None = Field(default=None, max_length=4000, description="From the answer before")


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Nodes in the order of the tree, each with its depth."""

    what: str
    nodes: list[Node]
    cursor: str | None
    top_id: str

    def markdown(self) -> str:
        """Return one line for each page, indented by depth, fenced."""
        if not self.nodes:
            return f"There are no {self.what}." + more(self.cursor)
        head = counted(len(self.nodes), "page", cursor=self.cursor, total=None)
        lines = "\n".join(map(self._line, self.nodes))
        return f"{self.what}: {head}.\n{fenced(lines, source=self.what)}{more(self.cursor)}"

    def structured(self) -> dict[str, Any]:
        """Return the same as rows."""
        return {
            "pages": [
                {
                    "id": node.node_id,
                    "title": clean(node.title),
                    "type": node.kind,
                    "parent_id": node.parent_id,
                    "depth": node.depth,
                }
                for node in self.nodes
            ],
            "cursor": self.cursor,
            "untrusted": ["pages[].title"],
        }

    def _line(self, node: Node) -> str:
        kind = "" if node.kind == "page" else f" [{one_line(node.kind)}]"
        # The parent is in another part of a long list.
        strayed = node.depth == 1 and node.parent_id not in {"", self.top_id}
        under = f" (under {node.parent_id})" if strayed else ""
        return f"{'  ' * (node.depth - 1)}{node.node_id} {one_line(node.title)}{kind}{under}"


@tool(
    title="Page tree",
    effect=Effect.READ,
    scopes={READ_PAGE},
    optional_scopes={READ_TREE, READ_ANCESTORS, READ_SPACE},
    endpoints=(
        "GET /wiki/api/v2/pages/{id}/direct-children",
        "GET /wiki/api/v2/pages/{id}/descendants",
        "GET /wiki/api/v2/pages/{id}/ancestors",
        "GET /wiki/api/v2/pages",
        "GET /wiki/api/v2/spaces",
        "GET /wiki/api/v2/spaces/{id}/pages",
    ),
    data_center=(
        "GET /rest/api/content/{id}",
        "GET /rest/api/content/{id}/child/{type}",
        "GET /rest/api/content/search",
        "GET /rest/api/space/{spaceKey}/content/{type}",
    ),
)
async def page_tree(confluence: Confluence, args: PageTree) -> Tree:
    """List Confluence pages below or above a page, or of a whole space."""
    if (args.page_id is None) == (args.space_key is None):
        raise InvalidInput("Give page_id, or space_key for the whole space.")
    if args.space_key is not None:
        found = await _of_space(confluence, args.space_key, args)
        nodes = list(in_order(found.nodes))
        return Tree(
            what=f"Pages of space {args.space_key}", nodes=nodes, cursor=found.cursor, top_id=""
        )
    page_id = page_id_in(confluence, args.page_id or "")
    found = await _of_page(confluence, page_id, args)
    upwards = args.show == "ancestors"
    nodes = found.nodes if upwards else list(in_order(found.nodes))
    return Tree(
        what=f"{args.show.title()} of page {page_id}",
        nodes=nodes,
        cursor=found.cursor,
        top_id=page_id,
    )


async def _of_space(confluence: Confluence, space_key: str, args: PageTree) -> NodePage:
    where = space_key
    if confluence.is_cloud:
        space = await confluence.space(space_key)
        if space is None:
            raise no_space(space_key)
        where = space.space_id
    return await tree.pages_of_space(confluence, where, limit=args.limit, cursor=args.cursor)


async def _of_page(confluence: Confluence, page_id: str, args: PageTree) -> NodePage:
    match args.show:
        case "children":
            return await tree.children(confluence, page_id, limit=args.limit, cursor=args.cursor)
        case "descendants":
            return await tree.descendants(
                confluence, page_id, depth=args.depth, limit=args.limit, cursor=args.cursor
            )
        case "ancestors":
            above = await tree.ancestors(confluence, page_id)
            nodes = [
                replace(node, depth=level, parent_id=above[level - 2].node_id if level > 1 else "")
                for level, node in enumerate(above, 1)
            ]
            return NodePage(nodes=nodes, cursor=None)


def in_order(nodes: list[Node]) -> Iterator[Node]:
    """Yield nodes as a tree, siblings by position; depth counts within what is there."""
    below: dict[str, list[Node]] = defaultdict(list)
    known = {node.node_id for node in nodes}
    for node in sorted(nodes, key=lambda node: (node.position, node.title.casefold())):
        below[node.parent_id if node.parent_id in known else ""].append(node)
    waiting = [(node, 1) for node in reversed(below.pop("", []))]
    while waiting:
        node, depth = waiting.pop()
        yield replace(node, depth=depth)
        waiting += [(child, depth + 1) for child in reversed(below.pop(node.node_id, []))]


def _position(value: object) -> object:
    return _POSITIONS.get(value, value) if isinstance(value, str) else value


class MovePage(SiteArgs):
    """What, and where to."""

    page_id: PageRef
    target_id: PageRef | None = Field(
        default=None,
        validation_alias=AliasChoices("target_id", "target_parent_id"),
        description="Page to move under or beside",
    )
    target_space_key: SpaceKey | None = Field(
        default=None, description="Without target_id: under this space's home page"
    )
    position: Annotated[Literal["append", "before", "after"], BeforeValidator(_position)] = Field(
        default="append", description="append: as a child"
    )


@dataclass(frozen=True, kw_only=True)
class Moved:
    """Where a page was and where it is."""

    before: Page
    after: Page
    link: str
    problem: str

    def markdown(self) -> str:
        """Return both places."""
        page = self.after
        head = f"Moved, with all pages below it. {self.problem}Page {page.page_id}: {self.link}"
        if page is self.before:
            return head  # it could not be read back
        return (
            f"{head}\nParent {self.before.parent_id or 'none'} -> {page.parent_id or 'none'}; "
            f"space {self.before.space_key} -> {page.space_key}; version {page.version}.\n"
            f"To undo: move it back under {self.before.parent_id or 'the space ' + self.before.space_key}."
        )

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {
            "page_id": self.after.page_id,
            "link": self.link,
            "parent_id": {"old": self.before.parent_id, "new": self.after.parent_id},
            "space_key": {"old": self.before.space_key, "new": self.after.space_key},
            "version": self.after.version,
        }


@tool(
    title="Move page",
    effect=Effect.UPDATE,
    scopes={WRITE_CONTENT, READ_PAGE},
    optional_scopes={READ_SPACE},
    endpoints=(
        "GET /wiki/api/v2/pages/{id}",
        "GET /wiki/api/v2/spaces",
        "PUT /wiki/rest/api/content/{pageId}/move/{position}/{targetId}",
    ),
    data_center=(
        "GET /rest/api/content/{id}",
        "GET /rest/api/space/{spaceKey}",
        "PUT /rest/api/content/{contentId}",
    ),
)
async def move_page(confluence: Confluence, args: MovePage) -> Moved:
    """Move a Confluence page under another page, beside one, or to another space."""
    if args.position != "append" and not confluence.is_cloud:
        raise InvalidInput(
            "Data Center can only move a page under another one.", hint='Use position="append".'
        )
    target_id = await _target_id(confluence, args)
    page = await confluence.page(page_id_in(confluence, args.page_id))
    target = await confluence.page(target_id, form="none")
    if args.target_space_key not in {None, target.space_key}:
        raise InvalidInput(f"Page {target_id} is not in space {args.target_space_key}.")
    if args.position != "append" and not target.parent_id:
        raise InvalidInput(
            f"Page {target_id} is at the top of its space; beside it a page could hardly be found.",
            hint='Use position="append" to move under it.',
        )
    await tree.move(confluence, page, args.position, target)
    after, problem = await read_back(confluence.page(page.page_id, form="none"), otherwise=page)
    wanted = target_id if args.position == "append" else target.parent_id
    if not problem and after.parent_id != wanted:
        problem = f"But Confluence did not put it under {wanted}. "
    return Moved(before=page, after=after, link=confluence.link(after.path), problem=problem)


async def _target_id(confluence: Confluence, args: MovePage) -> str:
    if args.target_id is not None:
        return page_id_in(confluence, args.target_id)
    if args.target_space_key is None:
        raise InvalidInput("Give target_id or target_space_key.")
    home = await tree.home_page(confluence, args.target_space_key)
    if not home:
        raise no_space(args.target_space_key)
    return home
