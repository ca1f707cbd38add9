"""mcp-remote in proxy mode: a foreign client with its own registration and token handling."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
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

    async def read(self, key: str) -> str:
        await self.begin()
        found = await self.ask("tools/call", name="jira_get_issue", arguments={"issue_key": key})
        return str(found["content"][0]["text"])


@dataclass(kw_only=True)
class Person:
    """Who sits before mcp-remote; `asked` counts how often they had to authorize it."""

    browser: Browser
    account: str
    port: int = field(default_factory=free_port)
    asked: int = 0

    async def watch(self, log: asyncio.StreamReader) -> None:
        """Read mcp-remote's log, and authorize it whenever it asks for that."""
        while line := (await log.readline()).decode():
            if asks := ASKS.search(line):
                self.asked += 1
                await self._authorize(asks[1])

    async def _authorize(self, address: str) -> None:
        here = (f"http://localhost:{self.port}/", f"http://127.0.0.1:{self.port}/")
        self.browser.stops_at = here
        try:
            await self.browser.open(address)
            await self.browser.click("Allow")
            await self.browser.click(self.account)
        except LeftTheWorld as end:
            await self.browser.http.get(end.url)


@asynccontextmanager
async def remote(url: str, folder: Path, person: Person) -> AsyncIterator[Remote]:
    """Yield mcp-remote, started by a person whose files of it are in `folder`."""
    node = BIN / "node"
    process = await asyncio.create_subprocess_exec(
        *(str(node), str(NODE), f"{url}/mcp", str(person.port), "--allow-http"),
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
    assert process.stderr
    watching = asyncio.create_task(person.watch(process.stderr))
    try:
        yield Remote(process)
    finally:
        assert process.stdin
        process.stdin.close()
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await watching


@pytest.mark.parametrize("account", [ADA, GRACE])
async def test_mcp_remote_reads_and_writes_as_the_person(
    stack: Stack, browser: Browser, tmp_path: Path, account: str
) -> None:
    await sign_in(browser, stack.url, account)
    await connect_atlassian(browser, stack.url, account)
    mark = await stack.sandbox.atlassian.mark()
    async with remote(stack.url, tmp_path, Person(browser=browser, account=account)) as client:
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


async def test_mcp_remote_works_past_a_restart_and_a_day_later_without_asking_again(
    stack: Stack, browser: Browser, tmp_path: Path
) -> None:
    await sign_in(browser, stack.url, ADA)
    await connect_atlassian(browser, stack.url, ADA)
    person = Person(browser=browser, account=ADA)
    async with remote(stack.url, tmp_path, person) as client:
        assert "ENG-1" in await client.read("ENG-1")
    stack.xerus.restart()
    async with remote(stack.url, tmp_path, person) as client:
        assert "ENG-2" in await client.read("ENG-2")
    await stack.a_day_passes()
    async with remote(stack.url, tmp_path, person) as client:
        assert "ENG-3" in await client.read("ENG-3")
    assert person.asked == 1
