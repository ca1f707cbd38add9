"""Tools of other servers, as the model's tools beside ours; what may change something waits."""

from collections.abc import Collection
from contextlib import nullcontext
from time import perf_counter
from typing import Any

from pydantic_ai import RunContext, ToolDefinition
from pydantic_ai.exceptions import ApprovalRequired, ToolFailed
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool
from pydantic_core import SchemaValidator, core_schema

from xerus.assistant.calls import call_hash
from xerus.assistant.deciding import CHANGED
from xerus.assistant.policies import About, Key, Policy
from xerus.assistant.preview import by_arguments
from xerus.assistant.remote.calls import Refused, RemoteCalls, words_of
from xerus.assistant.remote.definitions import RemoteTool
from xerus.assistant.remote.servers import Listed, Missing
from xerus.assistant.remote.transport import Failure
from xerus.assistant.stopping import Stopping
from xerus.assistant.toolset import BLOCKED, IS_BLOCKED, Terms, told_of_edit
from xerus.assistant.turns import CallNote
from xerus.remotes.servers import NotConnected, RemoteServer
from xerus.tools.untrusted import one_line

_RETRIES = 2
_DIGITS = 16
_OBJECT = SchemaValidator(
    core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema())
)
_ANEW = (
    "The server has changed this tool since you settled how it may run. What you settled then does"
    " not hold for it any more."
)


class RemoteTools(AbstractToolset[object]):
    """Lists and calls the tools of one run's other servers.

    A policy and an approval hold for a tool as it was defined then: both name its digest.
    """

    def __init__(
        self,
        *,
        calls: RemoteCalls,
        ours: Collection[str],
        terms: Terms,
        notes: dict[str, CallNote],
        stopping: Stopping,
    ) -> None:
        self._calls = calls
        self._ours = ours
        self._terms = terms
        self._approved = dict(terms.decided.approved)
        self._notes = notes
        self._stopping = stopping
        self._tools: dict[str, ToolsetTool[object]] | None = None

    @property
    def id(self) -> str:
        """A name for messages of the library."""
        return "remote"

    async def get_tools(self, ctx: RunContext[object]) -> dict[str, ToolsetTool[object]]:
        """Return the tools that the servers offer."""
        del ctx
        if self._tools is None:
            offered = self._calls.tools(self._ours)
            self._tools = {name: self._wrapped(tool) for name, tool in offered.items()}
            for one in self._calls.found:
                for name, title in self._doors(one).items():
                    if name not in self._tools and name not in self._ours:
                        self._tools[name] = self._door(name, title, one)
        return self._tools

    async def call_tool(
        self,
        name: str,
        tool_args: dict[str, Any],
        ctx: RunContext[object],
        tool: ToolsetTool[object],
    ) -> str:
        """Run one call and return what the server answered.

        Raises:
            ApprovalRequired: it has to wait for a person; its note says for what.
            ToolFailed: it failed; the message is for the model.
        """
        assert ctx.tool_call_id is not None
        assert tool.tool_def.metadata is not None
        match tool.tool_def.metadata["remote"]:
            case RemoteTool() as remote:
                return await self._run(name, tool_args, ctx, remote)
            case Missing() | Listed() as found:
                title = tool.tool_def.metadata["title"]
                note = CallNote(title=title, origin=origin(found.server), reads=True)
                self._notes[ctx.tool_call_id] = note
                return _through(found, note)
            case other:
                raise AssertionError(other)

    async def _run(
        self, name: str, arguments: dict[str, Any], ctx: RunContext[object], tool: RemoteTool
    ) -> str:
        call_id = str(ctx.tool_call_id)
        known = about(tool)
        note = self._notes[call_id] = CallNote(
            title=tool.title,
            server=known.key.server,
            tool=known.key.tool,
            origin=origin(tool.server),
            definition=tool.digest,
            reads=tool.reads,
            may_allow=known.may_allow and self._terms.rules.may_allow and not tool.reads,
            deletes=known.deletes,
        )
        edited = await self._admit(name, arguments, ctx, note, tool)
        begun = perf_counter()
        try:
            with nullcontext() if tool.reads else self._stopping.write():
                text = await self._calls.call(tool, arguments, call_id)
        except Refused as refused:
            raise ToolFailed(str(refused)) from refused
        except Failure as failure:
            if failure.lacking is not None:
                raise _held(note, failure.lacking) from failure
            raise ToolFailed(words_of(tool.server, failure)) from failure
        finally:
            note.seconds = perf_counter() - begun
        return told_of_edit(text, arguments) if edited else text

    async def _admit(
        self,
        name: str,
        arguments: dict[str, Any],
        ctx: RunContext[object],
        note: CallNote,
        tool: RemoteTool,
    ) -> bool:
        """Let a call pass as its policy says; return whether a person changed its arguments."""
        rules, wanted = self._terms.rules, call_hash(name, arguments)
        if rules.blocks(about(tool).key):
            raise ToolFailed(IS_BLOCKED)
        if ctx.tool_call_approved and ctx.tool_call_id not in self._terms.decided.resumed:
            approved = self._approved.pop(str(ctx.tool_call_id), None)
            if approved is None or approved.call_hash != wanted:
                raise ToolFailed(CHANGED)
            if approved.definition != tool.digest:
                raise ToolFailed(
                    "Not run: the server has changed this tool since the person approved the call."
                )
            return approved.edited
        policy, why = rules.of(about(tool))
        if policy is Policy.ALLOW and not why:
            return False
        note.preview = by_arguments(arguments)
        if why and await self._terms.waive(name, note, wanted):
            note.allowed = why
            return False
        if rules.settled_before(about(tool).key):
            note.preview.notes.append(_ANEW)
        note.waits_for = "approval"
        raise ApprovalRequired

    def _wrapped(self, tool: RemoteTool) -> ToolsetTool[object]:
        definition = ToolDefinition(
            name=tool.name,
            description=tool.description,
            parameters_json_schema=tool.schema,
            sequential=not tool.reads,
            metadata={
                "title": tool.title,
                "remote": tool,
                BLOCKED: self._terms.rules.blocks(about(tool).key),
            },
        )
        return self._of(definition)

    def _doors(self, found: Listed | Missing) -> dict[str, str]:
        """Return the titles of the tools at which a person is asked to connect a server, by name.

        They are one to connect it, also where the person did while a call of that waited; and
        tools whose calls were approved before the person disconnected it.
        """
        asked, door = self._terms.decided.asked, door_of(found.server)
        lacks = isinstance(found, Missing) and found.connect is not None
        theirs = f"{found.server.slug}_"
        titles = {tool: asked[tool] for tool in asked if lacks and tool.startswith(theirs)}
        if lacks or door in asked:
            titles[door] = f"Connect {one_line(found.server.name)}"
        return titles

    def _door(self, name: str, title: str, found: Listed | Missing) -> ToolsetTool[object]:
        """Return a tool that lets the person connect a server, and does nothing else."""
        definition = ToolDefinition(
            name=name,
            description=(
                f"The person has not connected {one_line(found.server.name)} yet, so its tools are"
                " not there. Call this when they ask for something that it does: it lets them"
                " connect it, and its tools are there after that."
            ),
            parameters_json_schema={"type": "object", "properties": {}},
            metadata={"title": title, "remote": found},
        )
        return self._of(definition)

    def _of(self, definition: ToolDefinition) -> ToolsetTool[object]:
        return ToolsetTool(
            toolset=self, tool_def=definition, max_retries=_RETRIES, args_validator=_OBJECT
        )


