"""Who may see and edit a page, and whether the account watches it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xerus.atlassian.confluence.client import (
    READ_CONTENT,
    READ_SUMMARY,
    WRITE_CONTENT,
    Confluence,
)


@dataclass(frozen=True, kw_only=True)
class Restriction:
    """Those who alone may do one thing ("read", "update"); nobody named means no restriction."""

    operation: str
    users: tuple[str, ...]
    groups: tuple[str, ...]


async def restrictions(confluence: Confluence, page_id: str) -> list[Restriction]:
    """Read the restrictions of the page itself; those of pages above it are not among them."""
    base = "/wiki/rest/api" if confluence.is_cloud else "/rest/api"
    answer = await confluence.send(
        "GET",
        f"{base}/content/{{id}}/restriction/byOperation",
        path={"id": page_id},
        query={"expand": _NAMES},
        scope=READ_CONTENT,
    )
    # Data Center's description wraps what its answers carry unwrapped.
    operations = answer.get("restrictions") or answer
    return [
        _restriction(name, entry)
        for name, entry in operations.items()
        if isinstance(entry, dict) and "restrictions" in entry
    ]


async def is_watched(confluence: Confluence, page_id: str) -> bool:
    """Tell whether the account watches a page."""
    answer = await confluence.send(
        "GET", _watch(confluence), path={"contentId": page_id}, scope=READ_SUMMARY
    )
    return bool((answer or {}).get("watching"))


async def watch(confluence: Confluence, page_id: str, *, on: bool) -> None:
    """Begin or end watching a page, as the account itself."""
    await confluence.send(
        "POST" if on else "DELETE",
        _watch(confluence),
        path={"contentId": page_id},
        scope=WRITE_CONTENT,
    )


_NAMES = ",".join(
    f"{operation}.restrictions.{kind}"
    for operation in ("read", "update")
    for kind in ("user", "group")
)


def _watch(confluence: Confluence) -> str:
    base = "/wiki/rest/api" if confluence.is_cloud else "/rest/api"
    return f"{base}/user/watch/content/{{contentId}}"


def _restriction(name: str, entry: Mapping[str, Any]) -> Restriction:
    named = entry["restrictions"]
    users = (named.get("user") or {}).get("results") or []
    groups = (named.get("group") or {}).get("results") or []
    return Restriction(
        operation=name,
        users=tuple(
            str(user.get("displayName") or user.get("accountId") or user.get("username") or "")
            for user in users
        ),
        groups=tuple(str(group.get("name", "")) for group in groups),
    )
