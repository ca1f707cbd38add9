"""Where pages stand: children, descendants, ancestors, all pages of a space, and moving one.

Cloud answers with nodes of any kind (pages, folders, whiteboards); Data Center with pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xerus.atlassian.confluence.client import (
    READ_ANCESTORS,
    READ_PAGE,
    READ_SPACE,
    READ_TREE,
    WRITE_CONTENT,
    Confluence,
)
from xerus.atlassian.confluence.records import Page, next_cursor
from xerus.errors import TooLarge

DEEPEST = 10
"""How many levels Cloud's descendants reach."""

_HOME = {"expand": "homepage"}


@dataclass(frozen=True, kw_only=True)
class Node:
    """One place in the tree.

    Attributes:
        kind: page, folder, whiteboard, database or embed.
        depth: levels below what was asked for, 1 for a child; 0 when the answer does not say.
        position: order among the siblings, as far as it is known.
    """

    node_id: str
    title: str
    kind: str = "page"
    parent_id: str = ""
    depth: int = 0
    position: int = 0


@dataclass(frozen=True, kw_only=True)
class NodePage:
    """Some nodes, and the cursor for more."""

    nodes: list[Node]
    cursor: str | None


async def children(
    confluence: Confluence, page_id: str, *, limit: int, cursor: str | None
) -> NodePage:
    """List what is right below a page, in the order of the tree."""
    if confluence.is_cloud:
        template, scope = "/wiki/api/v2/pages/{id}/direct-children", READ_TREE
        query = _paged("cursor", cursor, limit)
    else:
        template, scope = "/rest/api/content/{id}/child/{type}", ""
        query = _paged("start", cursor, limit)
    path = {"id": page_id, "type": "page"}
    answer = await confluence.send("GET", template, path=path, query=query, scope=scope)
    nodes = [_node(entry, parent_id=page_id, depth=1) for entry in answer["results"]]
    return NodePage(nodes=nodes, cursor=_next(confluence, answer))


async def descendants(
    confluence: Confluence, page_id: str, *, depth: int, limit: int, cursor: str | None
) -> NodePage:
    """List what is below a page, at most `depth` levels (1 to `DEEPEST`)."""
    if confluence.is_cloud:
        query = _paged("cursor", cursor, limit) | {"depth": str(depth)}
        answer = await confluence.send(
            "GET",
            "/wiki/api/v2/pages/{id}/descendants",
            path={"id": page_id},
            query=query,
            scope=READ_TREE,
        )
        nodes = [_node(entry) for entry in answer["results"]]
        return NodePage(nodes=nodes, cursor=_next(confluence, answer))
    # Its own list of descendants knows comments only.
    query = _paged("start", cursor, limit) | {"expand": "ancestors"}
    query["cql"] = f"ancestor = {int(page_id)} and type = page"
    answer = await confluence.send("GET", "/rest/api/content/search", query=query)
    nodes = [_below(entry, page_id) for entry in answer["results"]]
    if not nodes and cursor is None:
        # A search finds nothing below a page that does not exist, too; this says so.
        await confluence.page(page_id, form="none")
    return NodePage(
        nodes=[node for node in nodes if node.depth <= depth], cursor=_next(confluence, answer)
    )


async def ancestors(confluence: Confluence, page_id: str) -> list[Node]:
    """List the pages above a page, the top one first."""
    if not confluence.is_cloud:
        answer = await confluence.send(
            "GET", "/rest/api/content/{id}", path={"id": page_id}, query={"expand": "ancestors"}
        )
        return [_node(entry) for entry in answer.get("ancestors") or []]
    answer = await confluence.send(
        "GET",
        "/wiki/api/v2/pages/{id}/ancestors",
        path={"id": page_id},
        query={"limit": "250"},
        scope=READ_ANCESTORS,
    )
    above = [_node(entry) for entry in answer["results"]]
    titles = await _titles(confluence, [node.node_id for node in above if node.kind == "page"])
    return [
        Node(node_id=node.node_id, kind=node.kind, title=titles.get(node.node_id, ""))
        for node in above
    ]


async def subtree(confluence: Confluence, page_id: str, *, most: int) -> list[Node]:
    """Return everything below a page, parents before their children.

    Read from where it is never stale, not from the index of the search.

    Raises:
        TooLarge: there is more than `most`, or Cloud cannot see how deep it goes.
    """
    if confluence.is_cloud:
        found = await descendants(confluence, page_id, depth=DEEPEST, limit=most, cursor=None)
        if found.cursor or any(node.depth >= DEEPEST for node in found.nodes):
            raise _too_many(most)
        return sorted(found.nodes, key=lambda node: node.depth)
    nodes: list[Node] = []
    waiting = [page_id]
    while waiting:
        page = await children(confluence, waiting.pop(0), limit=most, cursor=None)
        nodes += page.nodes
        waiting += [node.node_id for node in page.nodes]
        if page.cursor or len(nodes) > most:
            raise _too_many(most)
    return nodes


