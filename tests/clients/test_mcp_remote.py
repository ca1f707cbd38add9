"""mcp-remote in proxy mode: a foreign client with its own registration and token handling."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import Browser, LeftTheWorld
from tests.support.journeys import ADA, GRACE, connect_atlassian, sign_in
from tests.support.processes import free_port
from tests.support.stack import Stack

NODE = Path(__file__).parent / "node" / "node_modules" / "mcp-remote" / "dist" / "proxy.js"
BIN = Path(__file__).parents[2] / ".venv" / "bin"
ASKS = re.compile(r"(http://\S+/oauth/authorize\S+)")
HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "journey", "version": "1"},
}


class Remote:
    """JSON-RPC lines through mcp-remote."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._id = 0

    def _write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._id += 1
        self._write({"id": self._id, "method": method, "params": params})
        assert self._process.stdout
        async with asyncio.timeout(60):
            while line := await self._process.stdout.readline():
                answer: dict[str, Any] = json.loads(line)
                if answer.get("id") == self._id:
                    return dict(answer["result"])
        raise AssertionError("mcp-remote ended")

    async def begin(self) -> None:
        await self.ask("initialize", **HELLO)
        self._write({"method": "notifications/initialized"})


async def _consent(process: asyncio.subprocess.Process, browser: Browser, account: str) -> None:
    """Read mcp-remote's log until it asks for authorization, and give it."""
    assert process.stderr
    while line := (await process.stderr.readline()).decode():
        if asks := ASKS.search(line):
            await browser.open(asks[1])
            await browser.click("Allow")
            try:
                await browser.click(account)
            except LeftTheWorld as end:
                await browser.http.get(end.url)
            break
    while await process.stderr.readline():
        pass


@asynccontextmanager
async def remote(url: str, folder: Path, browser: Browser, account: str) -> AsyncIterator[Remote]:
    port = free_port()
    browser.stops_at = (f"http://localhost:{port}/", f"http://127.0.0.1:{port}/")
    node = BIN / "node"
    process = await asyncio.create_subprocess_exec(
        *(str(node), str(NODE), f"{url}/mcp", str(port), "--allow-http"),
        *("--transport", "http-only"),
        env={
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(folder),
            "MCP_REMOTE_CONFIG_DIR": str(folder),
            "BROWSER": "/bin/true",
        },
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**22,
    )
    person = asyncio.create_task(_consent(process, browser, account))
    try:
        yield Remote(process)
    finally:
        assert process.stdin
        process.stdin.close()
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await person


@pytest.mark.parametrize("account", [ADA, GRACE])
async def test_mcp_remote_reads_and_writes_as_the_person(
    stack: Stack, browser: Browser, tmp_path: Path, account: str
) -> None:
    await sign_in(browser, stack.url, account)
    await connect_atlassian(browser, stack.url, account)
    mark = await stack.sandbox.atlassian.mark()
    async with remote(stack.url, tmp_path, browser, account) as client:
        await client.begin()
        tools = await client.ask("tools/list")
        assert "jira_search" in {tool["name"] for tool in tools["tools"]}
        found = await client.ask(
            "tools/call", name="jira_search", arguments={"jql": "project = ENG", "limit": 3}
        )
        assert "ENG-" in found["content"][0]["text"]
        written = await client.ask(
            "tools/call",
            name="jira_add_comment",
            arguments={"issue_key": "ENG-2", "body": f"Through mcp-remote by {account}"},
        )
        assert not written.get("isError"), written
    calls = [c for c in await stack.sandbox.atlassian.log(mark) if "/rest/" in c["path"]]
    assert {c["method"] for c in calls} >= {"POST"}
    assert {(c["account"], c["credential"]) for c in calls} == {(account, "oauth")}
