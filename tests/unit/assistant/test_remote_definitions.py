"""What a model is told of another server's tools, however the server describes them."""

import json
import re
from typing import Any

import mcp_types as types
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_ai.profiles.openai import OpenAIJsonSchemaTransformer

from tests.support.other_servers import added, tool
from xerus.assistant.remote.definitions import (
    MOST_TOOLS,
    RemoteTool,
    offer_of,
    without_collisions,
)
from xerus.assistant.remote.schemas import Unfit, fit
from xerus.remotes.servers import RemoteServer

SERVER = added("https://mcp.example/mcp")
TRUSTED = added("https://mcp.example/mcp", trusts_annotations=True)
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def only(one: types.Tool, server: RemoteServer = SERVER) -> RemoteTool:
    [made] = offer_of(server, [one]).tools
    return made


def hints(**more: Any) -> types.ToolAnnotations:
    return types.ToolAnnotations(**more)


def test_a_tool_keeps_its_name_behind_that_of_its_server() -> None:
    made = only(tool("get-tiny_image"))
    assert (made.name, made.own_name) == ("other_get-tiny_image", "get-tiny_image")


@given(st.lists(st.text(max_size=90), min_size=1, max_size=12))
def test_every_name_is_one_that_providers_take_and_no_two_are_the_same(names: list[str]) -> None:
    made = offer_of(SERVER, [tool(name) for name in dict.fromkeys(names)]).tools
    assert all(NAME.fullmatch(one.name) for one in made)
    assert len({one.name for one in made}) == len(made) == len(set(names))


def test_names_that_differ_in_what_providers_refuse_stay_apart() -> None:
    made = offer_of(SERVER, [tool("a.b"), tool("a b"), tool("a_b"), tool("a" * 90 + "b")]).tools
    assert len({one.name for one in made}) == 4
    assert made[2].name == "other_a_b"


def test_no_tool_takes_the_name_of_ours_or_of_another_server() -> None:
    first = added("https://a.example/mcp", slug="jira")
    second = added("https://b.example/mcp", slug="jira")
    tools = [only(tool("search"), first), only(tool("look"), first), only(tool("look"), second)]
    kept = without_collisions(tools, {"jira_search"})
    assert {name: one.server for name, one in kept.items()} == {"jira_look": first}


def test_a_description_is_marked_as_the_servers_and_cleaned_and_bounded() -> None:
    hidden = "Adds.\U000e0049\U000e0067\u200b" + " word" * 900
    made = only(tool("add", title="Add\u202e it", description=hidden))
    assert made.description.startswith("Tool of the MCP server “Other”, which says of it: Add it.")
    assert len(made.description) < 1024
    assert not re.search("[\U000e0000-\U000e007f\u200b\u202e]", made.description)
    assert made.title == "Add it"


@pytest.mark.parametrize(
    ("annotations", "reads", "destroys"),
    [
        (None, False, False),
        (hints(read_only_hint=True), False, False),
        (hints(read_only_hint=False), False, False),
        (hints(destructive_hint=True), False, True),
        (hints(read_only_hint=True, destructive_hint=True), False, False),
    ],
)
def test_what_a_server_says_of_itself_excuses_no_tool_from_being_asked_about(
    annotations: types.ToolAnnotations | None, *, reads: bool, destroys: bool
) -> None:
    made = only(tool("x", annotations=annotations))
    assert (made.reads, made.destroys) == (reads, destroys)


def test_a_trusted_server_says_which_of_its_tools_only_read() -> None:
    assert only(tool("x", annotations=hints(read_only_hint=True)), TRUSTED).reads
    assert not only(tool("x"), TRUSTED).reads
    assert not only(tool("x", annotations=hints(destructive_hint=True)), TRUSTED).reads


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Does it, and more."},
        {"title": "Other"},
        {"input_schema": {"type": "object", "properties": {"text": {"type": "number"}}}},
        {"annotations": hints(read_only_hint=True)},
    ],
)
def test_a_definition_that_changes_has_another_digest(change: dict[str, Any]) -> None:
    assert only(tool("x")).digest != only(tool("x", **change)).digest
    assert only(tool("x")).digest == only(tool("x")).digest


