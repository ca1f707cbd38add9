"""How tools may run, as the pages are given it: kept in memory, checked by the real rules."""

from collections.abc import Mapping, Sequence
from typing import cast

from xerus.assistant.policies import About, Key, Policy
from xerus.assistant.settling import Allowance, Settling
from xerus.assistant.tool_policies import ToolLine, ToolPolicies, ToolTable, grouped
from xerus.ids import UserId
from xerus.remotes.servers import RemoteServer
from xerus.tools.catalogue import ALL


class Kept:
    """Stands for `Settling`, for one person in one conversation.

    Attributes:
        allowed: what runs unasked in the conversation.
        calls: what was done.
    """

    def __init__(self) -> None:
        self.may_allow = True
        self.chosen: dict[Key, Policy] = {}
        self.allowed: list[Allowance] = []
        self.calls: list[tuple[str, object]] = []

    async def settled(self, user_id: UserId) -> Mapping[Key, Policy]:
        return self.chosen

    async def here(self, user_id: UserId, conversation_id: str) -> list[Allowance]:
        return self.allowed

    async def ask_again(self, user_id: UserId, conversation_id: str, key: Key) -> None:
        self.calls.append(("ask again", key))

    async def choose(
        self, user_id: UserId, chosen: Mapping[Key, Policy], known: Sequence[About]
    ) -> int:
        self.calls.append(("choose", dict(chosen)))
        return len(chosen)

    async def reset(self, user_id: UserId, server: str) -> int:
        self.calls.append(("reset", server))
        return len(self.chosen)


class FakePolicies(ToolPolicies):
    """The real tables over what is kept; `listed` are the tools of every other server."""

    def __init__(self) -> None:
        self.kept = Kept()
        self.listed: list[About] = []
        self.missing = ""
        super().__init__(settling=cast("Settling", self.kept), tools=ALL)

    async def of_server(self, user_id: UserId, server: RemoteServer) -> ToolTable:
        lines = [
            ToolLine(
                about=one,
                field=f"policy.{one.key.tool}",
                title=one.key.tool.replace("_", " ").capitalize(),
                name=one.key.tool,
                chosen=self.kept.chosen.get(one.key, one.standard),
                may_allow=one.may_allow,
            )
            for one in self.listed
        ]
        return ToolTable(
            server=server.id,
            groups=grouped([("Tools", line) for line in lines]),
            may_allow=self.kept.may_allow,
            missing=self.missing,
        )
