"""What the pages call of how tools may run, as narrow as they need it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from xerus.atlassian.credentials import Product
from xerus.ids import UserId
from xerus.remotes.servers import RemoteServer


class Allowance(Protocol):
    """`assistant.settling.Allowance`: a tool that runs unasked in one conversation."""

    @property
    def id(self) -> str:
        """What a form names it by."""

    @property
    def title(self) -> str:
        """What people call the tool."""


class ToolTable(Protocol):
    """`assistant.tool_policies.ToolTable`: the tools of a server, as `tools/policies.html` shows them."""

    @property
    def groups(self) -> Sequence[Any]:
        """Its tools by kind."""


class PolicyService(Protocol):
    """`assistant.tool_policies.ToolPolicies`."""

    async def here(self, user_id: UserId, conversation_id: str) -> Sequence[Allowance]:
        """Return the tools that run without being asked about in a conversation."""

    async def ask_again(self, user_id: UserId, conversation_id: str, allowance_id: str) -> None:
        """Take such an allowance back."""

    async def ours(self, user_id: UserId, products: Collection[Product]) -> ToolTable:
        """Return our tools of these products, and those of none."""

    async def of_server(self, user_id: UserId, server: RemoteServer) -> ToolTable:
        """Return the tools of another server."""

    async def save(self, user_id: UserId, table: Any, form: Mapping[str, str]) -> int:
        """Take a table as it was filled in; raises InvalidInput."""

    async def reset(self, user_id: UserId, table: Any) -> int:
        """Let nothing be settled for the tools of a table."""
