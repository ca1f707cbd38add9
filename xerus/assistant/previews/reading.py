"""Reading how things stand now, with the person's own reading tools; never an error of its own."""

from collections.abc import Mapping
from typing import Any

import mcp_types as types
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError

from xerus.assistant.lacking import Lacking

LONGEST = 200_000
"""Characters of a text that are read to be compared."""


class NotConnected(Exception):
    """Atlassian has to be connected first: asking for approval would be in vain."""

    def __init__(self, lacking: Lacking) -> None:
        super().__init__()
        self.lacking = lacking


class Reader:
    """Calls reading tools for their structured content, at the site that a call names.

    Attributes:
        failed: whether anything could not be read.
    """

    def __init__(self, client: Client, *, site: object = None) -> None:
        self._client = client
        self._site = {"site": site} if isinstance(site, str) else {}
        self.failed = False

    async def read(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Return what a tool answers, empty where it fails.

        Raises:
            NotConnected: no call can succeed.
        """
        given = {**arguments, **self._site, "format": "json"}
        try:
            result = await self._client.session.call_tool(tool, given, allow_input_required=True)
        except MCPError:
            self.failed = True
            return {}
        if isinstance(result, types.InputRequiredResult):
            raise NotConnected(Lacking())
        if result.is_error or result.structured_content is None:
            self.failed = True
            return {}
        return dict(result.structured_content)


class Given:
    """The arguments of a call, of which it is known which were shown."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._left = {name: value for name, value in arguments.items() if name != "site"}

    def __contains__(self, name: str) -> bool:
        return self._left.get(name) is not None

    def peek(self, name: str) -> str:
        """Return an argument that says what is meant, as text; '' where there is none."""
        value = self._left.get(name)
        return "" if value is None else str(value)

    def take(self, name: str, default: Any = None) -> Any:
        """Return an argument that is shown now."""
        return self._left.pop(name, default)

    def text(self, name: str) -> str:
        """Return an argument that is shown now, as text."""
        value = self.take(name)
        return "" if value is None else str(value)

    def objects(self, name: str) -> dict[str, Any]:
        """Return an argument that is an object and is shown now; it stays where it is none."""
        value = self._left.get(name)
        return self.take(name) if isinstance(value, dict) else {}

    def rest(self) -> dict[str, Any]:
        """Return what nothing has shown."""
        return dict(self._left)
