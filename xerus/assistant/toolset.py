"""The tools of our MCP server, as the model's tools; a write runs only as it was approved."""

import json
from collections.abc import Mapping
from contextlib import nullcontext
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
from xerus.assistant.present import NotConnected, facts_of, url_asked
from xerus.assistant.stopping import Stopping
from xerus.assistant.turns import CallNote

_RETRIES = 2
_OBJECT = SchemaValidator(
    core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema())
)


class McpTools(AbstractToolset[object]):
    """Lists and calls; notes title, time and a missing connection of each call.

    A tool that is not annotated as read-only raises `ApprovalRequired`. An approved one runs when
    the hash of its call is the one that was approved, and once.
    """

    def __init__(
        self,
        *,
        client: Client,
        approved: Mapping[str, bytes],
        notes: dict[str, CallNote],
        stopping: Stopping,
    ) -> None:
        self._client = client
        self._stopping = stopping
        self._approved = dict(approved)
        self._notes = notes
        self._tools: dict[str, ToolsetTool[object]] = {}

    @property
    def id(self) -> str:
        """A name for messages of the library."""
        return "xerus"

    async def get_tools(self, ctx: RunContext[object]) -> dict[str, ToolsetTool[object]]:
        """Return the tools that the person's token shows, asked for once per run."""
        del ctx
        cursor: str | None = None
        while not self._tools or cursor:
            page = await self._client.list_tools(cursor=cursor)
            self._tools |= {tool.name: self._wrapped(tool) for tool in page.tools}
            cursor = page.next_cursor
            if not page.tools:
                break
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
            ApprovalRequired: a person has to approve it first.
            ToolFailed: it failed; the message is for the model.
        """
        assert ctx.tool_call_id is not None
        reads = bool(_metadata(tool)["reads"])
        note = CallNote(title=_metadata(tool)["title"], reads=reads)
        self._notes[ctx.tool_call_id] = note
        if not reads:
            await self._admit(name, tool_args, ctx, note)
        begun = perf_counter()
        try:
            with nullcontext() if reads else self._stopping.write():
                return await self._call(name, tool_args, note)
        finally:
            note.seconds = perf_counter() - begun

    async def _admit(
        self, name: str, arguments: dict[str, Any], ctx: RunContext[object], note: CallNote
    ) -> None:
        """Let a write pass only as it was approved, and once."""
        if not ctx.tool_call_approved:
            try:
                note.facts = await facts_of(self._client, arguments)
            except NotConnected as lacking:
                raise _not_connected(note, lacking.url) from lacking
            raise ApprovalRequired
        approved = self._approved.pop(str(ctx.tool_call_id), None)
        if approved != call_hash(name, arguments):
            raise ToolFailed("Not run: this is not what the person approved.")

    async def _call(self, name: str, arguments: dict[str, Any], note: CallNote) -> str:
        try:
            result = await self._client.session.call_tool(
                name, arguments, allow_input_required=True
            )
        except MCPError as error:
            raise ToolFailed(error.error.message) from error
        if isinstance(result, types.InputRequiredResult):
            raise _not_connected(note, url_asked(result))
        text = _text(result)
        if result.is_error:
            raise ToolFailed(text)
        return text

    def _wrapped(self, tool: types.Tool) -> ToolsetTool[object]:
        annotations = tool.annotations or types.ToolAnnotations()
        reads = annotations.read_only_hint is True
        return ToolsetTool(
            toolset=self,
            tool_def=ToolDefinition(
                name=tool.name,
                description=tool.description,
                parameters_json_schema=tool.input_schema,
                sequential=not reads,
                metadata={"title": tool.title or tool.name, "reads": reads},
            ),
            max_retries=_RETRIES,
            args_validator=_OBJECT,
        )


def _metadata(tool: ToolsetTool[object]) -> dict[str, Any]:
    assert tool.tool_def.metadata is not None
    return tool.tool_def.metadata


def _not_connected(note: CallNote, url: str) -> ToolFailed:
    note.connect_url = url
    return ToolFailed(
        "Atlassian is not connected, so nothing was sent. The person is shown a button to connect;"
        " ask them to repeat the request after that."
    )


def _text(result: types.CallToolResult) -> str:
    if result.structured_content is not None:
        return json.dumps(result.structured_content, ensure_ascii=False)
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))
