"""The reference page of the tools, generated from their declarations."""

from xerus.tools.catalogue import ALIASES, ALL
from xerus.tools.declaration import Tool
from xerus.tools.lean import LEAN

_HEAD = """\
# Tools

Generated from the declarations in `xerus/tools`. Answers are compact text; tools that read take
`format="json"` and then give structured content instead. Text that users of Jira or Confluence
wrote stands between `<untrusted>` and `</untrusted>`.
"""

_LEAN = """\
# The lean profile

With `XERUS_TOOL_PROFILE=lean` only `connection_status`, `search`, `fetch` and these are listed. They
reach every tool above that is switched on, with the same checks; the audit log names the inner tool.
"""


def markdown() -> str:
    """Return the whole page."""
    aliases = "\n".join(f"- `{old}` is `{new}`" for old, new in sorted(ALIASES.items()))
    lean = (_LEAN, *map(_section, LEAN))
    parts = [
        _HEAD,
        *map(_section, ALL),
        *lean,
        f"## Other names that are understood\n\n{aliases}\n",
    ]
    return "\n".join(parts)


def _section(tool: Tool) -> str:
    required = tool.input_schema.get("required", [])
    rows = [
        f"| `{name}`{' *' if name in required else ''} | {about['type']} | {_described(about)} |"
        for name, about in tool.input_schema["properties"].items()
    ]
    facts = [
        f"Kind: {tool.effect}. Toolset: `{tool.toolset}`.",
        f"Scope of the MCP client: `{tool.mcp_scope}`." if tool.mcp_scope else "",
        f"Atlassian scopes: {_listed(tool.scopes)}." if tool.scopes else "",
        f"Also, for some arguments: {_listed(tool.optional_scopes)}."
        if tool.optional_scopes
        else "",
    ]
    lines = [
        f"## {tool.name}",
        "",
        tool.description,
        "",
        " ".join(fact for fact in facts if fact),
        "",
        "| argument (* required) | type | meaning |",
        "| --- | --- | --- |",
        *rows,
        "",
    ]
    return "\n".join(lines)


def _described(about: dict[str, object]) -> str:
    text = str(about["description"]).replace("|", "\\|")
    if "default" in about:
        text += f" (default {about['default']})"
    return text


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
