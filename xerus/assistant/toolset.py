"""The tools of our MCP server, as the model's tools; a write runs only as it was approved."""

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import mcp_types as types
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError
from pydantic_ai import RunContext, ToolDefinition
from pydantic_ai.exceptions import ApprovalRequired, ToolFailed
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool
from pydantic_core import SchemaValidator, core_schema

from xerus.assistant.calls import call_hash
from xerus.assistant.deciding import CHANGED, Approved, Decided
from xerus.assistant.lacking import Lacking, lacking_in
from xerus.assistant.policies import (
    NO_RULES,
    OURS,
    About,
    Key,
    Policy,
    Rules,
    about,
    about_call,
    steps_of,
    unwrapped,
)
from xerus.assistant.present import NotConnected, SiteUnknown, account_of, present
from xerus.assistant.stopping import Stopping
from xerus.assistant.turns import CallNote

_RETRIES = 2
_OBJECT = SchemaValidator(
    core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema())
)
BLOCKED = "blocked"
"""In the metadata of a tool that the model is not offered."""
IS_BLOCKED = "Not run: the person has blocked this tool. They can change that under Tools."

Waive = Callable[[str, CallNote, bytes], Awaitable[bool]]


async def _never(tool: str, note: CallNote, wanted: bytes) -> bool:
    """Let no write run without being asked about."""
    del tool, note, wanted
    return False


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a run may do without asking, and what was decided before it.

    Attributes:
        waive: told of a write that is to run because its policy allows it, before it does;
            False where it no longer may.
    """

    rules: Rules = NO_RULES
    decided: Decided = field(default_factory=Decided)
    waive: Waive = _never


async def all_tools(client: Client) -> list[types.Tool]:
    """Return what our server lists for a client, page by page."""
    found: list[types.Tool] = []
    cursor: str | None = None
    while True:
        page = await client.list_tools(cursor=cursor)
        found += page.tools
        cursor = page.next_cursor
        if not cursor or not page.tools:
            return found


class McpTools(AbstractToolset[object]):
    """Lists and calls; notes of each call its title, its time and what it waits for.

    A call that has to wait raises `ApprovalRequired`; its note says for what. An approved one runs
    when the hash of its call is the one that was approved, and once.
    """

    def __init__(
        self,
        *,
        client: Client,
        terms: Terms,
        notes: dict[str, CallNote],
        stopping: Stopping,
        server: str = OURS,
    ) -> None:
        self._client = client
        self._terms = terms
        self._stopping = stopping
        self._approved = dict(terms.decided.approved)
        self._notes = notes
        self._server = server
        self._tools: dict[str, ToolsetTool[object]] | None = None

    @property
    def id(self) -> str:
        """A name for messages of the library."""
        return self._server

    async def get_tools(self, ctx: RunContext[object]) -> dict[str, ToolsetTool[object]]:
        """Return the tools that the person's token shows, asked for once."""
        del ctx
        return await self._listed()

    async def names(self) -> frozenset[str]:
        """Return the names of these tools."""
        return frozenset(await self._listed())

    async def _listed(self) -> dict[str, ToolsetTool[object]]:
        if self._tools is None:
            self._tools = {
                tool.name: self._wrapped(tool, about(tool, server=self._server))
                for tool in await all_tools(self._client)
            }
        return self._tools

    async def call_tool(
        self,
        name: str,
        tool_args: dict[str, Any],
        ctx: RunContext[object],
        tool: ToolsetTool[object],
    ) -> str:
        """Run one call and return its text.

        Raises:
            ApprovalRequired: it has to wait for a person; its note says for what.
            ToolFailed: it failed; the message is for the model.
        """
        assert ctx.tool_call_id is not None
        known = about_call(_metadata(tool)["about"], tool_args)
        note = CallNote(
            title=_metadata(tool)["title"],
            reads=known.reads,
            server=known.key.server,
            tool=known.key.tool,
            may_allow=known.may_allow and self._terms.rules.may_allow and not known.reads,
            deletes=known.deletes,
        )
        self._notes[ctx.tool_call_id] = note
        approved = await self._admit(name, tool_args, ctx, note, known)
        begun = perf_counter()
        try:
            with nullcontext() if known.reads else self._stopping.write():
                text = await self._call(name, tool_args, note, known)
        finally:
            note.seconds = perf_counter() - begun
        return told_of_edit(text, tool_args) if approved and approved.edited else text

    async def _admit(
        self,
        name: str,
        arguments: dict[str, Any],
        ctx: RunContext[object],
        note: CallNote,
        known: About,
    ) -> Approved | None:
        """Let a call pass as its policy says: an approved one only as it was approved, and once."""
        rules = self._terms.rules
        key, inner = unwrapped(Key(self._server, name), arguments)
        inside = [step for step, _ in steps_of(key, inner)]
        if any(map(rules.blocks, (known.key, *inside))):
            raise ToolFailed(IS_BLOCKED)
        call_id = str(ctx.tool_call_id)
        if ctx.tool_call_approved and call_id not in self._terms.decided.resumed:
            return await self._as_approved(call_hash(name, arguments), call_id)
        policy, why = rules.of(known)
        if policy is Policy.ALLOW and not why:
            return None
        await self._present(key, inner, note)
        if why and await self._terms.waive(name, note, call_hash(name, arguments)):
            note.allowed = why
            return None
        note.waits_for = "approval"
        raise ApprovalRequired

    async def _as_approved(self, wanted: bytes, call_id: str) -> Approved:
        approved = self._approved.pop(call_id, None)
        if approved is None or approved.call_hash != wanted:
            raise ToolFailed(CHANGED)
        account = await account_of(self._client) if approved.account else ""
        if account and account != approved.account:
            raise ToolFailed(
                f"Not run: it was approved for {approved.account}, and Atlassian is connected as"
                f" {account} by now. Nothing was sent; the person has to be asked again."
            )
        return approved

    async def _present(self, key: Key, arguments: Mapping[str, Any], note: CallNote) -> None:
        """Note what the call would change, and as whom."""
        try:
            shown = await present(self._client, key, arguments)
        except NotConnected as missing:
            raise _held(note, missing.lacking) from missing
        except SiteUnknown as unknown:
            raise ToolFailed(f"Not run: {unknown.message} {unknown.hint}") from unknown
        note.preview, note.account = shown.preview, shown.account

    async def _call(
        self, name: str, arguments: dict[str, Any], note: CallNote, known: About
    ) -> str:
        try:
            result = await self._client.session.call_tool(
                name, arguments, allow_input_required=True
            )
        except MCPError as error:
            raise ToolFailed(error.error.message) from error
        lacking = lacking_in(result)
        # What was cut short may have changed something, so that one is not begun again by itself.
        if lacking is not None and (known.reads or not lacking.was_running):
            raise _held(note, lacking)
        assert isinstance(result, types.CallToolResult)
        text = _text(result)
        if result.is_error:
            raise ToolFailed(text)
        return text

    def _wrapped(self, tool: types.Tool, known: About) -> ToolsetTool[object]:
        return ToolsetTool(
            toolset=self,
            tool_def=ToolDefinition(
                name=tool.name,
                description=tool.description,
                parameters_json_schema=tool.input_schema,
                sequential=not known.reads,
                metadata={
                    "title": tool.title or tool.name,
                    "about": known,
                    BLOCKED: self._terms.rules.blocks(known.key),
                },
            ),
            max_retries=_RETRIES,
            args_validator=_OBJECT,
        )


def _metadata(tool: ToolsetTool[object]) -> dict[str, Any]:
    assert tool.tool_def.metadata is not None
    return tool.tool_def.metadata


def _held(note: CallNote, lacking: Lacking) -> ApprovalRequired:
    """Let the call wait until the person has connected Atlassian."""
    note.waits_for = "connection"
    note.lacking = list(lacking.scopes)
    return ApprovalRequired()


def told_of_edit(text: str, arguments: dict[str, Any]) -> str:
    """Return a result with what the model has to know of it: the call was not the one it made."""
    ran_with = json.dumps(arguments, ensure_ascii=False)
    return f"The person changed the call before approving it. It ran with: {ran_with}\n\n{text}"


def _text(result: types.CallToolResult) -> str:
    if result.structured_content is not None:
        return json.dumps(result.structured_content, ensure_ascii=False)
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))
