"""Argument types that several Jira tools share, with their one description."""

from typing import Annotated, Any

import orjson
from pydantic import BeforeValidator, Field


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) else value


def _object(value: object) -> object:
    """Read JSON in a string as what it means: many clients send objects that way."""
    try:
        return orjson.loads(value) if isinstance(value, str) else value
    except orjson.JSONDecodeError:
        return value


IssueKey = Annotated[
    str,
    BeforeValidator(_upper),
    Field(pattern=r"^[A-Z][A-Z0-9_]*-[0-9]+$", max_length=80, description="Issue key, e.g. ENG-12"),
]
ProjectKey = Annotated[
    str,
    BeforeValidator(_upper),
    Field(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=80, description="Project key, e.g. ENG"),
]
Markdown = Annotated[str, Field(min_length=1, max_length=400_000)]
Cursor = Annotated[str | None, Field(max_length=4000, description="From the answer before")]
CommentId = Annotated[
    str, BeforeValidator(_text), Field(pattern=r"^[0-9]{1,20}$", description="Comment id")
]
ShortText = Annotated[str, Field(min_length=1, max_length=255)]
JsonObject = Annotated[dict[str, Any], BeforeValidator(_object)]
JsonObjects = Annotated[list[JsonObject], BeforeValidator(_object)]