async def home_page(confluence: Confluence, space_key: str) -> str:
    """Return the id of a space's home page, '' when there is none to be seen."""
    if confluence.is_cloud:
        answer = await confluence.send(
            "GET", "/wiki/api/v2/spaces", query={"keys": space_key}, scope=READ_SPACE
        )
        return next((str(entry.get("homepageId") or "") for entry in answer["results"]), "")
    answer = await confluence.send(
        "GET", "/rest/api/space/{spaceKey}", path={"spaceKey": space_key}, query=_HOME
    )
    return str((answer.get("homepage") or {}).get("id") or "")


async def pages_of_space(
    confluence: Confluence, space: str, *, limit: int, cursor: str | None
) -> NodePage:
    """List all current pages of a space, given by id on Cloud and by key on Data Center."""
    if confluence.is_cloud:
        answer = await confluence.send(
            "GET",
            "/wiki/api/v2/spaces/{id}/pages",
            path={"id": space},
            query=_paged("cursor", cursor, limit) | {"status": "current"},
            scope=READ_PAGE,
        )
        nodes = [_node(entry, kind="page") for entry in answer["results"]]
    else:
        answer = await confluence.send(
            "GET",
            "/rest/api/space/{spaceKey}/content/{type}",
            path={"spaceKey": space, "type": "page"},
            query=_paged("start", cursor, limit) | {"expand": "ancestors"},
        )
        nodes = [_below(entry, "") for entry in answer["results"]]
    return NodePage(nodes=nodes, cursor=_next(confluence, answer))


async def move(confluence: Confluence, page: Page, position: str, target: Page) -> None:
    """Move a page: "append" below `target`, or "before" or "after" it (Cloud only)."""
    if confluence.is_cloud:
        await confluence.send(
            "PUT",
            "/wiki/rest/api/content/{pageId}/move/{position}/{targetId}",
            path={"pageId": page.page_id, "position": position, "targetId": target.page_id},
            scope=WRITE_CONTENT,
        )
        return
    change = {
        "id": page.page_id,
        "type": "page",
        "title": page.title,
        "space": {"key": target.space_key},
        "ancestors": [{"id": target.page_id}],
        "version": {"number": page.version + 1, "message": "Moved"},
        "body": {"storage": {"value": page.body or "", "representation": "storage"}},
    }
    await confluence.send(
        "PUT", "/rest/api/content/{contentId}", path={"contentId": page.page_id}, json=change
    )


async def _titles(confluence: Confluence, ids: list[str]) -> dict[str, str]:
    if not ids:
        return {}
    query = {"id": ",".join(ids), "limit": "250"}
    answer = await confluence.send("GET", "/wiki/api/v2/pages", query=query, scope=READ_PAGE)
    return {str(entry["id"]): str(entry.get("title", "")) for entry in answer["results"]}


def _paged(name: str, cursor: str | None, limit: int) -> dict[str, str]:
    return {"limit": str(limit)} | ({name: cursor} if cursor else {})


def _next(confluence: Confluence, answer: Mapping[str, Any]) -> str | None:
    return next_cursor(answer, "cursor" if confluence.is_cloud else "start")


def _node(entry: Mapping[str, Any], *, parent_id: str = "", depth: int = 0, kind: str = "") -> Node:
    return Node(
        node_id=str(entry["id"]),
        title=str(entry.get("title") or ""),
        kind=kind or str(entry.get("type") or "page"),
        parent_id=parent_id or str(entry.get("parentId") or ""),
        depth=depth or int(entry.get("depth") or 0),
        position=int(entry.get("childPosition") or entry.get("position") or 0),
    )


def _below(entry: Mapping[str, Any], top_id: str) -> Node:
    """Read a page of Data Center with its ancestors; depth counts from `top_id`, '' for the root."""
    above = [str(item["id"]) for item in entry.get("ancestors") or []]
    start = above.index(top_id) if top_id in above else -1 if not top_id else 0
    return Node(
        node_id=str(entry["id"]),
        title=str(entry.get("title") or ""),
        parent_id=above[-1] if above else "",
        depth=len(above) - start,
        position=int(entry.get("position") or 0),
    )


def _too_many(most: int) -> TooLarge:
    return TooLarge(
        f"There are more than {most} pages below it, or more than {DEEPEST - 1} levels. "
        "Nothing was changed.",
        hint="Begin with the parts: confluence_page_tree shows them.",
    )
