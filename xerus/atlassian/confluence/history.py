"""The versions of a page."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xerus.atlassian.confluence.client import READ_PAGE, Confluence
from xerus.atlassian.confluence.records import next_cursor
from xerus.atlassian.errors import AtlassianRefused
from xerus.errors import InvalidInput

_TOGETHER = 5
_LONGEST = 10


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version; `author` is an account id on Cloud, a name on Data Center."""

    number: int
    author: str
    at: str
    message: str


@dataclass(frozen=True, kw_only=True)
class VersionPage:
    """Some versions, newest first, and the cursor for older ones."""

    versions: list[Version]
    cursor: str | None


async def versions(
    confluence: Confluence, page_id: str, *, limit: int, cursor: str | None
) -> VersionPage:
    """List versions, newest first."""
    if not confluence.is_cloud:
        return await _one_by_one(confluence, page_id, limit=limit, cursor=cursor)
    query = {"sort": "-modified-date", "limit": str(limit)}
    answer = await confluence.send(
        "GET",
        "/wiki/api/v2/pages/{id}/versions",
        path={"id": page_id},
        query=query | ({"cursor": cursor} if cursor else {}),
        scope=READ_PAGE,
    )
    return VersionPage(
        versions=[_cloud(entry) for entry in answer["results"]],
        cursor=next_cursor(answer, "cursor"),
    )


async def _one_by_one(
    confluence: Confluence, page_id: str, *, limit: int, cursor: str | None
) -> VersionPage:
    """Data Center has no list of versions: read the newest, then each older one by its number."""
    found: list[Version] = []
    if cursor is None:
        found.append(await _read(confluence, page_id, None))
        first = found[0].number - 1
    else:
        first = _number(cursor)
    last = max(first - (limit - len(found)), 0)
    gate = asyncio.Semaphore(_TOGETHER)

    async def one(number: int) -> Version | None:
        async with gate:
            try:
                return await _read(confluence, page_id, number)
            except AtlassianRefused as refused:
                if refused.code != "not_found":
                    raise
                return None  # somebody removed this version

    older = await asyncio.gather(*(one(number) for number in range(first, last, -1)))
    found += [version for version in older if version]
    return VersionPage(versions=found, cursor=str(last) if last else None)


def _number(cursor: str) -> int:
    if not (cursor.isdecimal() and len(cursor) < _LONGEST):
        raise InvalidInput("cursor: is not from an answer before.")
    return int(cursor)


async def _read(confluence: Confluence, page_id: str, number: int | None) -> Version:
    query = {"expand": "version"}
    if number is not None:
        query |= {"status": "historical", "version": str(number)}
    answer = await confluence.send(
        "GET", "/rest/api/content/{id}", path={"id": page_id}, query=query
    )
    version = answer.get("version") or {}
    return Version(
        number=int(version.get("number", 0)),
        author=str((version.get("by") or {}).get("displayName", "")),
        at=str(version.get("when", "")),
        message=str(version.get("message") or ""),
    )


def _cloud(entry: Mapping[str, Any]) -> Version:
    return Version(
        number=int(entry["number"]),
        author=str(entry.get("authorId") or ""),
        at=str(entry.get("createdAt") or ""),
        message=str(entry.get("message") or ""),
    )
