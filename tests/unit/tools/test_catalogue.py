"""Rules over every declared tool at once."""

import json
import re
from pathlib import Path

import pytest

from xerus.errors import NotFound
from xerus.settings import toolsets
from xerus.settings.toolsets import Toolset
from xerus.tools.catalogue import ALIASES, ALL, Catalogue
from xerus.tools.declaration import Effect, Tool
from xerus.tools.lean import LEAN
from xerus.tools.policy import Policy
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
    "delete:page:confluence",
    "read:hierarchical-content:confluence",
    "read:content.metadata:confluence",
    "write:confluence-content",
    "read:comment:confluence",
    "write:comment:confluence",
    "delete:comment:confluence",
}

_FURTHER_SCOPES = {
    "read:attachment:confluence",
    "read:folder:confluence",
    "write:folder:confluence",
    "read:task:confluence",
    "write:task:confluence",
    "read:confluence-user",
    "read:content-details:confluence",
    "delete:attachment:confluence",
    "write:confluence-file",
    "readonly:content.attachment:confluence",
    "read:board-scope:jira-software",
    "write:board-scope:jira-software",
    "read:sprint:jira-software",
    "write:sprint:jira-software",
    "write:issue:jira-software",
    "read:issue-details:jira",
    "read:project:jira",
    "manage:jira-project",
    "read:servicedesk-request",
    "write:servicedesk-request",
    "read:confluence-content.all",
    "read:confluence-content.summary",
}
"""Asked for only when the sets that need them are on."""

EVERY = (*ALL, *LEAN)
every_tool = pytest.mark.parametrize("tool", EVERY, ids=lambda tool: tool.name)


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
    assert {path.stem for path in _GOLDEN.glob("*.json")} == {tool.name for tool in EVERY}


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
        assert tool.name.startswith("jsm" if tool.toolset is Toolset.JSM else tool.product)
        assert tool.product.title() in tool.description


@every_tool
def test_scopes_and_endpoints_are_declared(tool: Tool) -> None:
    assert tool.scopes | tool.optional_scopes <= _KNOWN_SCOPES | _FURTHER_SCOPES
    if tool.product is None:
        return
    assert tool.scopes
    for endpoint in (*tool.endpoints, *tool.data_center):
        assert re.fullmatch(r"(GET|POST|PUT|DELETE) /\S+", endpoint)
    writes = any(not line.startswith("GET") for line in tool.endpoints)
    assert writes or not tool.writes
    changing = ("write:", "manage:", "delete:")
    assert any(scope.startswith(changing) for scope in tool.scopes) is tool.writes


@every_tool
def test_annotations_follow_from_the_effect(tool: Tool) -> None:
    assert tool.annotations["readOnlyHint"] is (tool.effect is Effect.READ)
    if tool.writes:
        assert tool.annotations["destructiveHint"] is (tool.effect is not Effect.CREATE)


def test_no_name_is_given_twice() -> None:
    names = [tool.name for tool in EVERY]
    assert len(names) == len(set(names))
    assert not ALIASES.keys() & set(names)


def test_aliases_lead_to_listed_tools_and_are_not_listed() -> None:
    catalogue = Catalogue(policy=Policy(choices=toolsets.ALL))
    names = {tool.name for tool in catalogue.tools}
    for old, new in ALIASES.items():
        assert catalogue.get(old).name == new
        assert old not in names


def test_an_unknown_tool_names_the_nearest() -> None:
    with pytest.raises(NotFound) as caught:
        Catalogue().get("jira_get_isue")
    assert "jira_get_issue" in caught.value.hint


def test_asked_scopes_are_the_union_of_the_declarations() -> None:
    everything = Catalogue(policy=Policy(choices=toolsets.ALL))
    declared = [tool.scopes | tool.optional_scopes for tool in ALL]
    assert everything.atlassian_scopes() == frozenset().union(
        {"read:me", "offline_access"}, *declared
    )
    assert Catalogue().atlassian_scopes() < everything.atlassian_scopes()


@every_tool
def test_reference_page_names_every_tool_and_argument(tool: Tool) -> None:
    page = markdown()
    assert f"## {tool.name}\n" in page
    for name in tool.input_schema["properties"]:
        assert f"| `{name}`" in page
