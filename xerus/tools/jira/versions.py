"""Versions of a project: which there are, creating and releasing them."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from xerus.atlassian.jira import versions as api
from xerus.atlassian.jira.client import READ, Jira
from xerus.atlassian.jira.offsets import sliced
from xerus.atlassian.jira.versions import MANAGE
from xerus.errors import InvalidInput
from xerus.settings.toolsets import Toolset
from xerus.tools.choices import pick
from xerus.tools.declaration import Effect, ReadArgs, SiteArgs, tool
from xerus.tools.jira.fields import ProjectKey, ShortText
from xerus.tools.jira.records import flat
from xerus.tools.listing import Listing
from xerus.tools.readback import read_back
from xerus.tools.untrusted import clean, fenced

_DAY = r"^\d{4}-\d{2}-\d{2}$"
_SHOWN = ("name", "released", "archived", "startDate", "releaseDate", "overdue", "description")
_CHANGES: dict[str, dict[str, Any]] = {
    "release": {"released": True},
    "unrelease": {"released": False},
    "archive": {"archived": True},
    "unarchive": {"archived": False},
    "update": {},
}


class Versions(ReadArgs):
    """Which versions."""

    project_key: ProjectKey
    status: Literal["all", "unreleased", "released", "archived"] = Field(
        default="all", description="Only these"
    )
    query: str | None = Field(default=None, description="Part of the name")
    limit: int = Field(default=50, ge=1, le=200, description="Most rows")
    cursor: str | None = Field(default=None, description="From the answer before")


@tool(
    title="Get versions",
    effect=Effect.READ,
    toolset=Toolset.VERSIONS,
    scopes={READ},
    endpoints=("GET /rest/api/3/project/{projectIdOrKey}/versions",),
    data_center=("GET /rest/api/2/project/{projectIdOrKey}/versions",),
)
async def versions(jira: Jira, args: Versions) -> Listing:
    """List the versions of a Jira project, the newest first."""
    found = [one for one in await api.versions(jira, args.project_key) if _fits(one, args)]
    page = sliced(found[::-1], cursor=args.cursor, limit=args.limit)
    return Listing(
        noun="version",
        columns=("id", *_SHOWN),
        rows=[[str(one.get("id", "")), *_values(one)] for one in page.values],
        source=f"jira {args.project_key} versions",
        cursor=page.cursor,
        total=page.total,
    )


class ManageVersion(SiteArgs):
    """What to do with which version."""

    action: Literal["create", "update", "release", "unrelease", "archive", "unarchive"] = Field(
        description="What to do"
    )
    project_key: ProjectKey
    version: ShortText = Field(description="Name; of an existing version also its id")
    description: str | None = Field(default=None, max_length=16_000, description="What is in it")
    start_date: str | None = Field(default=None, pattern=_DAY, description="2026-01-31")
    release_date: str | None = Field(default=None, pattern=_DAY, description="2026-01-31")


@dataclass(frozen=True, kw_only=True)
class VersionChanged:
    """A version before and after."""

    done: str
    link: str
    before: dict[str, Any]
    after: dict[str, Any]

    def markdown(self) -> str:
        """Return what changed; names and descriptions are what people wrote."""
        number = self.after.get("id")
        data = fenced("\n".join(self._lines()), source=f"jira version {number}")
        return f"{self.done}Version {number}: {self.link}\n{data}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        values = zip(_SHOWN, map(clean, _values(self.after)), strict=True)
        return {"id": str(self.after.get("id")), "link": self.link, **dict(values)}

    def _lines(self) -> list[str]:
        olds = _values(self.before) if self.before else _values(self.after)
        lines = []
        for name, old, new in zip(_SHOWN, olds, _values(self.after), strict=True):
            if old != new:
                lines.append(f"{name}: {old or 'none'} -> {new or 'none'}")
            elif new:
                lines.append(f"{name}: {new}")
        return lines


@tool(
    title="Manage version",
    effect=Effect.UPDATE,
    toolset=Toolset.VERSIONS,
    scopes={READ, MANAGE},
    endpoints=(
        "GET /rest/api/3/project/{projectIdOrKey}",
        "POST /rest/api/3/version",
        "PUT /rest/api/3/version/{id}",
        "GET /rest/api/3/version/{id}",
    ),
    data_center=(
        "GET /rest/api/2/project/{projectIdOrKey}",
        "POST /rest/api/2/version",
        "PUT /rest/api/2/version/{id}",
        "GET /rest/api/2/version/{id}",
    ),
)
async def manage_version(jira: Jira, args: ManageVersion) -> VersionChanged:
    """Create, change, release or archive a version of a Jira project."""
    project = await jira.project(args.project_key)
    before: dict[str, Any] = {}
    facts = _facts(args)
    if args.action == "create":
        version_id = await api.create(jira, project, {"name": args.version, **facts})
    else:
        before = _chosen(args.version, project.get("versions") or [])
        version_id, facts = str(before["id"]), facts | _CHANGES[args.action]
        if not facts:
            raise InvalidInput("There is nothing to change.", hint="Give description or a date.")
        await api.change(jira, version_id, facts)
    after, problem = await read_back(
        api.version(jira, version_id), otherwise={**before, **facts, "id": version_id}
    )
    return VersionChanged(
        done="Created. " + problem if args.action == "create" else _outcome(facts, after) + problem,
        link=f"{jira.target.browse_base}/projects/{args.project_key}/versions/{version_id}",
        before=before,
        after=after,
    )


def _facts(args: ManageVersion) -> dict[str, Any]:
    given = {
        "description": args.description,
        "startDate": args.start_date,
        "releaseDate": args.release_date,
    }
    return {name: value for name, value in given.items() if value is not None}


def _outcome(facts: dict[str, Any], after: dict[str, Any]) -> str:
    lost = [name for name, value in facts.items() if flat(after.get(name)) != flat(value)]
    return f"Jira did not take: {', '.join(lost)}. " if lost else "Changed. "


def _chosen(wanted: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    return pick(
        wanted,
        found[::-1],
        what="version",
        names=lambda one: [str(one.get("name", "")), str(one.get("id", ""))],
        show=lambda one: str(one.get("name", "")),
    )


def _fits(version: dict[str, Any], args: Versions) -> bool:
    if (args.query or "").strip().casefold() not in flat(version).casefold():
        return False
    match args.status:
        case "unreleased":
            return not version.get("released") and not version.get("archived")
        case "released" | "archived":
            return bool(version.get(args.status))
        case _:
            return True


def _values(version: dict[str, Any]) -> list[str]:
    return [_value(version.get(name)) for name in _SHOWN]


def _value(value: Any) -> str:
    return "" if value is False else flat(value)
