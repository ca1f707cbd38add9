"""The names that fields of issues take their values from."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal

from pydantic import Field

from xerus.atlassian.jira import metadata
from xerus.atlassian.jira.client import READ, Jira
from xerus.atlassian.jira.offsets import Page, sliced
from xerus.tools.declaration import Effect, ReadArgs, tool
from xerus.tools.jira.fields import ProjectKey
from xerus.tools.jira.records import flat
from xerus.tools.listing import Listing

_PAGE = 200
_SCOPED = frozenset({"types", "statuses"})
_COLUMNS = {
    "types": ("name", "id", "subtask", "description"),
    "statuses": ("name", "id", "category", "types"),
    "link_types": ("name", "id", "outward", "inward"),
    "labels": ("name",),
}
_READERS: dict[str, Callable[[Jira], Awaitable[list[dict[str, Any]]]]] = {
    "types": metadata.issue_types,
    "statuses": metadata.statuses,
    "priorities": Jira.priorities,
    "resolutions": metadata.resolutions,
    "link_types": metadata.link_types,
}
_PLAIN = ("name", "id", "description")


class GetMetadata(ReadArgs):
    """Which names."""

    what: Literal["types", "priorities", "statuses", "resolutions", "link_types", "labels"] = Field(
        description="Kind of names"
    )
    project_key: ProjectKey | None = Field(default=None, description="Narrows types, statuses")
    query: str | None = Field(default=None, description="Part of the name (labels: beginning)")
    cursor: str | None = Field(default=None, description="From the answer before")


@tool(
    title="Get metadata",
    effect=Effect.READ,
    scopes={READ},
    endpoints=(
        "GET /rest/api/3/issuetype",
        "GET /rest/api/3/project/{projectIdOrKey}",
        "GET /rest/api/3/project/{projectIdOrKey}/statuses",
        "GET /rest/api/3/priority",
        "GET /rest/api/3/status",
        "GET /rest/api/3/resolution",
        "GET /rest/api/3/issueLinkType",
        "GET /rest/api/3/label",
        "GET /rest/api/3/jql/autocompletedata/suggestions",
    ),
    data_center=(
        "GET /rest/api/2/issuetype",
        "GET /rest/api/2/project/{projectIdOrKey}",
        "GET /rest/api/2/project/{projectIdOrKey}/statuses",
        "GET /rest/api/2/priority",
        "GET /rest/api/2/status",
        "GET /rest/api/2/resolution",
        "GET /rest/api/2/issueLinkType",
        "GET /rest/api/2/jql/autocompletedata/suggestions",
    ),
)
async def get_metadata(jira: Jira, args: GetMetadata) -> Listing:
    """List names that Jira knows, with their ids."""
    page = await _page(jira, args)
    columns = _COLUMNS.get(args.what, _PLAIN)
    where = args.project_key or jira.target.site_name
    return Listing(
        noun="value",
        columns=columns,
        rows=[[_value(one, column) for column in columns] for one in page.values],
        source=f"jira {where} {args.what}",
        cursor=page.cursor,
        total=page.total,
        note=_note(jira, args),
    )


async def _page(jira: Jira, args: GetMetadata) -> Page:
    query = (args.query or "").strip()
    if args.what == "labels":
        page = await metadata.labels(jira, query=query, limit=_PAGE, cursor=args.cursor)
        named = [{"name": label} for label in page.values]
        return Page(values=named, cursor=page.cursor, total=page.total)
    found = await _entries(jira, args.what, args.project_key)
    fitting = [one for one in found if query.casefold() in flat(one).casefold()]
    return sliced(fitting, cursor=args.cursor, limit=_PAGE)


async def _entries(jira: Jira, what: str, project_key: str | None) -> Sequence[dict[str, Any]]:
    if project_key and what == "types":
        return (await jira.project(project_key)).get("issueTypes") or []
    if project_key and what == "statuses":
        return _merged(await metadata.project_statuses(jira, project_key))
    return await _READERS[what](jira)


def _merged(kinds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each status once, with the issue types that have it."""
    found: dict[str, dict[str, Any]] = {}
    for kind in kinds:
        for status in kind.get("statuses") or []:
            entry = found.setdefault(str(status.get("id")), {**status, "types": []})
            entry["types"].append(flat(kind))
    return list(found.values())


def _value(entry: dict[str, Any], column: str) -> str:
    if column == "category":
        return flat(entry.get("statusCategory"))
    if column == "subtask":
        return "yes" if entry.get("subtask") else ""
    return flat(entry.get(column))


def _note(jira: Jira, args: GetMetadata) -> str:
    notes = []
    if args.project_key and args.what not in _SCOPED:
        notes.append(f"Jira keeps {args.what.replace('_', ' ')} for the site, not by project.")
    if args.what == "labels" and (args.query or not jira.is_cloud):
        notes.append("Jira tells only the first few labels: give more of the beginning as query.")
    return " ".join(notes)
