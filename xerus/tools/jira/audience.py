"""Who may read a comment: a role or group by name, and whether customers of a desk do."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from xerus.atlassian.jira import comments as client
from xerus.atlassian.jira.client import Jira
from xerus.errors import InvalidInput
from xerus.tools.choices import pick
from xerus.tools.jira.fields import ShortText

Visibility = Annotated[ShortText, Field(description="Role or group that alone reads it")]
Internal = Annotated[bool, Field(description="Hidden from JSM customers")]

EVERYBODY = "everyone"
LOOKUPS = ("/project/{projectIdOrKey}", "/project/{projectIdOrKey}/role", "/groups/picker")
"""What is read to find out, below the platform's API."""


async def audience(
    jira: Jira,
    issue_key: str,
    *,
    visibility: str | None,
    internal: bool | None,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return who may read a comment, as Jira takes it.

    Args:
        jira: where.
        issue_key: of the issue that is commented on.
        visibility: name of a role or group, "everyone", or None for what it was before.
        internal: hidden from customers, or None for what it was before.
        before: the comment that is changed. Its restriction is sent again, because Jira takes one
            that is not sent for none.

    Raises:
        ChoiceNeeded: no role or group has the name, or several have.
        InvalidInput: `internal`, and the project has no customers.
    """
    project_key = issue_key.rpartition("-")[0]
    if internal:
        await _check_has_customers(jira, project_key)
    kept = (before or {}).get("visibility")
    if visibility is not None:
        everybody = visibility.strip().casefold() == EVERYBODY
        kept = None if everybody else await _named(jira, project_key, visibility)
    return client.audience(visibility=kept, internal=internal)


def readers(entry: Mapping[str, Any]) -> str:
    """Return who alone reads a comment: "role Developers"; '' when nobody is kept from it."""
    kept = entry.get("visibility") or {}
    return f"{kept.get('type', '')} {kept.get('value', '')}".strip()


async def _check_has_customers(jira: Jira, project_key: str) -> None:
    """Refuse where Jira would take the flag and show the comment to everybody all the same."""
    project = await jira.project(project_key)
    if project.get("projectTypeKey") != "service_desk":
        raise InvalidInput(
            f"{project_key} is no service project: a comment cannot be internal there.",
            hint="visibility restricts a comment to a role or group.",
        )


async def _named(jira: Jira, project_key: str, wanted: str) -> dict[str, Any]:
    kind, _, rest = wanted.partition(":")
    text = rest.strip() if kind in {"role", "group"} and rest else wanted.strip()
    found = [{"type": "role", "value": name} for name in await client.roles(jira, project_key)]
    for group in await client.groups(jira, text):
        name = {"type": "group", "value": str(group.get("name", ""))}
        found.append(name | ({"identifier": group["groupId"]} if group.get("groupId") else {}))
    return pick(
        wanted,
        found,
        what="role or group",
        names=lambda one: {one["value"], f"{one['type']}:{one['value']}"},
        show=lambda one: f"{one['type']}:{one['value']}",
    )
