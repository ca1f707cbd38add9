"""Rules over every declared tool at once."""

import json
import re
from pathlib import Path

import pytest

from xerus.atlassian.credentials import Product
from xerus.errors import NotFound
from xerus.tools.catalogue import ALIASES, ALL, Catalogue
from xerus.tools.declaration import Effect, Tool
from xerus.tools.reference import markdown

_ROOT = Path(__file__).parents[3]
_GOLDEN = _ROOT / "tests" / "golden" / "tools"
_KNOWN_SCOPES = {
    "read:jira-work",
    "write:jira-work",
    "read:jira-user",
    "search:confluence",
    "read:page:confluence",
    "write:page:confluence",
    "read:space:confluence",
}

every_tool = pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)


def definition(tool: Tool) -> dict[str, object]:
    return {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        "annotations": tool.annotations,
        "toolset": tool.toolset,
        "mcp_scope": tool.mcp_scope,
        "scopes": sorted(tool.scopes),
        "optional_scopes": sorted(tool.optional_scopes),
    }


@every_tool
def test_definition_matches_its_golden_file(tool: Tool, request: pytest.FixtureRequest) -> None:
    path = _GOLDEN / f"{tool.name}.json"
    text = json.dumps(definition(tool), indent=2, ensure_ascii=False) + "\n"
    if request.config.getoption("--update-golden"):
        path.write_text(text)
    assert path.read_text() == text


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in _GOLDEN.glob("*.json")} == {tool.name for tool in ALL}


@every_tool
def test_schema_is_one_that_every_client_takes(tool: Tool) -> None:
    text = json.dumps(tool.input_schema)
    assert not re.search(r'"(anyOf|oneOf|allOf|\$ref|\$defs)"', text)
    assert tool.input_schema["type"] == "object"
    assert tool.input_schema["additionalProperties"] is False
    for about in tool.input_schema["properties"].values():
        assert about["description"]
        assert about["type"]


@every_tool
def test_name_title_and_description_say_what_it_is(tool: Tool) -> None:
    assert re.fullmatch(r"[a-z][a-z_]{2,63}", tool.name)
    assert tool.title
    assert tool.description.endswith(".")
    if tool.product is not None:
        assert tool.name.startswith(tool.product)
        assert tool.product.title() in tool.description


@every_tool
def test_scopes_and_endpoints_are_declared(tool: Tool) -> None:
    assert tool.scopes | tool.optional_scopes <= _KNOWN_SCOPES
    if tool.product is None:
        return
    assert tool.scopes
    for endpoint in (*tool.endpoints, *tool.data_center):
        assert re.fullmatch(r"(GET|POST|PUT|DELETE) /\S+", endpoint)
    writes = any(not line.startswith("GET") for line in tool.endpoints)
    assert writes or not tool.writes
    assert any("write" in scope for scope in tool.scopes) is tool.writes


@every_tool
def test_annotations_follow_from_the_effect(tool: Tool) -> None:
    assert tool.annotations["readOnlyHint"] is (tool.effect is Effect.READ)
    if tool.writes:
        assert tool.annotations["destructiveHint"] is (tool.effect is not Effect.CREATE)


def test_the_ten_tools_are_there() -> None:
    assert [tool.name for tool in ALL] == [
        "connection_status",
        "jira_search",
        "jira_get_issue",
        "jira_create_issue",
        "jira_add_comment",
        "jira_get_transitions",
        "jira_transition_issue",
        "confluence_search",
        "confluence_get_page",
        "confluence_create_page",
    ]


def test_definitions_cost_little() -> None:
    # The o200k vocabulary is not on every machine: three bytes a token is a safe stand-in for JSON.
    wire = [
        {"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema}
        for tool in ALL
    ]
    assert len(json.dumps(wire, separators=(",", ":"))) / 3 <= 6000


def test_aliases_lead_to_listed_tools_and_are_not_listed() -> None:
    catalogue = Catalogue()
    names = {tool.name for tool in catalogue.tools}
    for old, new in ALIASES.items():
        assert catalogue.get(old).name == new
        assert old not in names


def test_an_unknown_tool_names_the_nearest() -> None:
    with pytest.raises(NotFound) as caught:
        Catalogue().get("jira_get_isue")
    assert "jira_get_issue" in caught.value.hint


def test_asked_scopes_are_the_union_of_the_declarations() -> None:
    assert Catalogue().atlassian_scopes() == _KNOWN_SCOPES | {"read:me", "offline_access"}
    jira_only = Catalogue(tool for tool in ALL if tool.product is not Product.CONFLUENCE)
    assert not any("confluence" in scope for scope in jira_only.atlassian_scopes())


@every_tool
def test_reference_page_names_every_tool_and_argument(tool: Tool) -> None:
    page = markdown()
    assert f"## {tool.name}\n" in page
    for name in tool.input_schema["properties"]:
        assert f"| `{name}`" in page
