"""Projects: which there are, and what one consists of."""

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from xerus.atlassian.jira import metadata
from xerus.atlassian.jira.client import READ, Jira
from xerus.tools.declaration import Effect, ReadArgs, tool
from xerus.tools.jira.fields import ProjectKey
from xerus.tools.jira.records import flat
from xerus.tools.listing import Listing
from xerus.tools.tables import shortened
from xerus.tools.untrusted import clean, fenced, one_line

_MOST_NAMED = 60
_LONGEST_TEXT = 1000


class GetProjects(ReadArgs):
    """Which projects."""

    query: str | None = Field(default=None, description="Part of key or name")
    limit: int = Field(default=50, ge=1, le=100, description="Most rows")
    cursor: str | None = Field(default=None, description="From the answer before")


@tool(
    title="Get projects",
    effect=Effect.READ,
    scopes={READ},
    endpoints=("GET /rest/api/3/project/search",),
    data_center=("GET /rest/api/2/project",),
)
async def get_projects(jira: Jira, args: GetProjects) -> Listing:
    """List Jira projects."""
    page = await metadata.projects(jira, query=args.query, limit=args.limit, cursor=args.cursor)
    rows = [
        [*(flat(one.get(name)) for name in ("key", "name", "projectTypeKey", "lead")), _state(one)]
        for one in page.values
    ]
    return Listing(
        noun="project",
        columns=("key", "name", "type", "lead", "state"),
        rows=rows,
        source=f"jira {jira.target.site_name} projects",
        cursor=page.cursor,
        total=page.total,
    )


def _state(project: dict[str, Any]) -> str:
    return "archived" if project.get("archived") else ""


class GetProject(ReadArgs):
    """Which project."""

    project_key: ProjectKey


@dataclass(frozen=True, kw_only=True)
class ProjectView:
    """A project with the statuses that each of its issue types goes through."""

    project: dict[str, Any]
    statuses: list[dict[str, Any]]
    link: str

    def markdown(self) -> str:
        """Return a short record, fenced: every name in it was chosen by somebody."""
        lines = [f"{name}: {one_line(value)}" for name, value in self._facts().items() if value]
        lines += [f"statuses of {', '.join(types)}: {flow}" for flow, types in self._flows()]
        key = self.project.get("key")
        return f"{key}: {self.link}\n{fenced(chr(10).join(lines), source=f'jira {key} project')}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object; lists are whole."""
        project = self.project
        return {
            "key": str(project.get("key")),
            "id": str(project.get("id")),
            "link": self.link,
            "name": clean(flat(project.get("name"))),
            "type": flat(project.get("projectTypeKey")),
            "lead": clean(flat(project.get("lead"))),
            "description": clean(flat(project.get("description"))),
            "statuses": {
                clean(flat(kind)): [clean(flat(one)) for one in kind.get("statuses") or []]
                for kind in self.statuses
            },
            "components": [clean(flat(one)) for one in project.get("components") or []],
            "versions": [clean(_version(one)) for one in project.get("versions") or []],
            "roles": [clean(name) for name in project.get("roles") or {}],
            "untrusted": ["name", "description", "statuses", "components", "versions", "roles"],
        }

    def _facts(self) -> dict[str, str]:
        project = self.project
        return {
            "name": flat(project.get("name")),
            "id": flat(project.get("id")),
            "type": flat(project.get("projectTypeKey")),
            "state": _state(project),
            "category": flat(project.get("projectCategory")),
            "lead": flat(project.get("lead")),
            "description": shortened(flat(project.get("description")), _LONGEST_TEXT),
            "components": _named([flat(one) for one in project.get("components") or []]),
            "versions": _named([_version(one) for one in reversed(project.get("versions") or [])]),
            "roles": _named(list(project.get("roles") or {})),
        }

    def _flows(self) -> list[tuple[str, list[str]]]:
        """Put types with the same statuses together: most projects have one workflow."""
        flows: dict[str, list[str]] = {}
        for kind in self.statuses:
            flow = ", ".join(one_line(flat(one)) for one in kind.get("statuses") or [])
            flows.setdefault(flow, []).append(one_line(flat(kind)))
        return list(flows.items())


@tool(
    title="Get project",
    effect=Effect.READ,
    scopes={READ},
    endpoints=(
        "GET /rest/api/3/project/{projectIdOrKey}",
        "GET /rest/api/3/project/{projectIdOrKey}/statuses",
    ),
    data_center=(
        "GET /rest/api/2/project/{projectIdOrKey}",
        "GET /rest/api/2/project/{projectIdOrKey}/statuses",
    ),
)
async def get_project(jira: Jira, args: GetProject) -> ProjectView:
    """Read a Jira project: issue types, statuses, components, versions, lead, roles."""
    return ProjectView(
        project=await jira.project(args.project_key),
        statuses=await metadata.project_statuses(jira, args.project_key),
        link=jira.link(args.project_key),
    )


def _version(version: dict[str, Any]) -> str:
    states = [name for name in ("released", "archived") if version.get(name)]
    return flat(version) + (f" ({', '.join(states)})" if states else "")


def _named(names: list[str]) -> str:
    rest = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
