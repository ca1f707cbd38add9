"""Parts of a JSON schema, looked up: references inside it, and `X or null` as X."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]


def resolved(part: Any, whole: Schema) -> Schema:
    """Return what a part says itself; empty where it cannot be told."""
    if not isinstance(part, Mapping):
        return {}
    found = _referred(part, whole)
    options = found.get("anyOf", found.get("oneOf"))
    if not isinstance(options, list):
        return found
    real = [one for one in options if one != {"type": "null"}]
    if len(real) != 1 or not isinstance(real[0], Mapping):
        return found
    return {**_referred(real[0], whole), **_without(found, "anyOf", "oneOf")}


def type_of(schema: Schema) -> str:
    """Return the one type of a value that is not null; '' where there are several or none."""
    named = schema.get("type")
    types = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    real = [one for one in types if one != "null"]
    return str(real[0]) if len(real) == 1 else ""


def properties_of(schema: Schema, whole: Schema) -> dict[str, Schema]:
    """Return the arguments that a schema describes."""
    named = schema.get("properties")
    parts = named if isinstance(named, Mapping) else {}
    return {str(name): resolved(part, whole) for name, part in parts.items()}


def required_of(schema: Schema) -> frozenset[str]:
    """Return the arguments without which nothing goes."""
    names = schema.get("required")
    return frozenset(map(str, names)) if isinstance(names, list) else frozenset()


def _referred(part: Schema, whole: Schema) -> Schema:
    reference = part.get("$ref")
    match reference.split("/") if isinstance(reference, str) else ():
        case ["#", "$defs" | "definitions" as where, name]:
            found = whole.get(where)
            target = found.get(name) if isinstance(found, Mapping) else None
            return {**target, **_without(part, "$ref")} if isinstance(target, Mapping) else {}
        case _:
            return part


def _without(part: Schema, *names: str) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name not in names}
