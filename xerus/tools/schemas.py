"""The input schema of a tool: few tokens, and nothing that clients are known to refuse."""

from typing import Any

from pydantic import BaseModel

_UNSAID = (
    "title",
    "default",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "pattern",
)
"""Left out of what clients see: bounds are checked all the same, and the description says the form."""


def input_schema(arguments: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a model: optional means absent, references are written out.

    Some clients refuse `anyOf`, `oneOf`, `allOf` and `$ref`, so an optional argument has the plain
    type and is not required; null is accepted all the same.
    """
    schema = arguments.model_json_schema()
    definitions = schema.get("$defs", {})
    compact: dict[str, Any] = {
        "type": "object",
        "properties": {
            name: _property(value, definitions) for name, value in schema["properties"].items()
        },
        "additionalProperties": False,
    }
    if schema.get("required"):
        compact["required"] = schema["required"]
    return compact


def _property(value: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    value = _resolved(value, definitions)
    default = value.get("default")
    kept = {name: _nested(part, definitions) for name, part in value.items() if name not in _UNSAID}
    if default not in (None, [], {}) and default is not False:
        kept["default"] = default
    return kept


def _nested(part: Any, definitions: dict[str, Any]) -> Any:
    return _property(part, definitions) if isinstance(part, dict) else part


def _resolved(value: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Replace a reference by what it names and `X or null` by X."""
    if "$ref" in value:
        named: dict[str, Any] = definitions[value["$ref"].rsplit("/", 1)[-1]]
        return named | {name: part for name, part in value.items() if name != "$ref"}
    if "anyOf" in value:
        only: dict[str, Any]
        (only,) = [option for option in value["anyOf"] if option != {"type": "null"}]
        return only | {name: part for name, part in value.items() if name != "anyOf"}
    return value
