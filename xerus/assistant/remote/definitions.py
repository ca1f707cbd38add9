"""What the model is told of another server's tools, within bounds, and what is left out of it.

A description is written by the server and read by the model, which makes it the place for orders to
a model ("tool poisoning"). It is therefore marked as the server's words, cleaned of what nobody can
see, and bounded; and a digest of the definition goes with every approval, so that a tool which
becomes another after it was approved ("rug pull") is asked about again.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import mcp_types as types

from xerus.assistant.remote.schemas import Unfit, fit
from xerus.remotes.servers import RemoteServer
from xerus.tools.untrusted import clean, one_line

MOST_TOOLS = 60
"""Of one server: providers take 128 in all, and a model chooses worse among many."""
_MOST_CHARACTERS = 60_000
_LONGEST_DEFINITION = 12_000
_LONGEST_DESCRIPTION = 900
_LONGEST_TITLE = 80
_LONGEST_NAME = 64
_ODD = re.compile(r"[^a-zA-Z0-9_-]")
_SIGNS = 6


@dataclass(frozen=True, kw_only=True)
class RemoteTool:
    """One tool of one server, as the model gets it.

    Attributes:
        name: what the model calls it, unique among all tools.
        own_name: what the server calls it.
        title: for people.
        description: for the model.
        reads: whether it may run without being asked for.
        destroys: whether it is to be asked for each time, whatever the person settled.
        digest: of the definition as the server gave it.
    """

    server: RemoteServer
    name: str
    own_name: str
    title: str
    description: str
    schema: dict[str, Any] = field(repr=False)
    reads: bool
    destroys: bool
    digest: str


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a server offers; `left_out` says in words what of it is not used, '' for nothing."""

    tools: tuple[RemoteTool, ...]
    left_out: str = ""


def offer_of(server: RemoteServer, listed: Sequence[types.Tool]) -> Offer:
    """Return the tools that can be offered to a model; `listed` may hold one over `MOST_TOOLS`."""
    found: list[RemoteTool] = []
    unfit: list[str] = []
    size, taken = 0, set[str]()
    for tool in listed[:MOST_TOOLS]:
        try:
            made = _made(server, tool, taken)
        except Unfit as why:
            unfit.append(f"{one_line(tool.name)[:_LONGEST_TITLE]}: {why}")
            continue
        size += len(made.description) + len(json.dumps(made.schema))
        if size > _MOST_CHARACTERS:
            return Offer(tools=tuple(found), left_out=_rest(server, found, "their descriptions"))
        taken.add(made.name)
        found.append(made)
    if len(listed) > MOST_TOOLS:
        return Offer(tools=tuple(found), left_out=_rest(server, found, "more tools"))
    return Offer(tools=tuple(found), left_out=_unfit(server, unfit))


def without_collisions(tools: Iterable[RemoteTool], ours: Iterable[str]) -> dict[str, RemoteTool]:
    """Return the tools by name; none takes the name of ours, or of another server's."""
    taken, result = set(ours), dict[str, RemoteTool]()
    for tool in tools:
        if tool.name not in taken:
            taken.add(tool.name)
            result[tool.name] = tool
    return result


def _made(server: RemoteServer, tool: types.Tool, taken: set[str]) -> RemoteTool:
    schema = fit(tool.input_schema)
    hints = tool.annotations or types.ToolAnnotations()
    title = one_line(tool.title or hints.title or "")[:_LONGEST_TITLE]
    description = clean(tool.description or "").strip()
    if len(description) > _LONGEST_DESCRIPTION:
        description = description[:_LONGEST_DESCRIPTION].rstrip() + "…"
    if len(json.dumps(schema)) > _LONGEST_DEFINITION:
        raise Unfit("its description is too long")
    return RemoteTool(
        server=server,
        name=_name(server, tool.name, taken),
        own_name=tool.name,
        title=title or one_line(tool.name)[:_LONGEST_TITLE] or "?",
        description=_described(server, title, description),
        schema=schema,
        # What a server says of itself is believed where it asks for more care, and only where an
        # administrator believes the server does it excuse from being asked.
        reads=server.trusts_annotations and hints.read_only_hint is True,
        destroys=hints.destructive_hint is True and hints.read_only_hint is not True,
        digest=_digest(tool),
    )


def _described(server: RemoteServer, title: str, description: str) -> str:
    words = " ".join(filter(None, (title and f"{title}.", description)))
    return f"Tool of the MCP server “{one_line(server.name)}”, which says of it: {words}"


def _name(server: RemoteServer, own_name: str, taken: set[str]) -> str:
    """Return a name that every provider takes, with some signs of its own where one is needed."""
    plain = f"{server.slug}_{_ODD.sub('_', own_name)}"
    exact = plain == f"{server.slug}_{own_name}" and own_name
    if exact and len(plain) <= _LONGEST_NAME and plain not in taken:
        return plain
    signs = hashlib.sha256(own_name.encode("utf-8", "replace")).hexdigest()[:_SIGNS]
    return f"{plain[: _LONGEST_NAME - _SIGNS - 1]}_{signs}"


def _digest(tool: types.Tool) -> str:
    """Return a digest of everything that tells what a tool does."""
    said = tool.model_dump(
        mode="json",
        by_alias=True,
        include={"name", "title", "description", "input_schema", "annotations"},
    )
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _rest(server: RemoteServer, used: Sequence[RemoteTool], what: str) -> str:
    return (
        f"{one_line(server.name)} offers more than a model can be told of ({what}). Xerus uses the"
        f" first {len(used)} tools."
    )


def _unfit(server: RemoteServer, unfit: Sequence[str]) -> str:
    if not unfit:
        return ""
    return f"Not used of {one_line(server.name)}: {'; '.join(unfit[:5])}."
