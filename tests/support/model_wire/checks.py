"""What every provider checks in a request, and the complaint about it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class Rejected(Exception):
    """A request that the provider answers with an error; `expected` where a test asked for it."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        code: str | None = None,
        *,
        expected: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.code = code
        self.expected = expected


def invalid(message: str) -> Rejected:
    return Rejected(400, "invalid_request_error", message)


def check(holds: object, message: str) -> None:
    if not holds:
        raise invalid(message)


def check_fields(body: Mapping[str, Any], known: Iterable[str]) -> None:
    for name in body:
        check(name in known, f"Unknown parameter: '{name}'.")


def check_tool(name: object, schema: object, *, strict: bool = False) -> None:
    """A name that all providers take, and a schema of an object that is one."""
    check(isinstance(name, str) and _NAME.fullmatch(name), f"Invalid name of a tool: {name!r}.")
    check(
        isinstance(schema, dict) and schema.get("type") == "object",
        f"Invalid schema for function '{name}': schema must be of type object.",
    )
    assert isinstance(schema, dict)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise invalid(f"Invalid schema for function '{name}': {error.message}") from error
    if strict:
        fields = set(schema.get("properties", {}))
        check(schema.get("additionalProperties") is False, f"'{name}': additionalProperties")
        check(set(schema.get("required", ())) == fields, f"'{name}': 'required' must name all")


def check_unique(names: Iterable[str]) -> None:
    seen = set[str]()
    for name in names:
        check(name not in seen, f"Tool names must be unique: {name!r}.")
        seen.add(name)
