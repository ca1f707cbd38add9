"""The demo model's request for any tool by its name, for tools of servers that it cannot know of."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_ai import ToolDefinition

from xerus.assistant.grammar import Request

_LONGEST = 4_000
_USE = re.compile(
    r"(?:please\s+)?(?:use|call|run)\s+(?:the\s+)?(?:tool\s+)?`?(?P<tool>[a-zA-Z0-9_-]{1,64})`?"
    r"(?:\s+with(?:\s+(?:arguments?|json))?\s+(?P<rest>.+?))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_PAIR = re.compile(
    r"\s*(?:,|and\b|;)?\s*(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*[:=]?\s*"
    r"(?P<value>\"[^\"]*\"|“[^”]*”|'[^']*'|[^\s,;]+)"
)
_SHOWN = 12
_DOOR = "_connect"


def any_call(text: str, tools: Sequence[ToolDefinition]) -> Request | str | None:
    """Return the call that a text asks for by a tool's name, None where it asks for none.

    Text instead says what is wrong with it.
    """
    found = _USE.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    asked = found["tool"].casefold()
    tool = next((one for one in tools if one.name.casefold() == asked), None)
    if tool is None:
        door = next((one.name for one in tools if leads_to(one.name, asked)), "")
        if door:
            return Request(tool=door, arguments={})
        return f"There is no tool `{found['tool']}` in this conversation."
    arguments = _arguments(found["rest"] or "", tool.parameters_json_schema)
    if arguments is None:
        return (
            'I could not read the arguments. Write them as NAME "value", NAME "value", or as a'
            " JSON object."
        )
    return Request(tool=tool.name, arguments=arguments)


def leads_to(door: str, tool: str) -> bool:
    """Whether a tool by which a server is connected is that of the server of `tool`."""
    server = door.removesuffix(_DOOR)
    return door not in {server, tool} and tool.startswith(f"{server}_")


def known(tools: Sequence[ToolDefinition]) -> str:
    """Return how to ask for the tools of other servers; '' where there are none."""
    names = [tool.name for tool in tools if "remote" in (tool.metadata or {})]
    if not names:
        return ""
    listed = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return (
        "\n\nTools of other MCP servers by their names, as in"
        f' `use {names[0]} with NAME "value"`: {listed}{more}.'
    )


def _arguments(rest: str, schema: Mapping[str, Any]) -> dict[str, Any] | None:
    rest = rest.strip()
    if rest.startswith("{"):
        return _object(rest)
    arguments: dict[str, Any] = {}
    at = 0
    while at < len(rest):
        found = _PAIR.match(rest, at)
        if found is None:
            return None
        given = schema.get("properties", {}).get(found["name"], {})
        arguments[found["name"]] = _value(found["value"], given)
        at = found.end()
    return arguments


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _value(text: str, schema: Mapping[str, Any]) -> Any:
    if text[0] in "\"'“":
        return text[1:-1]
    if schema.get("type") == "string":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
