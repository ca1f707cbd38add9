"""How a tool may run for a person: asked about each time, always allowed, or blocked.

Keyed by server and tool, so that a tool of another MCP server is never taken for one of ours.
"""

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal, NamedTuple

import mcp_types as types

from xerus.tools import batch, lean
from xerus.tools.catalogue import ALIASES, ALL
from xerus.tools.declaration import Effect, Tool

OURS = "xerus"
"""The key of our own server."""

_TOOLS: Mapping[str, Tool] = {tool.name: tool for tool in (*ALL, *lean.LEAN)}
_OF_MANY = frozenset({"steps", "issues", "issue_keys"})
"""Arguments of the tools that do many things at once."""

Why = Literal["", "here", "always"]


class Policy(StrEnum):
    """What happens when the model calls a tool."""

    ASK = "ask"
    ALLOW = "allow"
    BLOCK = "block"


class Key(NamedTuple):
    """A tool of a server; of another server as it is defined: its id, ':' and part of a digest."""

    server: str
    tool: str

    def is_same_tool(self, other: "Key") -> bool:
        """Whether both are one tool, be it defined otherwise."""
        mine, theirs = (one.server.partition(":")[0] for one in (self, other))
        return self.tool == other.tool and mine == theirs


@dataclass(frozen=True, kw_only=True)
class About:
    """What a policy goes by.

    Attributes:
        reads: whether the tool changes nothing.
        may_allow: whether a person may let it run without being asked.
        deletes: whether it deletes, alone or among other things.
    """

    key: Key
    reads: bool
    may_allow: bool
    deletes: bool = False

    @property
    def standard(self) -> Policy:
        """What holds while nobody has chosen."""
        return Policy.ALLOW if self.reads else Policy.ASK


@dataclass(frozen=True, kw_only=True)
class Rules:
    """A person's policies in one conversation.

    Attributes:
        settled: what they chose for tools, everywhere.
        here: the tools that they allow in this conversation.
        may_allow: whether the operator lets anybody allow what writes.
    """

    settled: Mapping[Key, Policy]
    here: AbstractSet[Key]
    may_allow: bool = True

    def of(self, about: About) -> tuple[Policy, Why]:
        """Return the policy of a tool, and for a write that is allowed by whom: here or always."""
        chosen = self.chosen(about)
        if chosen is Policy.BLOCK:
            return chosen, ""
        if about.reads:
            return chosen, ""
        if not (about.may_allow and self.may_allow):
            return Policy.ASK, ""
        if chosen is Policy.ALLOW:
            return chosen, "always"
        return (Policy.ALLOW, "here") if about.key in self.here else (Policy.ASK, "")

    def chosen(self, about: About) -> Policy:
        """Return what the person chose for a tool, or what holds without that."""
        if self.blocks(about.key):
            return Policy.BLOCK
        return self.settled.get(about.key, about.standard)

    def blocks(self, key: Key) -> bool:
        """Whether a tool is not to be used at all, as it is or as it was: a change opens nothing."""
        return any(
            policy is Policy.BLOCK and one.is_same_tool(key) for one, policy in self.settled.items()
        )

    def settled_before(self, key: Key) -> bool:
        """Whether something was settled for a tool as it was defined before, and holds no more."""
        return any(one != key and one.is_same_tool(key) for one in (*self.settled, *self.here))


NO_RULES = Rules(settled={}, here=frozenset())


def about(tool: types.Tool, *, server: str = OURS) -> About:
    """Return what a policy goes by, for a tool that a server lists."""
    hints = tool.annotations or types.ToolAnnotations()
    reads = hints.read_only_hint is True
    key = Key(server, tool.name)
    if server == OURS and tool.name in _TOOLS:
        return about_ours(_TOOLS[tool.name])
    # Without a hint a tool may destroy (MCP, ToolAnnotations), and so it is asked about.
    careful = not reads and hints.destructive_hint is not False
    return About(key=key, reads=reads, may_allow=not careful, deletes=careful)


def about_call(one: About, arguments: Mapping[str, Any]) -> About:
    """Return what a policy goes by for a call: of our lean profile's tools, the tool inside."""
    key, _ = unwrapped(one.key, arguments)
    found = _TOOLS.get(key.tool) if key != one.key else None
    known = one if found is None or found in lean.LEAN else about_ours(found)
    steps = [tool_of(step) for step, _ in steps_of(*unwrapped(one.key, arguments))]
    deletes = any(step is not None and step.effect is Effect.DELETE for step in steps)
    return replace(known, deletes=True) if deletes else known


def may_be_allowed(key: Key, *, reads: bool, may_allow: bool) -> bool:
    """Whether a tool may run without being asked about; of ours its declaration has the last word."""
    found = tool_of(key)
    return may_allow and (found is None or reads or about_ours(found).may_allow)


def unwrapped(key: Key, arguments: Mapping[str, Any]) -> tuple[Key, Mapping[str, Any]]:
    """Return the call itself, or the one that a tool of the lean profile wraps."""
    inner = _inner(key, arguments)
    return (key, arguments) if inner is None else (Key(key.server, inner[0]), inner[1])


def wrapped(arguments: Mapping[str, Any], inner: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a wrapping call with others for the one inside."""
    return {**arguments, "arguments": dict(inner)}


def _inner(key: Key, arguments: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    wrapper = tool_of(key)
    name, given = arguments.get("tool"), read(arguments.get("arguments", {}))
    if wrapper is None or not lean.executes(wrapper):
        return None
    if not isinstance(name, str) or not isinstance(given, Mapping):
        return None
    return ALIASES.get(name, name), given


def steps_of(key: Key, arguments: Mapping[str, Any]) -> list[tuple[Key, Mapping[str, Any]]]:
    """Return the calls that a call runs as its steps; empty for one that runs itself."""
    if key != Key(OURS, batch.batch.name):
        return []
    steps = read(arguments.get("steps"))
    found = []
    for one in steps if isinstance(steps, list) else ():
        name = one.get("tool") if isinstance(one, Mapping) else None
        if isinstance(name, str):
            given = read(one.get("arguments", {}))
            inner = given if isinstance(given, Mapping) else {}
            found.append((Key(OURS, ALIASES.get(name, name)), inner))
    return found


def tool_of(key: Key) -> Tool | None:
    """Return the declaration of a tool of ours."""
    return _TOOLS.get(key.tool) if key.server == OURS else None


def scopes_of(key: Key) -> frozenset[str]:
    """Return the scopes at Atlassian without which a tool of ours cannot run."""
    found = tool_of(key)
    return found.scopes if found else frozenset()


def read(value: Any) -> Any:
    """Read JSON in a text, as the tools themselves take lists and objects from some clients."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def about_ours(tool: Tool) -> About:
    """Return what a policy goes by, for a tool of ours."""
    many = bool(_OF_MANY & tool.input_schema["properties"].keys())
    wraps = bool(lean.executes(tool))
    return About(
        key=Key(OURS, tool.name),
        reads=not tool.writes,
        may_allow=not tool.writes or not (tool.effect is Effect.DELETE or many or wraps),
        deletes=tool.effect is Effect.DELETE,
    )
