"""What an operator lets the tools do: every rule has to hold, at each call."""

from dataclasses import dataclass

from xerus.atlassian.credentials import Product
from xerus.errors import Forbidden
from xerus.settings.toolsets import DEFAULT, Choice, Profile, Toolset
from xerus.tools.declaration import Tool
from xerus.tools.own_activity import CallHistory


class ToolOff(Forbidden):
    """The operator has switched this tool off."""

    code = "tool_off"

    def __init__(self, tool: str, setting: str) -> None:
        super().__init__(
            f"The operator of this server has switched {tool} off.",
            hint=f"It takes a change of {setting} on the server. Nothing was sent.",
        )


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The operator's rules.

    Attributes:
        choices: the toolsets that are on.
        enabled: names of the only tools that are on, aliases resolved; None for all of `choices`.
        projects: keys of the only Jira projects that may be reached, upper case; empty for all.
        spaces: keys of the only Confluence spaces that may be reached; empty for all.
    """

    choices: frozenset[Choice] = DEFAULT
    enabled: frozenset[str] | None = None
    read_only: bool = False
    projects: frozenset[str] = frozenset()
    spaces: frozenset[str] = frozenset()
    profile: Profile = Profile.DEFAULT

    @property
    def products(self) -> frozenset[Product]:
        """The products of which any toolset is on."""
        return frozenset(
            product
            for product in Product
            if any(choice.product in {"", product} for choice in self.choices)
        )

    def admits(self, tool: Tool) -> bool:
        """Whether the tool is on."""
        return not self._forbidding(tool)

    def check(self, tool: Tool) -> None:
        """Raise unless the tool is on.

        Raises:
            ToolOff: it is off; the hint names the setting.
        """
        if setting := self._forbidding(tool):
            raise ToolOff(tool.name, setting)

    def _forbidding(self, tool: Tool) -> str:
        if self.read_only and tool.writes:
            return "XERUS_READ_ONLY"
        if tool.toolset is Toolset.CORE and not tool.endpoints and not _is_optional(tool):
            return ""  # reaches no product: status, and the lean profile's own tools
        if not any(_covers(choice, tool) for choice in self.choices):
            return "XERUS_TOOLSETS"
        off = self.enabled is not None and tool.name not in self.enabled
        return "XERUS_ENABLED_TOOLS" if off else ""


def _is_optional(tool: Tool) -> bool:
    return tool.client is CallHistory


def _covers(choice: Choice, tool: Tool) -> bool:
    """A tool of both products comes with either; it then reaches only the products that are on."""
    of_product = choice.product == "" or tool.product in {None, choice.product}
    return of_product and choice.toolset is tool.toolset
