"""Input schemas of other servers' tools, made fit for every model's provider.

Providers refuse a whole request over one schema that they cannot read, and a schema is also a place
to hide words for the model in. So what a provider would refuse is taken out or keeps the tool out,
and every text that the model reads is cleaned.
"""

import re
from collections.abc import Mapping
from typing import Any

from xerus.tools.untrusted import clean

_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_LONGEST_TEXT = 600
_DEEPEST = 24
_MOST_PARTS = 2000
_TYPES = ("string", "number", "integer", "boolean", "object", "array", "null")
_FLAGS = frozenset({"additionalProperties", "uniqueItems"})
_TEXTS = frozenset({"title", "description"})
_OF_NAMES = frozenset({"properties", "$defs", "definitions"})
_LISTS = frozenset({"anyOf", "allOf", "oneOf", "prefixItems"})
_SCHEMAS = frozenset({"items", "additionalProperties", "not", "propertyNames", "contains"})
_NUMBERS = frozenset(
    {
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
    }
)
_AT_THE_TOP = frozenset({"type", "properties", "required", "additionalProperties", "$defs"}) | {
    *("definitions", "title", "description")
}


class Unfit(Exception):
    """A schema that cannot be made fit; the message says why, for an administrator."""


def fit(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema as providers take it: keywords that are known and in order, nothing else.

    Raises:
        Unfit: it is too deep, too large, or has arguments with names that providers refuse.
    """
    kept = _whole(_Fitting(schema).top())
    for name in kept["properties"]:
        if not _NAME.fullmatch(name):
            raise Unfit("an argument's name has characters that models cannot use")
    return kept


class _Fitting:
    """Copies a schema part by part; what it refers to is looked up in the whole."""

    def __init__(self, whole: Mapping[str, Any]) -> None:
        self._whole = whole
        self._parts = 0

    def top(self) -> dict[str, Any]:
        """Return the schema itself; one that is nothing but a reference is what it refers to."""
        found = self._target(self._whole.get("$ref")) or {}
        rest = {name: one for name, one in self._whole.items() if name != "$ref"}
        return self.schema({**rest, **found}, 0)

    def schema(self, value: Mapping[str, Any], depth: int) -> dict[str, Any]:
        self._count(depth)
        if "$ref" in value:
            return {} if self._target(value["$ref"]) is None else {"$ref": value["$ref"]}
        kept = ((name, self._keyword(name, one, depth + 1)) for name, one in value.items())
        return {name: one for name, one in kept if one is not None}

    def _keyword(self, name: str, value: Any, depth: int) -> Any:
        """Return the value of a keyword, None where it is not one to keep."""
        if name in {"const", "default"}:
            return self._value(value, depth)
        match value:
            case str():
                return self._of_text(name, value)
            case list():
                return self._of_list(name, value, depth) or None
            case dict() if name in _OF_NAMES:
                return self._named(value, depth)
            case dict() if name in _SCHEMAS:
                return self.schema(value, depth)
            case _:
                kinds = _FLAGS if isinstance(value, bool) else _NUMBERS
                return value if name in kinds and isinstance(value, int | float) else None

    def _of_text(self, name: str, value: str) -> str | None:
        if name in _TEXTS:
            return clean(value)[:_LONGEST_TEXT]
        known = name in {"format", "pattern"} or (name == "type" and value in _TYPES)
        return self._exact(value) if known else None

    def _of_list(self, name: str, value: list[Any], depth: int) -> list[Any]:
        match name:
            case "type":
                return [one for one in _TYPES if one in value]
            case "required":
                return [self._exact(one) for one in value if isinstance(one, str)]
            case "enum":
                return [self._value(one, depth) for one in value]
            case _ if name in _LISTS:
                return [self.schema(one, depth) for one in value if isinstance(one, dict)]
            case _:
                return []

    def _named(self, parts: dict[str, Any], depth: int) -> dict[str, Any]:
        """Copy schemas by the names that somebody gave them; no keyword is among these."""
        return {
            self._exact(name): self.schema(one, depth + 1) if isinstance(one, dict) else {}
            for name, one in parts.items()
        }

    def _value(self, value: Any, depth: int) -> Any:
        self._count(depth)
        match value:
            case dict():
                return {
                    self._exact(name): self._value(one, depth + 1) for name, one in value.items()
                }
            case list():
                return [self._value(one, depth + 1) for one in value]
            case str():
                return self._exact(value)
            case _:
                return value

    def _count(self, depth: int) -> None:
        self._parts += 1
        if depth > _DEEPEST or self._parts > _MOST_PARTS:
            raise Unfit("its arguments are described too deeply or at too great length")

    @staticmethod
    def _exact(text: str) -> str:
        """Return a text that is sent or compared: one that were cleaned would be another."""
        if clean(text) != text:
            raise Unfit("its arguments hold characters that nobody can see")
        return text

    def _target(self, reference: Any) -> dict[str, Any] | None:
        """Return the definition of this schema that a reference leads to, if that is a schema."""
        match reference.split("/") if isinstance(reference, str) else ():
            case ["#", "$defs" | "definitions" as where, name]:
                found = self._whole.get(where)
                target = found.get(name) if isinstance(found, dict) else None
                return target if isinstance(target, dict) and "$ref" not in target else None
            case _:
                return None


def _whole(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the top as an object with properties: providers take no alternatives there."""
    combined = [part for name in ("allOf", "anyOf", "oneOf") for part in schema.get(name, ())]
    kept = {name: value for name, value in schema.items() if name in _AT_THE_TOP}
    properties: dict[str, Any] = dict(kept.get("properties", {}))
    for part in combined:
        properties = {**part.get("properties", {}), **properties}
    required = [name for name in kept.pop("required", ()) if name in properties]
    whole = {**kept, "type": "object", "properties": properties}
    return {**whole, "required": required} if required else whole
