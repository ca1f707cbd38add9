"""The official SDK as its documentation shows it: MCPServer, sessions, event streams, httpx2.

asyncio's own loop and h11, because those are what installing the SDK brings.
"""

import httpx2
import uvicorn
from mcp.server.mcpserver import Context, MCPServer

from bench.questions import PATHS
from bench.servers.address import port_and_upstream

_LIMITS = httpx2.Limits(max_connections=200, max_keepalive_connections=200)


def _server(upstream: str) -> MCPServer:
    server: MCPServer = MCPServer("plain", log_level="WARNING")
    http = httpx2.AsyncClient(limits=_LIMITS, trust_env=False, base_url=upstream)

    async def fetch(tool: str, context: Context) -> str:
        headers = {"Authorization": (context.headers or {}).get("authorization", "")}
        return (await http.get(PATHS[tool], headers=headers)).text

    @server.tool()
    async def jira_get_issue(issue_key: str, context: Context) -> str:
        """Read one Jira issue."""
        del issue_key
        return await fetch("jira_get_issue", context)

    @server.tool()
    async def jira_search(jql: str, limit: int, context: Context) -> str:
        """Find Jira issues by JQL."""
        del jql, limit
        return await fetch("jira_search", context)

    @server.tool()
    async def confluence_get_page(page_id: str, context: Context) -> str:
        """Read a Confluence page."""
        del page_id
        return await fetch("confluence_get_page", context)

    return server


def main() -> None:
    port, upstream = port_and_upstream()
    app = _server(upstream).streamable_http_app()
    uvicorn.run(app, port=port, loop="asyncio", http="h11", log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