def about(tool: RemoteTool) -> About:
    """Return what a policy goes by: the tool of a server as it is defined now."""
    key = Key(f"{tool.server.id}:{tool.digest[:_DIGITS]}", tool.own_name)
    return About(key=key, reads=tool.reads, may_allow=not tool.destroys, deletes=tool.destroys)


def door_of(server: RemoteServer) -> str:
    """Return the name of the tool by which a person connects a server."""
    return f"{server.slug}_connect"


def origin(server: RemoteServer) -> str:
    """Return a server for people: its name, and whom they trust."""
    return f"{one_line(server.name)} ({server.host})"


def _through(found: Listed | Missing, note: CallNote) -> str:
    """Return what a model is told of a server that is connected by now.

    Raises:
        ApprovalRequired: it is not.
        ToolFailed: it is, and its tools are missing all the same.
    """
    name = one_line(found.server.name)
    match found:
        case Missing(connect=NotConnected() as lacking):
            raise _held(note, lacking)
        case Missing():
            raise ToolFailed(f"{name} is connected, but cannot be used at the moment: {found.why}")
        case Listed():
            return (
                f"{name} is connected, and its tools are there now: their names begin with"
                f" {found.server.slug}_. Go on with what the person asked for."
            )


def _held(note: CallNote, lacking: NotConnected) -> ApprovalRequired:
    """Let the call wait until the person has connected the server, or Atlassian for it."""
    note.waits_for = "connection"
    if not lacking.is_atlassian:
        note.connects = lacking.server.slug
        note.connects_name = one_line(lacking.server.name)
    return ApprovalRequired()
