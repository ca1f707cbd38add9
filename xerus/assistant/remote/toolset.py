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
from xerus.assistant.policies import About, Key, Policy, Rules
from xerus.assistant.preview import by_arguments
from xerus.assistant.remote.calls import Refused, RemoteCalls, words_of
from xerus.assistant.remote.definitions import RemoteTool
from xerus.assistant.remote.servers import Missing
from xerus.assistant.remote.transport import Failure
from xerus.assistant.stopping import Stopping
from xerus.assistant.toolset import Terms, told_of_edit
from xerus.assistant.turns import CallNote
from xerus.remotes.servers import NotConnected, RemoteServer
from xerus.tools.untrusted import one_line

_RETRIES = 2
_DIGITS = 16
_OBJECT = SchemaValidator(
    core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema())
)
_BLOCKED = "Not run: the person has blocked this tool."
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
        """Return the tools that the servers offer and the person does not block."""
        del ctx
        if self._tools is None:
            offered = self._calls.tools(self._ours)
            self._tools = {
                name: self._wrapped(tool)
                for name, tool in offered.items()
                if not _is_blocked(self._terms.rules, tool)
            }
            for missing in self._calls.unconnected:
                name = f"{missing.server.slug}_connect"
                if name not in self._tools and name not in self._ours:
                    self._tools[name] = self._door(name, missing)
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
            ApprovalRequired: it has to wait for a person.
            ToolFailed: it failed; the message is for the model.
        """
        assert ctx.tool_call_id is not None
        assert tool.tool_def.metadata is not None
        match tool.tool_def.metadata["remote"]:
            case RemoteTool() as remote:
                return await self._run(name, tool_args, ctx, remote)
            case Missing(server=server, connect=NotConnected() as lacking):
                note = CallNote(title=tool.tool_def.metadata["title"], origin=origin(server))
                self._notes[ctx.tool_call_id] = note
                raise _not_connected(note, lacking)
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
                raise _not_connected(note, failure.lacking) from failure
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
        if _is_blocked(rules, tool):
            raise ToolFailed(_BLOCKED)
        if ctx.tool_call_approved:
            approved = self._approved.pop(str(ctx.tool_call_id), None)
            if approved is None or approved.call_hash != wanted:
                raise ToolFailed(CHANGED)
            if approved.definition != tool.digest:
                raise ToolFailed(
                    "Not run: the server has changed this tool since the person approved the call."
                )
            return approved.edited
        policy, why = rules.of(about(tool))
        if policy is Policy.ASK:
            note.preview = by_arguments(arguments)
            if _was_settled(rules, tool):
                note.preview.notes.append(_ANEW)
            note.waits_for = "approval"
            raise ApprovalRequired
        if why:
            note.allowed = why
            await self._terms.waived(name, note, wanted)
        return False

    def _wrapped(self, tool: RemoteTool) -> ToolsetTool[object]:
        definition = ToolDefinition(
            name=tool.name,
            description=tool.description,
            parameters_json_schema=tool.schema,
            sequential=not tool.reads,
            metadata={"title": tool.title, "remote": tool},
        )
        return self._of(definition)

    def _door(self, name: str, missing: Missing) -> ToolsetTool[object]:
        """Return a tool that shows the person where to connect a server, and does nothing else."""
        title = f"Connect {one_line(missing.server.name)}"
        definition = ToolDefinition(
            name=name,
            description=(
                f"The person has not connected {one_line(missing.server.name)} yet, so its tools"
                " are not there. Call this when they ask for something that it does: it shows"
                " them where to connect it."
            ),
            parameters_json_schema={"type": "object", "properties": {}},
            metadata={"title": title, "remote": missing},
        )
        return self._of(definition)

    def _of(self, definition: ToolDefinition) -> ToolsetTool[object]:
        return ToolsetTool(
            toolset=self, tool_def=definition, max_retries=_RETRIES, args_validator=_OBJECT
        )


def about(tool: RemoteTool) -> About:
    """Return what a policy goes by: the tool of a server as it is defined now."""
    key = Key(f"{tool.server.id}:{tool.digest[:_DIGITS]}", tool.own_name)
    return About(key=key, reads=tool.reads, may_allow=not tool.destroys)


def origin(server: RemoteServer) -> str:
    """Return a server for people: its name, and whom they trust."""
    return f"{one_line(server.name)} ({server.host})"


def _is_blocked(rules: Rules, tool: RemoteTool) -> bool:
    """Whether the person blocked the tool, as it is or as it was: a change opens nothing."""
    return any(
        policy is Policy.BLOCK and _is_of(key, tool) for key, policy in rules.settled.items()
    )


def _was_settled(rules: Rules, tool: RemoteTool) -> bool:
    """Whether the person settled something for the tool as it was before."""
    now = about(tool).key
    return any(_is_of(key, tool) and key != now for key in (*rules.settled, *rules.here))


def _is_of(key: Key, tool: RemoteTool) -> bool:
    return key.tool == tool.own_name and key.server.partition(":")[0] == tool.server.id


def _not_connected(note: CallNote, lacking: NotConnected) -> ToolFailed:
    note.connect_url, note.connect = lacking.url, one_line(lacking.server.name)
    return ToolFailed(
        f"{lacking.message} Nothing was sent. The person is shown where to connect it; ask them to"
        " repeat the request after that."
    )
