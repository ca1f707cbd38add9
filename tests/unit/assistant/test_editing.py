"""The form of a call: what is left as it is stays so, what is entered is read and checked."""

from typing import Any

import pytest

from xerus.assistant.editing.checks import problems_of
from xerus.assistant.editing.fields import entered, fields_of, with_answers

SCHEMA: dict[str, Any] = {
    "properties": {
        "key": {"type": "string", "description": "Issue key\u200b"},
        "kind": {"enum": ["Bug", "Task", 3]},
        "body": {"type": "string"},
        "count": {"type": "integer", "minimum": 1, "maximum": 50},
        "ratio": {"type": "number"},
        "loud": {"type": "boolean"},
        "labels": {"type": "array", "items": {"$ref": "#/$defs/label"}, "maxItems": 2},
        "fields": {"anyOf": [{"type": "object", "properties": {"a": {"type": "integer"}},
                              "required": ["a"], "additionalProperties": False},
                             {"type": "null"}]},
        "any": {},
    },
    "required": ["key"],
    "$defs": {"label": {"type": "string", "maxLength": 5}},
    "additionalProperties": False,
}  # fmt: skip


def form(arguments: dict[str, Any], **answers: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What a form of these arguments comes to, with some of its fields filled in anew."""
    fields = fields_of(SCHEMA, arguments)
    sent = {one.name: one.shown.replace("\n", "\r\n") for one in fields}
    found = entered(fields, sent | {f"arg.{name}": value for name, value in answers.items()})
    return found.arguments, {**problems_of(SCHEMA, found.arguments), **found.problems}


@pytest.mark.parametrize(
    "arguments",
    [
        {"key": "ENG-1", "kind": 3, "count": 2, "ratio": 0.5, "loud": False, "labels": ["a"]},
        {"key": "ENG-1", "body": "one\r\ntwo\n\n", "fields": {"a": 1}, "any": [1, {"b": None}]},
        {"key": "ENG-1", "body": "", "fields": None, "any": "text"},
        {"key": "\nfirst line is empty", "any": None, "kind": None},
    ],
)
def test_what_nobody_changes_goes_out_as_the_model_gave_it(arguments: dict[str, Any]) -> None:
    found, _ = form(arguments)
    assert found == arguments
    assert list(map(type, found.values())) == [type(arguments[name]) for name in found]


def test_each_argument_gets_the_field_that_fits_it() -> None:
    given = {"key": "ENG-1", "labels": ["a"], "odd name!": 7}
    fields = {one.argument: one for one in fields_of(SCHEMA, given)}
    assert [(one.argument, one.kind) for one in fields.values()] == [
        ("key", "text"),
        ("kind", "choice"),
        ("body", "long"),
        ("count", "number"),
        ("ratio", "number"),
        ("loud", "choice"),
        ("labels", "json"),
        ("fields", "json"),
        ("any", "json"),
        ("odd name!", "json"),
    ]
    assert fields["key"].says == "Issue key"
    assert (fields["key"].required, fields["key"].given, fields["body"].given) == (
        True,
        True,
        False,
    )
    assert fields["kind"].choices == (
        ("", "Not given"),
        ("Bug", "Bug"),
        ("Task", "Task"),
        ("3", "3"),
    )
    assert fields["loud"].choices == (("", "Not given"), ("true", "yes"), ("false", "no"))


def test_a_value_that_its_schema_does_not_know_is_shown_and_can_be_put_right() -> None:
    [kind] = [one for one in fields_of(SCHEMA, {"kind": "Epic"}) if one.argument == "kind"]
    assert kind.choices[-1] == ("Epic", "Epic (not one of the choices)")
    assert form({"key": "K", "kind": "Epic"})[1] == {"kind": "Choose one of: Bug, Task, 3."}
    assert form({"key": "K", "kind": "Epic"}, kind="3") == ({"key": "K", "kind": 3}, {})
    [fields] = [one for one in fields_of(SCHEMA, {"fields": '{"a":1}'}) if one.given]
    assert fields.shown == '{\n  "a": 1\n}'


def test_answers_become_values_and_empty_ones_leave_the_argument_out() -> None:
    before = {"key": "ENG-1", "body": "text", "count": 2, "fields": {"a": 1}}
    found, problems = form(
        before, key=" ENG-2 ", body="", count="", ratio="2.50", loud="true", labels='["b"]'
    )
    assert found == {
        "key": " ENG-2 ",
        "ratio": 2.5,
        "loud": True,
        "labels": ["b"],
        "fields": {"a": 1},
    }
    assert problems == {}


@pytest.mark.parametrize(
    ("field", "answer", "problem"),
    [
        ("key", "", "This is needed."),
        ("count", "three", "Enter a whole number, such as 3."),
        ("count", "2.5", "Enter a whole number, such as 3."),
        ("count", "51", "At most 50, please."),
        ("count", "0", "At least 1, please."),
        ("count", "9" * 30, "Enter a whole number, such as 3."),
        ("ratio", "nan", "Enter a number, such as 3 or 2.5."),
        ("loud", "maybe", "Choose one of those in the list."),
        ("labels", '["a", ', "This is not JSON yet: line 1, character 7: expecting value. "),
        ("labels", '"a"', "This has to be a list."),
        ("labels", '["a", "b", "c"]', "At most 2 entries, please."),
        ("labels", '["a", "too long"]', "Entry 2: at most 5 characters, please."),
        ("fields", '{"b": 1}', "“a” is missing."),
        ("fields", '{"a": 1, "b": 1}', "“b” is not known here."),
        ("fields", '{"a": "1"}', "“a”: this has to be a whole number."),
        ("any", "NaN", "This is no JSON that can be sent. "),
        ("any", '"\\ud800"', "This is no JSON that can be sent. "),
        ("any", "[" * 100_000, "This is no JSON that can be sent. "),
    ],
)
def test_what_is_wrong_is_said_at_the_field(field: str, answer: str, problem: str) -> None:
    _, problems = form({"key": "ENG-1"}, **{field: answer})
    assert problems.keys() == {field}
    assert problems[field].startswith(problem)


def test_an_argument_that_the_tool_does_not_have_can_be_left_out() -> None:
    assert form({"key": "K", "extra": "x"})[1] == {
        "extra": "The tool has no such argument. Leave it empty."
    }
    assert form({"key": "K", "extra": "x"}, extra="") == ({"key": "K"}, {})


def test_a_form_that_comes_back_has_what_was_typed() -> None:
    fields = fields_of(SCHEMA, {"key": "ENG-1"})
    shown = with_answers(fields, {"arg.count": "three"}, {"count": "Enter a whole number."})
    [count] = [one for one in shown if one.argument == "count"]
    assert (count.shown, count.problem) == ("three", "Enter a whole number.")


def test_a_schema_made_to_run_for_ever_is_given_up() -> None:
    nested: dict[str, Any] = {"$ref": "#/$defs/a"}
    schema = {
        "properties": {"x": {"anyOf": [nested, nested]}},
        "$defs": {"a": {"anyOf": [nested, nested, {"type": "integer"}]}},
    }
    assert problems_of(schema, {"x": "text"}) == {}
