"""Our transport under the conformance suite: with everything a server can have, for tests only."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from tests.conformance.fixtures.server import fixture_server
from tests.conformance.suite import server_suite
from xerus.mcpserver.transport import McpTransport

TASKS = {
    "tasks-lifecycle",
    "tasks-capability-negotiation",
    "tasks-wire-fields",
    "tasks-request-state-removal",
    "tasks-mrtr-input",
    "tasks-request-headers",
    "tasks-dispatch-and-envelope",
    "tasks-required-task-error",
    "tasks-mrtr-composition",
}
"""Of an extension that Xerus does not offer; no revision requires it."""


@pytest.fixture(scope="module")
async def url() -> AsyncIterator[str]:
    """The address of the fixtures behind the transport of Xerus, without a bearer guard."""
    # Listening already, so that nobody has to wait until the server says that it serves.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        transport = McpTransport(
            server=fixture_server(), public_url=base, most_bytes=2**20, deepest=64, streams=True
        )
        routes = [Route("/mcp", endpoint=transport)]
        app = Starlette(routes=routes, lifespan=lambda _: transport.run())
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
        running = asyncio.create_task(server.serve([listening]))
        yield f"{base}/mcp"
        server.should_exit = True
        await running


@pytest.mark.parametrize(
    ("revision", "passed", "not_offered"),
    [("2025-11-25", 81, set[str]()), ("2026-07-28", 164, TASKS)],
)
async def test_conformance_suite_finds_no_fault_in_what_a_revision_requires(
    url: str, revision: str, passed: int, not_offered: set[str], tmp_path: Path
) -> None:
    outcome = await server_suite(url, revision, tmp_path)
    assert outcome.code == 0, outcome.said
    assert outcome.failed == not_offered, outcome.said
    assert outcome.total("SUCCESS") >= passed, outcome.said