def test_more_tools_than_a_model_can_choose_from_are_cut_and_it_is_said() -> None:
    offer = offer_of(SERVER, [tool(f"t{n}") for n in range(MOST_TOOLS + 1)])
    assert len(offer.tools) == MOST_TOOLS
    assert f"the first {MOST_TOOLS} tools" in offer.left_out


def test_descriptions_that_are_too_long_together_are_cut_and_it_is_said() -> None:
    wide = {f"p{n}": {"type": "string", "description": "d" * 500} for n in range(15)}
    many = [tool(f"t{n}", input_schema={"type": "object", "properties": wide}) for n in range(20)]
    offer = offer_of(SERVER, many)
    assert 0 < len(offer.tools) < 20
    assert f"the first {len(offer.tools)} tools" in offer.left_out


def test_a_tool_that_cannot_be_offered_is_left_out_by_name_and_the_others_stay() -> None:
    odd = {"type": "object", "properties": {"a b": {"type": "string"}}}
    offer = offer_of(SERVER, [tool("odd", input_schema=odd), tool("good")])
    assert [one.own_name for one in offer.tools] == ["good"]
    assert "Not used of Other: odd: an argument's name" in offer.left_out


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        nested(40),
        {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(3000)}},
        {"type": "object", "properties": {"a": {"enum": ["x\u200b"]}}},
        {"type": "object", "properties": {"a\u200b": {}}},
        {"type": "object", "properties": {"": {}}},
        {"type": "object", "properties": {"x" * 65: {}}},
    ],
)
def test_a_schema_that_cannot_be_made_fit_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(Unfit):
        fit(schema)


def test_alternatives_at_the_top_become_one_object() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "oneOf": [
            {"properties": {"a": {"type": "string"}}, "required": ["a"]},
            {"properties": {"b": {"type": "number"}}},
        ],
        "required": ["a", "missing"],
    }
    assert fit(schema) == {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "number"}},
        "required": ["a"],
    }


def test_references_that_lead_nowhere_and_unknown_keywords_are_taken_out() -> None:
    schema = {
        "type": "object",
        "$defs": {"one": {"type": "string"}},
        "properties": {
            "good": {"$ref": "#/$defs/one"},
            "far": {"$ref": "https://evil.example/schema"},
            "gone": {"$ref": "#/$defs/two"},
            "self": {"$ref": "#/properties/self"},
            "words": {"type": "string", "x-note": "Obey", "$comment": "Obey", "examples": ["Obey"]},
            "odd": {"$ref": 7},
        },
    }
    kept = fit(schema)["properties"]
    assert kept["good"] == {"$ref": "#/$defs/one"}
    assert [kept[name] for name in ("far", "gone", "self", "odd")] == [{}, {}, {}, {}]
    assert kept["words"] == {"type": "string"}


def test_a_schema_that_is_a_reference_is_what_it_refers_to() -> None:
    named = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    kept = fit({"$ref": "#/definitions/Named", "definitions": {"Named": named}})
    assert kept == {**named, "definitions": {"Named": named}}


def test_an_argument_may_have_the_name_of_a_keyword() -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}, "example": {}}}
    assert fit(schema) == {**schema, "properties": {"title": {"type": "string"}, "example": {}}}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "properties",
                    "$ref",
                    "$defs",
                    "anyOf",
                    "allOf",
                    "required",
                    "items",
                    "title",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@given(st.dictionaries(st.sampled_from(["properties", "oneOf", "required", "$ref"]), _JSON))
def test_whatever_a_schema_is_it_becomes_an_object_or_is_refused(schema: dict[str, Any]) -> None:
    try:
        kept = fit(schema)
    except Unfit:
        return
    assert kept["type"] == "object"
    assert isinstance(kept["properties"], dict)
    assert not {"oneOf", "anyOf", "allOf", "$ref"} & kept.keys()
    json.dumps(kept)
    # Two seconds of imports, which only the worker that runs this shall pay.
    from pydantic_ai.providers.anthropic import AnthropicJsonSchemaTransformer  # noqa: PLC0415 - the worker that needs it alone loads it

    for transformer in (OpenAIJsonSchemaTransformer, AnthropicJsonSchemaTransformer):
        transformer(kept, strict=None).walk()
