"""The operator's switches, at each call and whatever name is used."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.tools.fakes import (
    FakeAudit,
    FakeCredentials,
    FixedClock,
    FixedHistory,
    FixedStatus,
    ScriptedEgress,
    caller,
    reply,
)
from xerus.app.tooling import catalogue_of, scopes_to_ask
from xerus.atlassian.limits import AtlassianLimits
from xerus.settings.loading import load
from xerus.settings.toolsets import NAMES
from xerus.tools import replaced
from xerus.tools.catalogue import ALL, Catalogue, meant
from xerus.tools.declaration import Effect
from xerus.tools.results import ToolResult
from xerus.tools.runner import Runner

_COMMENT = {"id": "7", "author": {"displayName": "Ada"}, "created": "2026-01-01T10:00:00.0"}


class Bench:
    """A runner over what the settings let run."""

    def __init__(self, *script: Any, **env: str) -> None:
        self.catalogue = catalogue_of(load(env))
        self.egress = ScriptedEgress(*script)
        self.audit = FakeAudit()
        clock = FixedClock()
        self.runner = Runner(
            catalogue=self.catalogue,
            credentials_for=lambda _: FakeCredentials(),
            status_for=lambda _: FixedStatus(),
            history_for=lambda _: FixedHistory(),
            egress=self.egress,
            limits=AtlassianLimits(clock=clock),
            audit=self.audit,
            tools_url="http://localhost:8000/tools",
            clock=clock,
        )

    async def run(self, name: str, /, **arguments: Any) -> ToolResult:
        result = await self.runner.run(caller(), name, arguments)
        await self.runner.drain()
        return result

    def listed(self) -> set[str]:
        return {tool.name for tool in self.runner.list_for(caller(), None)}


COMMENT = {"issue_key": "ENG-1", "body": "hi"}


@pytest.mark.parametrize("name", ["jira_transition_issue", "jira_transition"])
async def test_read_only_refuses_every_write_by_name_and_by_alias(name: str) -> None:
    bench = Bench(READ_ONLY_MODE="true")
    result = await bench.run(name, issue_key="ENG-1", transition="Done")
    assert "XERUS_READ_ONLY" in result.text
    assert not bench.egress.sent
    assert bench.audit.refusals == [(name, "tool_off")]
    effects = {tool.effect for tool in bench.runner.list_for(caller(), None)}
    assert effects == {Effect.READ}


async def test_a_toolset_that_is_off_is_neither_listed_nor_run() -> None:
    bench = Bench()
    assert "jira_boards" not in bench.listed()
    assert "XERUS_TOOLSETS" in (await bench.run("jira_boards")).text
    assert "jira_boards" in Bench(XERUS_TOOLSETS="default,agile").listed()
    assert Bench(TOOLSETS="all").listed() == {tool.name for tool in ALL}


async def test_a_toolset_of_mcp_atlassian_switches_on_one_product() -> None:
    bench = Bench(TOOLSETS="jira_issues,jira_agile")
    assert not any(name.startswith("confluence_") for name in bench.listed())
    assert {"jira_search", "jira_boards", "search", "connection_status"} <= bench.listed()
    assert "XERUS_TOOLSETS" in (await bench.run("confluence_search", query="x")).text


async def test_search_leaves_out_a_product_that_is_off() -> None:
    bench = Bench(reply(200, {"issues": [], "nextPageToken": None}), TOOLSETS="jira_issues")
    assert "switched search in Confluence off" in (await bench.run("search", query="x")).text
    assert len(bench.egress.sent) == 1


async def test_enabled_tools_are_the_only_ones() -> None:
    bench = Bench(ENABLED_TOOLS="jira_search_issues, jira_add_comment,no_such")
    assert bench.listed() == {"connection_status", "jira_search", "jira_add_comment"}
    assert "XERUS_ENABLED_TOOLS" in (await bench.run("fetch", id="ENG-1")).text


async def test_all_switches_hold_together() -> None:
    bench = Bench(XERUS_ENABLED_TOOLS="jira_add_comment,jira_search", XERUS_READ_ONLY="1")
    assert bench.listed() == {"connection_status", "jira_search"}
    assert (await bench.run("jira_add_comment", **COMMENT)).is_error


def test_names_of_mcp_atlassian_enable_what_does_the_same_and_no_more() -> None:
    assert meant("jira_get_all_projects") == {"jira_get_projects"}
    assert meant("jira_search_issues") == {"jira_search"}
    assert meant("jira_add_watcher") == set()
    assert meant("no_such_tool") == set()
    assert replaced.TOOLS.keys() >= replaced.WIDER
    effects = {tool.name: tool.effect for tool in ALL}
    readers = [name for name in replaced.TOOLS if name.split("_")[1] in {"get", "search"}]
    for name in readers:
        assert all(effects[ours] is Effect.READ for ours in meant(name))


def test_scopes_asked_for_follow_the_enabled_tools() -> None:
    def asked(**env: str) -> frozenset[str]:
        settings = load(env)
        return scopes_to_ask(settings, catalogue_of(settings))

    assert not any("write" in scope for scope in asked(XERUS_READ_ONLY="true"))
    assert not any("jira-software" in scope for scope in asked())
    assert any("jira-software" in scope for scope in asked(XERUS_TOOLSETS="default,agile"))
    assert not any("confluence" in scope for scope in asked(TOOLSETS="jira_issues"))
    assert asked() == Catalogue().atlassian_scopes()


def test_every_name_of_a_toolset_chooses_something() -> None:
    assert len(NAMES) == 2 + 9 + 24
    assert all(NAMES.values())


LEAN = {"XERUS_TOOL_PROFILE": "lean"}


async def test_lean_lists_a_few_and_reaches_all() -> None:
    bench = Bench(reply(201, _COMMENT), **LEAN)
    assert bench.listed() == {
        *("connection_status", "search", "fetch", "discover"),
        *("execute_read", "execute_write", "execute_destructive"),
    }
    described = (await bench.run("discover", query="jira_add_comment")).text
    assert '"issue_key"' in described
    assert "execute_write" in described
    result = await bench.run("execute_write", tool="jira_add_comment", arguments=COMMENT)
    assert not result.is_error, result.text
    assert bench.audit.finishes[-1] == ("jira_add_comment", "ok", 0)


async def test_lean_names_every_tool_that_is_on() -> None:
    bench = Bench(XERUS_TOOLSETS="all", **LEAN)
    names = (await bench.run("discover")).text
    assert all(f"\n{tool.name} (" in names for tool in bench.catalogue.tools)
    assert "No tool fits" in (await bench.run("discover", query="xyzzy")).text


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("execute_read", "jira_add_comment"),
        ("execute_read", "jira_delete_issue"),
        ("execute_write", "jira_delete_issue"),
        ("execute_destructive", "jira_add_comment"),
        ("execute_read", "execute_write"),
        ("execute_write", "jira_search"),
    ],
)
async def test_lean_runs_a_tool_only_by_the_way_for_its_kind(outer: str, inner: str) -> None:
    bench = Bench(**LEAN)
    result = await bench.run(outer, tool=inner, arguments=COMMENT)
    assert result.is_error
    assert not bench.egress.sent
    assert bench.audit.refusals == [(inner, "invalid_input")]


async def test_lean_holds_to_the_same_policy_scopes_and_checks() -> None:
    off = Bench(**LEAN, XERUS_READ_ONLY="1")
    assert not off.listed() & {"execute_write", "execute_destructive"}
    refused = await off.run("execute_write", tool="jira_add_comment", arguments=COMMENT)
    assert "XERUS_READ_ONLY" in refused.text
    bench = Bench(**LEAN)
    asked = {"tool": "jira_boards", "arguments": {}}
    assert "XERUS_TOOLSETS" in (await bench.run("execute_read", **asked)).text
    wrong = {"tool": "jira_search", "arguments": {"jlq": "x"}}
    assert "did you mean jql" in (await bench.run("execute_read", **wrong)).text
    unknown = await bench.run("execute_read", tool="jira_serch", arguments={})
    assert "jira_search" in unknown.text
    assert not unknown.unknown_tool
    reader = caller(["jira:read", "confluence:read"])
    asked = {"tool": "jira_add_comment", "arguments": COMMENT}
    result = await bench.runner.run(reader, "execute_write", asked)
    assert result.required_scope == "jira:write"
    shown = {tool.name for tool in bench.runner.list_for(reader, None)}
    assert "execute_write" not in shown


async def test_lean_tools_are_not_there_in_the_default_profile() -> None:
    assert (await Bench().run("discover")).unknown_tool


def test_the_page_about_migrating_has_every_tool_as_the_code_knows_it() -> None:
    page = (Path(__file__).parents[3] / "docs" / "migrating-from-mcp-atlassian.md").read_text()
    rows = dict(re.findall(r"^\| `((?:jira|confluence)_\w+)` \| ([^|]+) \|", page, re.MULTILINE))
    assert {name: tuple(re.findall(r"`(\w+)`", ours)) for name, ours in rows.items()} == (
        replaced.TOOLS
    )


async def test_a_batch_names_every_scope_its_steps_lack_before_any_of_them_runs() -> None:
    bench = Bench(XERUS_TOOLSETS="all")
    page = {"space_key": "DOCS", "title": "New", "content": "x"}
    steps = [
        {"tool": "jira_add_comment", "arguments": COMMENT},
        {"tool": "confluence_create_page", "arguments": page},
    ]
    reader = caller(("jira:read", "confluence:read"))
    result = await bench.runner.run(reader, "batch", {"steps": steps})
    assert result.required_scope == "confluence:write jira:write"
    assert bench.audit.refusals == [("batch", "insufficient_scope")]
    half = caller(("jira:read", "jira:write"))
    assert (await bench.runner.run(half, "batch", {"steps": steps})).required_scope == (
        "confluence:write"
    )
    assert not bench.egress.sent
