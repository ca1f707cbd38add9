"""Arguments of a call, checked; what is wrong is said in words that a model can act on."""

from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import ValidationError

from xerus.errors import InvalidInput
from xerus.tools.declaration import Args, Tool
from xerus.tools.schemas import input_schema

A = TypeVar("A", bound=Args)


def checked(tool: Tool, arguments: dict[str, Any]) -> Args:
    """Return the arguments as the tool's model.

    Raises:
        InvalidInput: naming each wrong argument, and the nearest name for an unknown one.
    """
    return _checked(tool.arguments, tool.input_schema, arguments, what=tool.name)


def problems_of(tool: Tool, arguments: dict[str, Any]) -> dict[str, str]:
    """Return what is wrong with the arguments, a sentence for each that something is wrong with."""
    try:
        tool.arguments.model_validate(arguments)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return {
            str(one["loc"][0]) if one["loc"] else "": _sentence(tool.input_schema, dict(one))
            for one in found
        }
    return {}


def checked_part(model: type[A], part: dict[str, Any], *, what: str) -> A:
    """Return one of several records in the arguments as its model; raises like `checked`."""
    return _checked(model, input_schema(model), part, what=what)


def _checked(model: type[A], schema: dict[str, Any], arguments: dict[str, Any], *, what: str) -> A:
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        problems = [_problem(schema, dict(one)) for one in found]
    raise InvalidInput(
        "; ".join(problems) + ".", hint=f"Arguments of {what}: {', '.join(_names(schema))}."
    )


def _names(schema: dict[str, Any]) -> list[str]:
    required = schema.get("required", [])
    return [f"{name} (required)" if name in required else name for name in schema["properties"]]


def _sentence(schema: dict[str, Any], error: dict[str, Any]) -> str:
    """Return a problem without the name of the argument, which stands beside it."""
    if error["type"] == "missing" and len(error["loc"]) == 1:
        return "This is needed."
    told = _problem(schema, {**error, "loc": error["loc"][:1]})
    words = told.removeprefix(f"{error['loc'][0]}: " if error["loc"] else "").removesuffix(".")
    return f"{words[:1].upper()}{words[1:]}."


def _problem(schema: dict[str, Any], error: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"])
    match error["type"]:
        case "missing":
            return f"{where}: is required"
        case "extra_forbidden":
            near = get_close_matches(where, schema["properties"], n=1)
            return f"{where}: unknown argument" + (f", did you mean {near[0]}?" if near else "")
        case "string_pattern_mismatch":
            description = schema["properties"].get(where, {}).get("description", "")
            return f"{where}: has the wrong form, expected: {description}"
        case _:
            text = str(error["msg"]).removeprefix("Value error, ")
            return f"{where}: {text[:1].lower()}{text[1:]}" if where else text
