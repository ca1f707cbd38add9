"""What the pages show and take of how tools may run, for our tools and those of other servers."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from xerus.assistant.policies import OURS, About, Policy, Rules, about_ours
from xerus.assistant.remote.definitions import RemoteTool
from xerus.assistant.remote.servers import Missing, Servers
from xerus.assistant.remote.toolset import about as about_remote
from xerus.assistant.settling import Allowance, Settling
from xerus.atlassian.credentials import Product
from xerus.errors import InvalidInput
from xerus.ids import UserId
from xerus.remotes.servers import NotConnected, RemoteServer
from xerus.tools.declaration import Tool
from xerus.tools.untrusted import one_line

_PREFIX = "policy."
_HERE_TOO = "General"
_ALL_OF_A_SERVER = "Tools"
_CHOSEN = "Chosen by you"
_FEW = 12

Does = Literal["reads", "changes", "deletes"]


@dataclass(frozen=True, kw_only=True)
class ToolLine:
    """A tool, and how it may run.

    Attributes:
        field: what the form calls the choice; of another server's tool with its definition.
        chosen: what holds now.
        may_allow: whether it may be let run without being asked about.
    """

    about: About
    field: str
    title: str
    name: str
    chosen: Policy
    may_allow: bool

    @property
    def does(self) -> Does:
        """What running it does, at most."""
        return "reads" if self.about.reads else "deletes" if self.about.deletes else "changes"

    @property
    def is_own_choice(self) -> bool:
        """Whether the person chose otherwise than what holds without that."""
        return self.chosen is not self.about.standard


@dataclass(frozen=True, kw_only=True)
class ToolGroup:
    """Tools of one kind."""

    title: str
    lines: Sequence[ToolLine]
    open: bool = False


@dataclass(frozen=True, kw_only=True)
class ToolTable:
    """The tools of a server.

    Attributes:
        server: what `reset` takes.
        missing: why they cannot be listed; '' where they are.
        may_allow: whether the operator lets anybody allow what writes.
    """

    server: str
    groups: Sequence[ToolGroup]
    may_allow: bool
    missing: str = ""

    @property
    def lines(self) -> Iterator[ToolLine]:
        """All of them."""
        return (line for group in self.groups for line in group.lines)


class ToolPolicies:
    """Policies as the pages deal with them; `tools` are those of ours that are on."""

    def __init__(
        self, *, settling: Settling, tools: Sequence[Tool], servers: Servers | None = None
    ) -> None:
        self._settling = settling
        self._tools = tools
        self._servers = servers

    async def here(self, user_id: UserId, conversation_id: str) -> Sequence[Allowance]:
        """Return the tools that run without being asked about in a conversation."""
        return await self._settling.here(user_id, conversation_id)

    async def ask_again(self, user_id: UserId, conversation_id: str, allowance_id: str) -> None:
        """Take such an allowance back; nothing where there is none by this id."""
        for one in await self._settling.here(user_id, conversation_id):
            if one.id == allowance_id:
                await self._settling.ask_again(user_id, conversation_id, one.key)

    async def ours(self, user_id: UserId, products: Collection[Product]) -> ToolTable:
        """Return our tools of these products, and those of none."""
        rules = await self._rules(user_id)
        found = [
            (
                _HERE_TOO if tool.product is None else tool.product.value.title(),
                _line(rules, about_ours(tool), tool.name, tool.title, field=tool.name),
            )
            for tool in self._tools
            if tool.product is None or tool.product in products
        ]
        return ToolTable(server=OURS, groups=grouped(found), may_allow=rules.may_allow)

    async def of_server(self, user_id: UserId, server: RemoteServer) -> ToolTable:
        """Return the tools of another server, as it lists them for the person."""
        rules = await self._rules(user_id)
        table = ToolTable(server=server.id, groups=(), may_allow=rules.may_allow)
        found = await self._servers.one(user_id, server) if self._servers else None
        match found:
            case None | Missing(connect=NotConnected()):
                return table
            case Missing(why=why):
                return replace(table, missing=why)
            case listed:
                tools = listed.offer.tools
        groups = grouped([(_ALL_OF_A_SERVER, _remote_line(rules, tool)) for tool in tools])
        return replace(table, groups=groups)

    async def save(self, user_id: UserId, table: ToolTable, form: Mapping[str, str]) -> int:
        """Take a table as it was filled in; return for how many tools it changed something.

        Raises:
            InvalidInput: it names a tool as it is no more, or allows what nobody may allow.
        """
        lines = {line.field: line for line in table.lines}
        chosen = {name: value for name, value in form.items() if name.startswith(_PREFIX)}
        if not chosen.keys() <= lines.keys():
            raise InvalidInput(
                "A tool has changed since the page was opened, so nothing was saved.",
                hint="Look at the tools again, then choose.",
            )
        if not set(chosen.values()) <= set(Policy):
            raise InvalidInput("Choose Ask each time, Always allow or Block.")
        return await self._settling.choose(
            user_id,
            {lines[name].about.key: Policy(value) for name, value in chosen.items()},
            [line.about for line in table.lines],
        )

    async def reset(self, user_id: UserId, table: ToolTable) -> int:
        """Let nothing be settled for the tools of a server; return for how many something was."""
        return await self._settling.reset(user_id, table.server)

    async def _rules(self, user_id: UserId) -> Rules:
        return Rules(
            settled=await self._settling.settled(user_id),
            here=frozenset(),
            may_allow=self._settling.may_allow,
        )


def grouped(found: Sequence[tuple[str, ToolLine]]) -> list[ToolGroup]:
    """Return lines by the groups that they are of; first those about which the person chose."""
    groups: dict[str, list[ToolLine]] = {_CHOSEN: []}
    for title, line in found:
        groups.setdefault(_CHOSEN if line.is_own_choice else title, []).append(line)
    return [
        ToolGroup(title=title, lines=lines, open=title == _CHOSEN or len(found) <= _FEW)
        for title, lines in groups.items()
        if lines
    ]


def _remote_line(rules: Rules, tool: RemoteTool) -> ToolLine:
    about = about_remote(tool)
    field = f"{tool.name}.{about.key.server.rpartition(':')[2]}"
    return _line(rules, about, one_line(tool.own_name), tool.title, field=field)


def _line(rules: Rules, about: About, name: str, title: str, *, field: str) -> ToolLine:
    may_allow = about.reads or (about.may_allow and rules.may_allow)
    chosen = rules.chosen(about)
    return ToolLine(
        about=about,
        field=f"{_PREFIX}{field}",
        title=title,
        name=name,
        chosen=chosen if may_allow or chosen is not Policy.ALLOW else Policy.ASK,
        may_allow=may_allow,
    )
