"""MCP over stdin and stdout, for a client that starts Xerus itself."""

from mcp.server.stdio import stdio_server

from xerus.ids import correlation_id
from xerus.mcpserver.server import build_server
from xerus.oauth import scopes
from xerus.tools.caller import Caller
from xerus.tools.runner import Runner


async def serve_stdio(*, runner: Runner) -> None:
    """Serve until stdin closes; whoever started the process is the caller, with every scope."""

    def caller_of(_: object) -> Caller:
        return Caller(
            user_id=None,
            email="",
            name="",
            client_id="stdio",
            client_name="stdio",
            mcp_scopes=scopes.ALL,
            correlation_id=correlation_id(),
        )

    server = build_server(runner=runner, caller_of=caller_of)
    async with stdio_server() as (read_stream, write_stream):
        await server.run(read_stream, write_stream, server.create_initialization_options())
