"""What the audit log hears of tool calls."""

from collections.abc import Awaitable
from typing import Protocol

from xerus.atlassian.credentials import Target
from xerus.tools.caller import Caller
from xerus.tools.declaration import Tool


class ToolAudit(Protocol):
    """Records tool calls; of the arguments only the key or id of what a call is about."""

    def started(
        self, caller: Caller, tool: Tool, target: Target | None, item: str
    ) -> Awaitable[None]:
        """Record that a call about `item` goes out; the result is there when that is durable."""
        ...

    def finished(
        self,
        caller: Caller,
        tool: Tool,
        target: Target | None,
        item: str,
        *,
        outcome: str,
        status: int,
        latency_ms: int,
    ) -> Awaitable[None]:
        """Record how it ended; the result is there when that is durable.

        Args:
            caller: who ran it.
            tool: what ran.
            target: where it went, None when it went nowhere.
            item: the key or id that it was about, '' for none.
            outcome: "ok", "cancelled", or the `code` of the error.
            status: upstream's status where it refused, else 0.
            latency_ms: from the start of the call to its end.
        """
        ...

    async def refused(self, caller: Caller, tool: str, *, cause: str) -> None:
        """Record a call of which nothing was sent upstream; `cause` is the error's `code`."""
        ...
