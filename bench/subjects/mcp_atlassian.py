"""mcp-atlassian as its users run it: streamable HTTP, everything else as it comes.

Its Cloud OAuth branch has Atlassian's own address built in, so it is measured against Data Center's
paths, with a token per request or with one from its environment.
"""

from pathlib import Path

from bench.driver import HANDSHAKE, Driver
from bench.subjects.command import Command
from bench.subjects.subject import PEOPLE


class McpAtlassian(Command):
    """With each caller's own token, or with a fixed one for everybody."""

    def __init__(
        self, key: str, title: str, *, programs: Path, upstream: str, folder: Path, fixed: bool
    ) -> None:
        super().__init__(key, title, upstream=upstream, folder=folder)
        self.credentials = 1 if fixed else PEOPLE
        self._program, self._fixed = programs / "mcp-atlassian", fixed

    def command(self, port: int) -> list[str]:
        options = ("--transport", "streamable-http", "--host", "127.0.0.1")
        return [str(self._program), *options, "--port", str(port)]

    def env(self) -> dict[str, str]:
        env = {
            "JIRA_URL": self._upstream,
            "CONFLUENCE_URL": self._upstream,
            "JIRA_PERSONAL_TOKEN": "operator",
            "CONFLUENCE_PERSONAL_TOKEN": "operator",
            "TOOLSETS": "all",  # as when unset, without a warning
            "FASTMCP_CHECK_FOR_UPDATES": "off",  # it would ask the Internet
        }
        # Without this it refuses the token of its environment over HTTP.
        return env | ({"ALLOW_GLOBAL_CRED_FALLBACK": "true"} if self._fixed else {})

    def client(self, caller: int) -> Driver:
        return Driver(
            endpoint=f"{self.url}/mcp",
            token="" if self._fixed else f"person-{caller % PEOPLE}",
            scheme="Token",  # its word for a personal access token of Data Center
            revision=HANDSHAKE,
        )
