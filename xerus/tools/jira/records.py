"""Values of issue fields, flattened to what a reader wants to see."""

import re
from typing import Any

from xerus.tools.jira.bodies import from_body

DEFAULT_COLUMNS = ("type", "status", "priority", "assignee", "updated", "summary")
"""Columns of a search, after the key."""

_FIELD_IDS = {"type": "issuetype", "fixversions": "fixVersions"}
_NAMES = ("displayName", "name", "value", "key", "id")
_SPRINT = re.compile(r"^com\.atlassian\.greenhopper\.[\w.]+@\w+\[.*?\bname=([^,\]]*)")
_INSTANT = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")


def field_id(column: str) -> str:
    """Return the field of Jira that a column shows."""
    return _FIELD_IDS.get(column.lower(), column)


def columns_of(fields: str | None) -> tuple[str, ...]:
    """Read a comma-separated list of columns; the default without one."""
    names = [name.strip() for name in (fields or "").split(",")]
    return tuple(name for name in names if name and name != "key") or DEFAULT_COLUMNS


def flat(value: Any) -> str:
    """Return any field value as short text: people and options by name, instants to the minute."""
    match value:
        case str() if _INSTANT.match(value):
            return value[:16].replace("T", " ")
        case str() if sprint := _SPRINT.match(value):
            return sprint[1]  # Data Center prints the Java object
        case list():
            return ", ".join(flat(one) for one in value)
        case dict():
            return _flat_object(value)
        case None | bool():
            return {None: "", True: "yes", False: "no"}[value]
    return str(value)


def _flat_object(value: dict[str, Any]) -> str:
    if value.get("type") == "doc":
        return from_body(value).markdown
    return next((str(value[name]) for name in _NAMES if value.get(name)), "")


def person(value: Any) -> str:
    """Return the display name of a person, '' for none."""
    return str(value.get("displayName", "")) if isinstance(value, dict) else ""
