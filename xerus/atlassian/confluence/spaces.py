"""Spaces, listed and one by one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xerus.atlassian.confluence.client import READ_SPACE, Confluence
from xerus.atlassian.confluence.records import next_cursor
from xerus.atlassian.errors import AtlassianRefused

_NOT_FOUND = 404


@dataclass(frozen=True, kw_only=True)
class SpaceFacts:
    """What is known of a space; `home_id` is the id of its home page, '' without one."""

    key: str
    name: str
    type: str
    status: str
    description: str
    home_id: str
    path: str


@dataclass(frozen=True, kw_only=True)
class SpacePage:
    """Some spaces; `cursor` is None on the last page."""

    spaces: list[SpaceFacts]
    cursor: str | None


async def spaces(
    confluence: Confluence, *, kind: str | None, limit: int, cursor: str | None
) -> SpacePage:
    """List the spaces that the account sees; `kind` is "global" or "personal"."""
    query = {"limit": str(limit)} | ({"type": kind} if kind else {})
    if confluence.is_cloud:
        template, position = "/wiki/api/v2/spaces", "cursor"
        query |= {"description-format": "plain", "sort": "name"}
    else:
        template, position = "/rest/api/space", "start"
        query["expand"] = "description.plain,homepage"
    if cursor:
        query[position] = cursor
    answer = await confluence.send("GET", template, query=query, scope=READ_SPACE)
    found = [_facts(entry) for entry in answer["results"]]
    return SpacePage(spaces=found, cursor=next_cursor(answer, position))


async def space(confluence: Confluence, key: str) -> SpaceFacts | None:
    """Return one space; None when there is none or it may not be seen."""
    if not confluence.is_cloud:
        return await _server_space(confluence, key)
    query = {"keys": key, "description-format": "plain"}
    answer = await confluence.send("GET", "/wiki/api/v2/spaces", query=query, scope=READ_SPACE)
    return next(map(_facts, answer["results"]), None)


async def _server_space(confluence: Confluence, key: str) -> SpaceFacts | None:
    query = {"expand": "description.plain,homepage"}
    try:
        return _facts(
            await confluence.send(
                "GET", "/rest/api/space/{spaceKey}", path={"spaceKey": key}, query=query
            )
        )
    except AtlassianRefused as refused:
        if refused.upstream_status == _NOT_FOUND:
            return None
        raise


def _facts(entry: Mapping[str, Any]) -> SpaceFacts:
    described = (entry.get("description") or {}).get("plain") or {}
    home = entry.get("homepageId") or (entry.get("homepage") or {}).get("id") or ""
    return SpaceFacts(
        key=str(entry["key"]),
        name=str(entry.get("name", "")),
        type=str(entry.get("type", "")),
        status=str(entry.get("status", "")).lower(),
        description=str(described.get("value") or ""),
        home_id=str(home),
        path=str((entry.get("_links") or {}).get("webui", "")),
    )
