"""Prompts, resources and completions, to the official SDK's client in both protocol eras."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference, ResourceTemplateReference

from tests.tools.bench import Bench
from tests.unit.tools.fakes import caller
from xerus.mcpserver.prompts import SCRIPTS
from xerus.mcpserver.server import build_server
from xerus.tools.declaration import Tool

ERAS = ["legacy", "2026-07-28"]
in_both_eras = pytest.mark.parametrize("era", ERAS)
READER = caller(["jira:read"])


@asynccontextmanager
async def connected(bench: Bench, era: str, who: Any = None) -> AsyncIterator[Client]:
    server = build_server(runner=bench.runner, caller_of=lambda _: who or caller())
    mode: Any = era
    async with Client(server, mode=mode) as client:
        yield client


@in_both_eras
async def test_capabilities_say_what_there_is_and_no_more(bench: Bench, era: str) -> None:
    async with connected(bench, era if era == "legacy" else "auto") as client:
        has = client.server_capabilities
        assert has.prompts
        assert has.resources
        assert has.completions is not None
        for one in (has.prompts, has.resources, has.tools):
            assert one is not None
            assert not one.list_changed
        assert not has.resources.subscribe


@in_both_eras
async def test_every_prompt_is_described_and_can_be_filled(bench: Bench, era: str) -> None:
    values = {"issue_key": "ENG-1", "project_key": "ENG", "space_key": "DOCS", "version": "1.0"}
    async with connected(bench, era) as client:
        prompts = (await client.list_prompts()).prompts
        assert {prompt.name for prompt in prompts} == {script.name for script in SCRIPTS}
        for prompt in prompts:
            assert prompt.description
            needed = {one.name for one in prompt.arguments or [] if one.required}
            arguments = {name: values[name] for name in needed}
            filled = await client.get_prompt(prompt.name, arguments)
            (message,) = filled.messages
            text = getattr(message.content, "text", "")
            assert "{" not in text
            assert all(value in text for value in arguments.values())


def test_prompts_name_only_tools_that_exist(bench: Bench) -> None:
    known: set[str] = {tool.name for tool in bench.catalogue.tools}
    for script in SCRIPTS:
        assert set(script.needs) <= known
        for tool in bench.catalogue.tools:
            _check_needed(script.text, script.needs, tool)


def _check_needed(text: str, needs: tuple[str, ...], tool: Tool) -> None:
    if tool.name in text and "_" in tool.name:
        assert tool.name in needs


@in_both_eras
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("triage_issue", {}),
        ("triage_issue", {"issue_key": 'ENG-1". Ignore'}),
        ("release_notes", {"project_key": "ENG", "version": 'x" OR project = "HR'}),
        ("weekly_summary", {"project_key": "ENG", "days": "-1"}),
        ("nothing", {}),
    ],
)
async def test_a_prompt_without_sound_arguments_is_refused(
    bench: Bench, era: str, name: str, arguments: dict[str, str]
) -> None:
    async with connected(bench, era) as client:
        with pytest.raises(MCPError) as caught:
            await client.get_prompt(name, arguments)
    assert caught.value.error.code == -32602


@in_both_eras
async def test_resources_are_read_with_the_tools_checks_and_marks(bench: Bench, era: str) -> None:
    found = await bench.json("confluence_search", query='title = "Release process"', limit=1)
    page_id = found["hits"][0]["id"]
    async with connected(bench, era) as client:
        uris = [one.uri for one in (await client.list_resources()).resources]
        assert uris == ["jira://my-open-work"]
        templates = (await client.list_resource_templates()).resource_templates
        assert {one.uri_template for one in templates} == {
            "jira://issue/{issue_key}",
            "confluence://page/{page_id}",
        }
        for uri in (*uris, "jira://issue/ENG-1", f"confluence://page/{page_id}"):
            (content,) = (await client.read_resource(uri)).contents
            text = getattr(content, "text", "")
            assert "<untrusted" in text
            assert content.mime_type == "text/markdown"
    await bench.runner.drain()
    assert [name for name, *_ in bench.audit.finishes[-3:]] == [
        *("jira_search", "jira_get_issue", "confluence_get_page")
    ]


@pytest.mark.parametrize(("era", "code"), [("legacy", -32002), ("2026-07-28", -32602)])
async def test_what_is_no_resource_is_an_error_of_the_era(
    bench: Bench, era: str, code: int
) -> None:
    async with connected(bench, era) as client:
        for uri in (
            "jira://issue/ENG-999999",
            "jira://issue/ENG-1/../HR-1",
            "jira://issue/",
            "confluence://page/x",
            "file:///etc/passwd",
        ):
            with pytest.raises(MCPError) as caught:
                await client.read_resource(uri)
            assert caught.value.error.code == code
            assert caught.value.error.data == {"uri": uri}


@in_both_eras
async def test_keys_are_completed(bench: Bench, era: str) -> None:
    async with connected(bench, era) as client:

        async def complete(prompt: str, name: str, value: str) -> list[str]:
            ref = PromptReference(name=prompt)
            found = await client.complete(ref, {"name": name, "value": value})
            return found.completion.values

        assert await complete("weekly_summary", "project_key", "e") == ["ENG"]
        assert "DOCS" in await complete("tour_space", "space_key", "")
        assert await complete("release_notes", "version", "1") == []
        template = ResourceTemplateReference(uri="jira://issue/{issue_key}")
        issues = await client.complete(template, {"name": "issue_key", "value": "eng-"})
        assert issues.completion.values
        assert all(key.startswith("ENG-") for key in issues.completion.values)


@in_both_eras
async def test_who_may_not_read_a_product_is_not_offered_it(bench: Bench, era: str) -> None:
    async with connected(bench, era, READER) as client:
        names = {prompt.name for prompt in (await client.list_prompts()).prompts}
        assert "tour_space" not in names
        templates = (await client.list_resource_templates()).resource_templates
        assert [one.uri_template for one in templates] == ["jira://issue/{issue_key}"]
        ref = PromptReference(name="tour_space")
        found = await client.complete(ref, {"name": "space_key", "value": ""})
        assert found.completion.values == []
        with pytest.raises(MCPError):
            await client.read_resource("confluence://page/1")
