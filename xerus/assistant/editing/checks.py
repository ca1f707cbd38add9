"""What a schema holds against arguments, each in words for the person who typed it.

Of the schemas of other servers it follows no patterns, which could be made to run for ever, and no
more than so many parts: the server checks its arguments itself.
"""

from collections.abc import Mapping
from typing import Any

from xerus.assistant.editing.schema import Schema, properties_of, required_of, resolved, type_of
from xerus.tools.untrusted import one_line

_MOST_PARTS = 2_000
_DEEPEST = 40
_MOST_CHOICES = 12
NEEDED = "This is needed."
_A_KIND = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "yes or no",
    "array": "a list",
    "object": "an object",
}
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


def problems_of(schema: Schema, arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong, by the argument that it is about."""
    check = _Check(schema)
    known = properties_of(schema, schema)
    found = {name: NEEDED for name in required_of(schema) if name not in arguments}
    for name, value in arguments.items():
        problem = ""
        if name in known:
            problem = check.value(known[name], value)
        elif schema.get("additionalProperties") is False:
            problem = "The tool has no such argument. Leave it empty."
        if problem:
            found[name] = problem
    return found


class _Check:
    def __init__(self, whole: Schema) -> None:
        self._whole = whole
        self._parts = 0

    def value(self, part: Schema, value: Any, depth: int = 0) -> str:
        """Return what is wrong with a value, '' where nothing is."""
        self._parts += 1
        schema = resolved(part, self._whole)
        if self._parts > _MOST_PARTS or depth > _DEEPEST:
            return ""
        if value is None and _takes_null(part):
            return ""
        if "enum" in schema or "const" in schema:
            return _among(schema, value)
        options = schema.get("anyOf", schema.get("oneOf"))
        if isinstance(options, list):
            wrong = [self.value(one, value, depth + 1) for one in options]
            return "" if "" in wrong or not wrong else wrong[0]
        kind = type_of(schema)
        if kind and not _is_of(kind, value):
            return f"This has to be {_A_KIND.get(kind, kind)}."
        return self._inside(schema, value, depth + 1)

    def _inside(self, schema: Schema, value: Any, depth: int) -> str:
        match value:
            case bool() | None:
                return ""
            case int() | float():
                return _between(schema, value, "minimum", "maximum", "{}")
            case str():
                return _between(schema, len(value), "minLength", "maxLength", "{} characters")
            case list():
                return self._items(schema, value, depth)
            case dict():
                return self._members(schema, value, depth)
            case _:
                return ""

    def _items(self, schema: Schema, values: list[Any], depth: int) -> str:
        if wrong := _between(schema, len(values), "minItems", "maxItems", "{} entries"):
            return wrong
        for number, one in enumerate(values, 1):
            if wrong := self.value(schema.get("items", {}), one, depth):
                return f"Entry {number}: {_lower(wrong)}"
        return ""

    def _members(self, schema: Schema, values: dict[str, Any], depth: int) -> str:
        known = properties_of(schema, self._whole)
        for name in sorted(required_of(schema) - values.keys()):
            return f"“{one_line(name)}” is missing."
        rest = schema.get("additionalProperties", {})
        for name, one in values.items():
            if name not in known and rest is False:
                return f"“{one_line(name)}” is not known here."
            part = known.get(name, rest if isinstance(rest, Mapping) else {})
            if wrong := self.value(part, one, depth):
                return f"“{one_line(name)}”: {_lower(wrong)}"
        return ""


def _takes_null(schema: Schema) -> bool:
    named = schema.get("type")
    options = schema.get("anyOf", schema.get("oneOf", ()))
    return (
        named == "null"
        or (isinstance(named, list) and "null" in named)
        or (isinstance(options, list) and {"type": "null"} in options)
    )


def _among(schema: Schema, value: Any) -> str:
    allowed = schema.get("enum", [schema.get("const")])
    if any(type(one) is type(value) and one == value for one in allowed):
        return ""
    words = ", ".join(one_line(str(one)) for one in allowed[:_MOST_CHOICES])
    return f"Choose one of: {words}."


def _is_of(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return isinstance(value, _TYPES.get(kind, object))


def _between(schema: Schema, size: float, least: str, most: str, unit: str) -> str:
    low, high = schema.get(least), schema.get(most)
    if isinstance(low, int | float) and size < low:
        return f"At least {unit.format(low)}, please."
    if isinstance(high, int | float) and size > high:
        return f"At most {unit.format(high)}, please."
    return ""


def _lower(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"
