"""Versions of projects."""

from collections.abc import Mapping
from typing import Any

from xerus.atlassian.jira.client import Jira

MANAGE = "manage:jira-project"

_VERSION = "/version/{id}"


async def versions(jira: Jira, project_key: str) -> list[dict[str, Any]]:
    """Return all versions of a project in its own order, the oldest first."""
    path = {"projectIdOrKey": project_key}
    return list(await jira.call("GET", "/project/{projectIdOrKey}/versions", path=path))


async def version(jira: Jira, version_id: str) -> dict[str, Any]:
    """Return one version."""
    found: dict[str, Any] = await jira.call("GET", _VERSION, path={"id": version_id})
    return found


async def create(jira: Jira, project: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """Create a version in a project that was read before, and return its id."""
    owner: dict[str, Any] = (
        {"projectId": int(project["id"])} if jira.is_cloud else {"project": project["key"]}
    )
    created = await jira.call("POST", "/version", json={**owner, **facts}, scope=MANAGE)
    return str(created["id"])


async def change(jira: Jira, version_id: str, facts: Mapping[str, Any]) -> None:
    """Change what is given and leave the rest."""
    await jira.call("PUT", _VERSION, path={"id": version_id}, json=dict(facts), scope=MANAGE)
