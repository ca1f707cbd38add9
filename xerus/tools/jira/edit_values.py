"""What people call fields and values, turned into what Jira's edit wants."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xerus.atlassian.jira.client import Jira
from xerus.errors import InvalidInput
from xerus.tools.choices import pick
from xerus.tools.jira.bodies import to_body
from xerus.tools.jira.people import assignee
from xerus.tools.jira.records import field_id, flat

_RICH = ("description", "environment")
_NAMED = ("priority", "issuetype", "resolution", "version", "component", "securitylevel")
_NOBODY = ("none", "unassigned", "")


@dataclass(frozen=True, kw_only=True)
class EditField:
    """One field of an issue that can be edited, by Jira's edit metadata."""

    field_id: str
    name: str
    about: Mapping[str, Any]

    @property
    def is_list(self) -> bool:
        """Whether values can be added and removed one by one."""
        return self._schema.get("type") == "array"

    @property
    def is_rich(self) -> bool:
        """Whether it is a document, for which Markdown is given."""
        custom = str(self._schema.get("custom", ""))
        return self._schema.get("system") in _RICH or custom.endswith(":textarea")

    @property
    def kind(self) -> str:
        """The type of one value: string, user, option, number ..."""
        return str(self._schema.get("items" if self.is_list else "type", ""))

    @property
    def allowed(self) -> list[dict[str, Any]]:
        """The values to choose from; empty when there is no fixed choice."""
        return [one for one in self.about.get("allowedValues") or [] if isinstance(one, dict)]

    @property
    def is_sprint(self) -> bool:
        """Whether it is the sprint, which is set by its bare number."""
        return str(self._schema.get("custom", "")).endswith(":gh-sprint")

    @property
    def _schema(self) -> Mapping[str, Any]:
        schema: Mapping[str, Any] = self.about.get("schema") or {}
        return schema


def editable(wanted: str, metadata: Mapping[str, Any]) -> EditField:
    """Return the field of an id or name.

    Raises:
        InvalidInput: it is the status, which no edit changes.
        ChoiceNeeded: no editable field has the name, or several have.
    """
    name = field_id(wanted.strip())
    if name.casefold() == "status":
        raise InvalidInput("status: an edit cannot change it.", hint="Use jira_transition_issue.")
    fields = [
        EditField(field_id=key, name=str(about.get("name", key)), about=about)
        for key, about in metadata.items()
    ]
    return pick(
        name,
        fields,
        what="editable field",
        names=lambda field: {field.field_id, field.name},
        show=lambda field: f"{field.name} ({field.field_id})",
    )


async def value_of(jira: Jira, field: EditField, value: Any, *, project_key: str) -> Any:
    """Return what to set a field to; null clears it.

    Raises:
        InvalidInput: it does not fit the field.
        ChoiceNeeded: a name fits no value or person, or several.
    """
    if field.is_sprint:
        return _sprint(field, value)
    if field.is_list:
        return [
            await item_of(jira, field, one, project_key=project_key) for one in listed(field, value)
        ]
    if value is None:
        return None
    return await item_of(jira, field, value, project_key=project_key)


def listed(field: EditField, value: Any) -> list[Any]:
    """Return the values of a list field: a list, one value, or null for none.

    Raises:
        InvalidInput: the field has one value only.
    """
    if not field.is_list or field.is_sprint:
        raise InvalidInput(f"{field.field_id}: is no list.", hint="Set it under fields.")
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


async def item_of(jira: Jira, field: EditField, value: Any, *, project_key: str) -> Any:
    """Return one value in Jira's form; an object is taken to be that already."""
    if isinstance(value, dict) or value is None:
        return value
    if field.is_rich:
        return await to_body(str(value), is_cloud=jira.is_cloud)
    if field.kind == "user":
        return await _person(jira, str(value), project_key)
    return _plain(field, value)


def _plain(field: EditField, value: Any) -> Any:
    if field.allowed:
        return {"id": str(_choice(field, str(value))["id"])}
    match field.kind:
        case "number":
            return _number(field, value)
        case "issuelink":
            return {"key": str(value).strip().upper()}
        case "option":
            return {"value": str(value)}
        case kind if kind in _NAMED:
            return {"name": str(value)}
    return value


async def _person(jira: Jira, wanted: str, project_key: str) -> Any:
    if wanted.strip().casefold() in _NOBODY:
        return None
    return await assignee(jira, wanted, project_key=project_key)


def _choice(field: EditField, wanted: str) -> dict[str, Any]:
    return pick(
        wanted,
        field.allowed,
        what=f"value of {field.field_id}",
        names=lambda one: {str(one.get(key) or "") for key in ("id", "name", "value", "key")},
        show=flat,
    )


def _number(field: EditField, value: Any) -> float | int:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InvalidInput(f"{field.field_id}: {str(value)[:80]!r} is no number.") from None
    return int(number) if number.is_integer() else number


def _sprint(field: EditField, value: Any) -> int | None:
    if value is None or isinstance(value, int):
        return value
    if str(value).isdecimal():
        return int(value)
    if not field.allowed:
        raise InvalidInput(f"{field.field_id}: the sprint is set by its number.")
    return int(_choice(field, str(value))["id"])
