from typing import Any

import pytest
from pydantic_ai import ToolDefinition

from xerus.assistant.any_tool import any_call, known
from xerus.assistant.grammar import Request, understand

SCHEMA = {"type": "object", "properties": {"message": {"type": "string"}, "a": {"type": "number"}}}
ECHO = ToolDefinition(
    name="other_echo", parameters_json_schema=SCHEMA, metadata={"remote": "a tool"}
)
OURS = ToolDefinition(name="jira_search", parameters_json_schema=SCHEMA, metadata={})


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("use other_echo", {}),
        ('use other_echo with message "hello"', {"message": "hello"}),
        (
            "Please call the tool `other_echo` with message 'hello there'",
            {"message": "hello there"},
        ),
        (
            'run Other_Echo with a 2, message "x, y" and b true',
            {"a": 2, "message": "x, y", "b": True},
        ),
        ("use other_echo with message=12, a: -3.5", {"message": "12", "a": -3.5}),
        ('use other_echo with {"message": "hi", "a": [1]}', {"message": "hi", "a": [1]}),
        ("use other_echo with message “grüße”", {"message": "grüße"}),
    ],
)
def test_any_tool_is_called_by_its_name(text: str, arguments: dict[str, Any]) -> None:
    assert any_call(text, [OURS, ECHO]) == Request(tool="other_echo", arguments=arguments)


def test_a_tool_that_is_not_there_is_not_guessed_at() -> None:
    assert any_call('use gone_echo with message "x"', [ECHO]) == (
        "There is no tool `gone_echo` in this conversation."
    )


@pytest.mark.parametrize("rest", ["{", "[1]", "!", '{"a": 1'])
def test_arguments_that_cannot_be_read_are_said_to_be_so(rest: str) -> None:
    assert "could not read the arguments" in str(any_call(f"use other_echo with {rest}", [ECHO]))


@pytest.mark.parametrize("text", ["show ENG-12", "make use of it", "", "use " + "x" * 5_000])
def test_other_requests_are_left_alone(text: str) -> None:
    assert any_call(text, [ECHO]) is None


def test_a_request_for_a_tool_is_none_of_the_others() -> None:
    assert understand('use other_echo with message "hello"') is None


def test_only_tools_of_other_servers_are_listed_by_name() -> None:
    assert known([OURS]) == ""
    assert "`other_echo`" in known([OURS, ECHO])
    assert "jira_search" not in known([OURS, ECHO])
    many = [ToolDefinition(name=f"t{n}", metadata={"remote": "a tool"}) for n in range(20)]
    assert "and 8 more" in known(many)
