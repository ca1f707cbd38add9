"""Completing keys of issues, projects and spaces in prompts and resource templates."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import mcp_types as types

from xerus.tools.caller import Caller
from xerus.tools.runner import Runner

_MOST = 100


@dataclass(frozen=True, kw_only=True)
class _Source:
    """The reading tool whose rows hold the keys."""

    tool: str
    arguments: dict[str, Any]


_SOURCES = {
    "issue_key": _Source(tool="jira_search", arguments={"assignee": "me", "limit": 100}),
    "project_key": _Source(tool="jira_get_projects", arguments={"limit": 100}),
    "space_key": _Source(tool="confluence_get_spaces", arguments={"limit": 100}),
}


async def completed(
    runner: Runner, caller: Caller, argument: types.CompletionArgument
) -> types.Completion:
    """Return the keys that begin like what was typed; none where they cannot be read."""
    source = _SOURCES.get(argument.name)
    if source is None or source.tool not in runner.usable(caller, None):
        return types.Completion(values=[])
    result = await runner.run(caller, source.tool, {**source.arguments, "format": "json"})
    if result.structured is None:
        return types.Completion(values=[])
    start = argument.value.strip().upper()
    keys = [key for key in _keys(result.structured) if key.upper().startswith(start)]
    more = len(keys) > _MOST or bool(result.structured.get("cursor"))
    return types.Completion(values=keys[:_MOST], has_more=more)


def _keys(structured: dict[str, Any]) -> Iterator[str]:
    for rows in structured.values():
        if isinstance(rows, list):
            yield from (str(row["key"]) for row in rows if isinstance(row, dict) and "key" in row)
