"""What an approval shows: the arguments in words, and exactly as they are sent."""

import json
from collections.abc import Mapping
from typing import Any

from xerus.tools.untrusted import clean

_NAMES = {
    "site": "Site",
    "project_key": "Project",
    "space_key": "Space",
    "issue_key": "Issue",
    "page_id": "Page",
    "issue_type": "Type",
    "transition": "Move to",
    "summary": "Summary",
    "title": "Title",
    "description": "Description",
    "content": "Text",
    "body": "Comment",
    "comment": "Comment",
    "resolution": "Resolution",
    "assignee": "Assignee",
    "priority": "Priority",
    "labels": "Labels",
    "parent": "Parent",
    "parent_id": "Parent page",
}
"""Names of arguments in the order in which people read them."""


def preview(arguments: Mapping[str, Any], facts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return pairs of name and value: every argument, and how things stand now."""
    order = {name: place for place, name in enumerate(_NAMES)}
    names = sorted(arguments, key=lambda name: order.get(name, len(order)))
    return (
        *((name, clean(value)) for name, value in facts.items()),
        *((_name(name), _value(arguments[name])) for name in names),
    )


def exact(arguments: Mapping[str, Any]) -> str:
    """Return the arguments as JSON in which nothing is invisible."""
    readable = json.dumps(arguments, ensure_ascii=False, indent=2)
    return readable if clean(readable) == readable else json.dumps(arguments, indent=2)


def _name(argument: str) -> str:
    return _NAMES.get(argument) or argument.replace("_", " ").capitalize()


def _value(value: Any) -> str:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return clean(", ".join(value))
    return exact(value) if isinstance(value, dict) else json.dumps(value)
