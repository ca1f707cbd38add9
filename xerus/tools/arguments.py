"""Arguments of a call, checked; what is wrong is said in words that a model can act on."""

from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from xerus.errors import InvalidInput
from xerus.tools.declaration import Args, Tool


def checked(tool: Tool, arguments: dict[str, Any]) -> Args:
    """Return the arguments as the tool's model.

    Raises:
        InvalidInput: naming each wrong argument, and the nearest name for an unknown one.
    """
    try:
        return tool.arguments.model_validate(arguments)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        problems = [_problem(tool, dict(one)) for one in found]
    raise InvalidInput(
        "; ".join(problems) + ".", hint=f"Arguments of {tool.name}: {', '.join(_names(tool))}."
    )


def _names(tool: Tool) -> list[str]:
    required = tool.input_schema.get("required", [])
    return [
        f"{name} (required)" if name in required else name
        for name in tool.input_schema["properties"]
    ]


def _problem(tool: Tool, error: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"])
    match error["type"]:
        case "missing":
            return f"{where}: is required"
        case "extra_forbidden":
            near = get_close_matches(where, tool.input_schema["properties"], n=1)
            return f"{where}: unknown argument" + (f", did you mean {near[0]}?" if near else "")
        case "string_pattern_mismatch":
            description = tool.input_schema["properties"].get(where, {}).get("description", "")
            return f"{where}: has the wrong form, expected: {description}"
        case _:
            text = str(error["msg"]).removeprefix("Value error, ")
            return f"{where}: {text[:1].lower()}{text[1:]}" if where else text
