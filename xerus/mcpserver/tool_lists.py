"""tools/list, kept in its finished form: making one takes more time than a whole tool call."""

from collections.abc import Awaitable, Callable
from typing import Any

import mcp_types as types
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp_types import methods

from xerus.tools.declaration import Tool

_METHOD = "tools/list"
_MOST_KEPT = 100

RequestContext = ServerRequestContext[Any, Any]


class ToolLists:
    """Makes the lists. Also a middleware of the SDK's server, which answers with a kept one.

    What a caller may see is decided at each request; kept is only how a protocol revision writes
    the tools of these names. The SDK checks and shapes each list when it is first made.
    """

    def __init__(self, shown: Callable[[RequestContext], Awaitable[list[Tool]]]) -> None:
        self._shown = shown
        self._kept: dict[tuple[str, tuple[str, ...]], HandlerResult] = {}

    async def make(
        self, ctx: RequestContext, _: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """Handle tools/list."""
        return types.ListToolsResult(tools=[definition(tool) for tool in await self._shown(ctx)])

    async def __call__(self, ctx: RequestContext, call_next: CallNext) -> HandlerResult:
        """Answer tools/list with a kept result if there is one, and pass everything else on."""
        if ctx.method != _METHOD:
            return await call_next(ctx)
        methods.validate_client_request(_METHOD, ctx.protocol_version, ctx.params)
        names = tuple(tool.name for tool in await self._shown(ctx))
        key = (ctx.protocol_version, names)
        if key not in self._kept:
            made = await call_next(ctx)
            if _names(made) != names:  # the caller's rights changed meanwhile
                return made
            if len(self._kept) == _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = made
        return self._kept[key]


def definition(tool: Tool) -> types.Tool:
    """Return the entry of one tool in tools/list."""
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema,
        annotations=types.ToolAnnotations.model_validate({"title": tool.title, **tool.annotations}),
    )


def _names(made: HandlerResult) -> tuple[str, ...] | None:
    return tuple(tool["name"] for tool in made["tools"]) if isinstance(made, dict) else None
