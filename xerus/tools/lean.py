"""The lean profile: every tool behind one that describes and three that run.

The three are cut by what their tools do, so that a client that lets reads through and asks about
the rest can go on doing so. The runner unwraps them: policy, checks and audit see the inner tool.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

import orjson
from pydantic import Field

from xerus.errors import InvalidInput
from xerus.tools.declaration import Args, Effect, Tool, tool
from xerus.tools.jira.fields import JsonObject

_MOST_DESCRIBED = 6


class Directory(Protocol):
    """Knows the tools that the caller may run."""

    def tools(self) -> Sequence[Tool]:
        """Return them in the order of the declaration."""
        ...


class Discover(Args):
    """What is looked for."""

    query: str = Field(
        default="", max_length=500, description="Tool names or words; empty: all names"
    )


@dataclass(frozen=True, kw_only=True)
class Described:
    """Tools, a few with their arguments, many by name alone."""

    tools: tuple[Tool, ...]

    def markdown(self) -> str:
        """Return one block per tool, or one line."""
        if not self.tools:
            return "No tool fits. Empty query: all names."
        if len(self.tools) > _MOST_DESCRIBED:
            lines = (f"{one.name} ({verb(one)}): {one.description}" for one in self.tools)
            return "\n".join(["Ask by name for arguments.", *lines])
        return "\n\n".join(
            f"{one.name}, run with {verb(one)}: {one.description}\n"
            f"arguments: {orjson.dumps(one.input_schema).decode()}"
            for one in self.tools
        )

    def structured(self) -> dict[str, Any]:
        """Return the same as objects."""
        return {
            "tools": [
                {"name": one.name, "run_with": verb(one), "input_schema": one.input_schema}
                for one in self.tools
            ]
        }


class Execute(Args):
    """A call of another tool."""

    tool: Annotated[str, Field(max_length=80, description="Tool name")]
    arguments: JsonObject = Field(default={}, description="Its arguments, as discover shows")


@tool(title="Discover tools", effect=Effect.READ)
async def discover(directory: Directory, args: Discover) -> Described:
    """Find the Jira and Confluence tools and their arguments."""
    return Described(tools=_found(directory.tools(), args.query))


def _found(tools: Sequence[Tool], query: str) -> tuple[Tool, ...]:
    words = query.replace(",", " ").lower().split()
    if named := tuple(one for one in tools if one.name in words):
        return named
    ranked = [(_hits(one, words), one) for one in tools]
    best = max((hits for hits, _ in ranked), default=0)
    if words and not best:
        return ()
    return tuple(one for hits, one in ranked if hits == best)


def _hits(one: Tool, words: Sequence[str]) -> int:
    text = f"{one.name} {one.title} {one.description}".lower()
    return sum(word.rstrip("s") in text for word in words)


@tool(title="Run a reading tool", effect=Effect.READ)
async def execute_read(directory: Directory, args: Execute) -> Described:
    """Run a tool that only reads."""
    raise _unwrapped(directory, args)


@tool(title="Run a writing tool", effect=Effect.UPDATE)
async def execute_write(directory: Directory, args: Execute) -> Described:
    """Run a tool that creates or changes."""
    raise _unwrapped(directory, args)


@tool(title="Run a deleting tool", effect=Effect.DELETE)
async def execute_destructive(directory: Directory, args: Execute) -> Described:
    """Run a tool that deletes."""
    raise _unwrapped(directory, args)


def _unwrapped(directory: Directory, args: Execute) -> AssertionError:
    """The runner never gets here: it runs the inner tool instead."""
    return AssertionError((directory, args))


LEAN: tuple[Tool, ...] = (discover, execute_read, execute_write, execute_destructive)
_RUNS = {
    execute_read.name: frozenset({Effect.READ}),
    execute_write.name: frozenset({Effect.CREATE, Effect.UPDATE}),
    execute_destructive.name: frozenset({Effect.DELETE}),
}


def executes(one: Tool) -> frozenset[Effect]:
    """Return the effects of the tools that `one` runs; empty for a tool that runs itself."""
    return _RUNS.get(one.name, frozenset())


def verb(one: Tool) -> str:
    """Return the name of what runs a tool."""
    return next(name for name, effects in _RUNS.items() if one.effect in effects)


def check_verb(outer: Tool, inner: Tool) -> None:
    """Raise unless `outer` is what runs `inner`.

    Raises:
        InvalidInput: it is not; the message says what is.
    """
    if inner in LEAN:
        raise InvalidInput(f"{inner.name} is called by itself.")
    if inner.effect not in executes(outer):
        raise InvalidInput(
            f"{inner.name} is not for {outer.name}. Nothing was sent.",
            hint=f"Use {verb(inner)}.",
        )
