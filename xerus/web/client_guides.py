"""How each MCP client is connected: the same as `docs/clients`, with the address of this server."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Guide:
    """One client.

    Attributes:
        slug: its id on the page, and `?client=` of an address that opens it.
        hosted: whether it calls from its maker's cloud, so that the address has to be public.
        steps: what to do, in order, as plain sentences.
        text: what is copied.
        what: what that is, in a word.
    """

    slug: str
    name: str
    steps: Sequence[str]
    text: str
    what: str
    hosted: bool = False


def guides(url: str) -> Sequence[Guide]:
    """Return the guides for the address of an MCP server."""
    return (
        Guide(
            slug="claude",
            name="Claude on the web",
            hosted=True,
            steps=(
                (
                    "Open Settings, Connectors, Add custom connector. In a Team or Enterprise plan an "
                    "owner does this once."
                ),
                "Name it Xerus, put this in as the URL and leave client id and secret empty.",
                "Choose Connect, then Allow, and sign in.",
            ),
            text=url,
            what="URL",
        ),
        Guide(
            slug="claude-desktop",
            name="Claude Desktop",
            hosted=True,
            steps=(
                (
                    "Open Settings, Connectors, Add custom connector, put this in as the URL, then "
                    "Connect. It is called from Anthropic's cloud as on the web."
                ),
                (
                    "Where this address is not public, start it through mcp-remote: see Programs that "
                    "only start programs below."
                ),
            ),
            text=url,
            what="URL",
        ),
        Guide(
            slug="claude-code",
            name="Claude Code",
            steps=(
                "Run this in a terminal.",
                "Type /mcp in a session, choose xerus, then Authenticate.",
            ),
            text=f"claude mcp add --transport http xerus {url}",
            what="command",
        ),
        Guide(
            slug="vs-code",
            name="VS Code with GitHub Copilot",
            steps=(
                "Put this into .vscode/mcp.json.",
                "Press Start above the entry, and choose agent mode in the chat.",
            ),
            text=f'{{\n  "servers": {{\n    "xerus": {{ "type": "http", "url": "{url}" }}\n  }}\n}}',
            what="configuration",
        ),
        Guide(
            slug="cursor",
            name="Cursor",
            steps=(
                "Put this into ~/.cursor/mcp.json, or .cursor/mcp.json of a project.",
                "Open Cursor Settings, MCP, and choose Connect beside xerus.",
            ),
            text=_servers(f'"url": "{url}"'),
            what="configuration",
        ),
        Guide(
            slug="codex",
            name="Codex",
            steps=("Run both lines in a terminal.",),
            text=f"codex mcp add xerus --url {url}\ncodex mcp login xerus",
            what="commands",
        ),
        Guide(
            slug="gemini",
            name="Gemini CLI",
            steps=("Put this into ~/.gemini/settings.json.", "Type /mcp auth xerus in a session."),
            text=_servers(f'"httpUrl": "{url}"'),
            what="configuration",
        ),
        Guide(
            slug="copilot-studio",
            name="Microsoft Copilot Studio",
            hosted=True,
            steps=(
                (
                    "In the agent: Tools, Add a tool, New tool, Model Context Protocol; this is the "
                    "server URL."
                ),
                (
                    "Authentication: OAuth 2.0, type Dynamic discovery. Then Create, and Create a new "
                    "connection."
                ),
            ),
            text=url,
            what="URL",
        ),
        Guide(
            slug="stdio",
            name="Programs that only start programs",
            steps=("Put this into the client's configuration: mcp-remote does the rest.",),
            text=_servers(
                '"command": "npx",\n      "args": ["-y", "mcp-remote", '
                f'"{url}", "--transport", "http-only"{_allowing(url)}]',
                folded=True,
            ),
            what="configuration",
        ),
        Guide(
            slug="others",
            name="Any other client",
            steps=(
                "Transport: streamable HTTP. Authentication: OAuth; the client registers itself.",
                "Most take this in their configuration file.",
            ),
            text=_servers(f'"type": "http", "url": "{url}"'),
            what="configuration",
        ),
    )


def _servers(entry: str, *, folded: bool = False) -> str:
    inside = f"{{\n      {entry}\n    }}" if folded else f"{{ {entry} }}"
    return f'{{\n  "mcpServers": {{\n    "xerus": {inside}\n  }}\n}}'


def _allowing(url: str) -> str:
    return ', "--allow-http"' if url.startswith("http:") else ""
