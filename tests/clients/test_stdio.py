"""`xerus mcp`: the official SDK starts it as a local server with the operator's credential."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.support.mcp_client import text_of
from tests.support.stack import Sandbox

ADA = "ada@example.com"
_ROOT = Path(__file__).parents[2]


async def environment(sandbox: Sandbox, deployment: str) -> dict[str, str]:
    known = await sandbox.credentials()
    if deployment == "data_center":
        bases, token = known["data_center"], known["pats"][ADA]
        return {
            "JIRA_URL": bases["jira"],
            "JIRA_PERSONAL_TOKEN": token,
            "CONFLUENCE_URL": bases["confluence"],
            "CONFLUENCE_PERSONAL_TOKEN": token,
        }
    kind = "scoped_api_tokens" if deployment == "cloud, scoped token" else "api_tokens"
    site, token = known["sites"]["acme"]["url"], known[kind][ADA]
    return {
        "ATLASSIAN_API_URL": known["atlassian"]["api_url"],
        "JIRA_URL": site,
        "JIRA_USERNAME": ADA,
        "JIRA_API_TOKEN": token,
        "CONFLUENCE_URL": f"{site}/wiki",
        "CONFLUENCE_USERNAME": ADA,
        "CONFLUENCE_API_TOKEN": token,
    }


@asynccontextmanager
async def started(env: dict[str, str], folder: Path) -> AsyncIterator[Client]:
    """Yield a client of a `xerus mcp` that runs in `folder`; its log goes to `folder`/log."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "xerus", "mcp"],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(_ROOT), **env},
        cwd=folder,
    )
    with (folder / "log").open("a") as log:
        async with Client(stdio_client(server, errlog=log)) as client:
            yield client


@pytest.mark.parametrize(("deployment", "credential"), [("cloud", "basic"), ("data_center", "pat")])
async def test_a_local_client_reads_and_writes_with_the_operators_credential(
    sandbox: Sandbox, tmp_path: Path, deployment: str, credential: str
) -> None:
    env = await environment(sandbox, deployment)
    mark = await sandbox.atlassian.mark()
    async with started(env, tmp_path) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"jira_search", "jira_transition_issue", "confluence_create_page"} <= names
        found = await client.call_tool("jira_search", {"jql": "project = ENG", "limit": 3})
        assert "ENG-" in text_of(found)
        written = await client.call_tool(
            "jira_add_comment", {"issue_key": "ENG-4", "comment": "Over **stdio**"}
        )
        assert not written.is_error, text_of(written)
        page = await client.call_tool(
            "confluence_create_page",
            {"space_key": "DOCS", "title": f"From {deployment}", "content": "Over *stdio*."},
        )
        assert not page.is_error, text_of(page)
        status = await client.call_tool("connection_status", {})
        assert "shared" in text_of(status).lower()
    calls = await sandbox.atlassian.log(mark)
    assert {(c["account"], c["credential"]) for c in calls if c["method"] == "POST"} == {
        (ADA, credential)
    }


async def test_a_token_with_scopes_serves_a_local_client_by_the_gateway(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    mark = await sandbox.atlassian.mark()
    async with started(await environment(sandbox, "cloud, scoped token"), tmp_path) as client:
        found = await client.call_tool("jira_search", {"jql": "project = ENG", "limit": 3})
        assert "ENG-" in text_of(found)
    searches = [c for c in await sandbox.atlassian.log(mark) if "/search" in c["path"]]
    assert {(c["path"].split("/")[1], c["credential"]) for c in searches} == {("ex", "basic")}


async def test_a_refused_credential_is_a_tool_result_that_shows_no_secret(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    env = {**await environment(sandbox, "cloud"), "JIRA_API_TOKEN": "canary-of-a-token"}
    async with started(env, tmp_path) as client:
        refused = await client.call_tool("jira_get_issue", {"issue_key": "ENG-1"})
        assert refused.is_error
        assert "canary-of-a-token" not in text_of(refused)
        page = await client.call_tool("confluence_search", {"query": "release", "limit": 1})
        assert not page.is_error, text_of(page)
    assert "canary-of-a-token" not in (tmp_path / "log").read_text()


async def test_one_product_alone_serves_and_the_other_says_what_is_missing(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    env = await environment(sandbox, "data_center")
    jira = {name: value for name, value in env.items() if name.startswith("JIRA")}
    async with started(jira, tmp_path) as client:
        found = await client.call_tool("jira_get_issue", {"issue_key": "ENG-1"})
        assert not found.is_error, text_of(found)
        missing = await client.call_tool("confluence_search", {"query": "release"})
        assert missing.is_error
        assert "CONFLUENCE_URL" in text_of(missing)
    assert not (tmp_path / ".local").exists()


async def test_a_configuration_of_mcp_atlassian_starts_as_it_is(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    env = await environment(sandbox, "cloud")
    env |= {
        "TOOLSETS": "default,jira_agile",
        "READ_ONLY_MODE": "true",
        "JIRA_PROJECTS_FILTER": "ENG",
        "CONFLUENCE_SPACES_FILTER": "DOCS",
        "JIRA_SSL_VERIFY": "false",
        "ATLASSIAN_OAUTH_CLIENT_ID": "left-over",
        "ATLASSIAN_OAUTH_REDIRECT_URI": "http://localhost:8080/callback",
        "MCP_VERBOSE": "true",
        "MCP_LOGGING_STDOUT": "true",
        "SOMETHING_ELSE": "x",
    }
    async with started(env, tmp_path) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"jira_search", "jira_boards", "confluence_get_page"} <= names
        assert "jira_add_comment" not in names
        found = await client.call_tool("jira_search", {"jql": "project in (ENG, HR)", "limit": 50})
        assert "ENG-" in text_of(found)
        assert "HR-" not in text_of(found)
        refused = await client.call_tool("jira_add_comment", {"issue_key": "ENG-1", "comment": "x"})
        assert refused.is_error
    log = (tmp_path / "log").read_text()
    assert "JIRA_SSL_VERIFY has no effect" in log
    assert "left-over" not in log


async def test_the_lean_profile_reaches_tools_over_stdio(sandbox: Sandbox, tmp_path: Path) -> None:
    env = {**await environment(sandbox, "cloud"), "XERUS_TOOL_PROFILE": "lean"}
    async with started(env, tmp_path) as client:
        assert len((await client.list_tools()).tools) == 7
        asked = {"tool": "jira_search", "arguments": {"jql": "key = ENG-1"}}
        assert "ENG-1" in text_of(await client.call_tool("execute_read", asked))
