"""Reads field values from a request into an issue, with Jira's own refusals."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from xerus_sandbox.operations import Call
from xerus_sandbox.products.documents import adf
from xerus_sandbox.products.jira import access, beans, scheme, versions
from xerus_sandbox.products.jira.scheme import SPRINT_FIELD
from xerus_sandbox.products.model import Change, Issue, Json, Project
from xerus_sandbox.products.world import World

ADF_EXPECTED = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
_MAX_SUMMARY = 255
_IGNORED = frozenset({"status"})
_SET_AT_CREATION = frozenset({"project", "issuetype"})


class FieldError(ValueError):
    """One field's value is refused; the message is Jira's."""


@dataclass(kw_only=True)
class Edit:
    """Values read from one request, not yet applied."""

    world: World
    call: Call
    project: Project
    type: scheme.IssueType
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def read(self, body: Json, current: Issue | None) -> None:
        """Read `fields` and `update`; problems are collected in `errors`."""
        for name, value in access.part(body, "fields").items():
            if name == "issuetype" and current is not None:
                self._read_type(value)
            elif name not in _IGNORED | _SET_AT_CREATION:
                self._read_one(name, value)
        for name, operations in access.part(body, "update").items():
            if name != "comment":
                self._update_one(name, operations, current)

    def apply(self, issue: Issue) -> list[Json]:
        """Write the values into the issue and return the changelog items."""
        items = []
        for name, value in self.values.items():
            is_custom = name.startswith("customfield_")
            before = issue.custom.get(name) if is_custom else getattr(issue, name)
            if before != value:
                if is_custom:
                    issue.custom[name] = value
                else:
                    setattr(issue, name, value)
                items.append(_change(self.world, name, before, value))
        return items

    def _read_type(self, value: Any) -> None:
        given = value if isinstance(value, dict) else {}
        for kind in scheme.types_of(self.project):
            named = str(given.get("id", "")) == kind.id or given.get("name") == kind.name
            if named and kind.level == self.type.level:
                self.values["type"] = kind.name
                return
        self.errors["issuetype"] = "The issue type selected is invalid."

    def _read_one(self, name: str, value: Any) -> None:
        reader = _READERS.get(name)
        if reader is None:
            self.errors[name] = (
                f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
            )
            return
        try:
            attribute, parsed = reader(self, value)
        except FieldError as problem:
            self.errors["parentId" if name == "parent" else name] = str(problem)
        else:
            self.values[attribute] = parsed

    def _update_one(self, name: str, operations: Any, current: Issue | None) -> None:
        if not isinstance(operations, list):
            self.errors[name] = "The value must be an array of operations."
            return
        for operation in operations:
            if not isinstance(operation, dict) or len(operation) != 1:
                self.errors[name] = "Each operation must be an object with one verb."
                return
            ((verb, value),) = operation.items()
            if verb in {"set", "edit"}:
                self._read_one(name, value)
            elif name == "labels" and verb in {"add", "remove"}:
                self._labels(verb, value, current)
            elif name in {"components", "fixVersions"} and verb in {"add", "remove"}:
                self._named(name, verb, value, current)
            else:
                self.errors[name] = f"The operation '{verb}' is not supported for the field."

    def _labels(self, verb: str, value: Any, current: Issue | None) -> None:
        labels = list(self.values.get("labels", current.labels if current else []))
        try:
            [label] = _labels(self, [value])[1]
        except FieldError as problem:
            self.errors["labels"] = str(problem)
            return
        self.values["labels"] = _with(labels, verb, label)

    def _named(self, name: str, verb: str, value: Any, current: Issue | None) -> None:
        try:
            attribute, [item] = _READERS[name](self, [value])
        except FieldError as problem:
            self.errors[name] = str(problem)
            return
        before = list(self.values.get(attribute, getattr(current, attribute, [])))
        self.values[attribute] = _with(before, verb, item)


def _with(items: list[str], verb: str, item: str) -> list[str]:
    rest = [other for other in items if other != item]
    return [*rest, item] if verb == "add" else rest


def record(world: World, call: Call, issue: Issue, items: list[Json]) -> None:
    """Note a change in the issue's history and set its update time."""
    issue.updated = call.now
    if items:
        number = world.jira_of(call).new_id()
        author = call.account.account_id
        issue.history.append(Change(id=number, author=author, created=call.now, items=items))


def item(name: str, before: str | None, after: str | None) -> Json:
    """Return one changelog item whose values have no ids."""
    change = {"field": name, "fieldtype": "jira", "fieldId": name}
    return {k: v for k, v in (change | {"fromString": before, "toString": after}).items() if v}


def _change(world: World, name: str, before: Any, after: Any) -> Json:
    if name.startswith("customfield_"):
        custom = item(scheme.FIELDS[name].name, _shown(before), _shown(after))
        return custom | {"fieldtype": "custom", "fieldId": name}
    if name == "type":
        return item("issuetype", before, after)
    if name in {"assignee", "reporter"}:
        names = [world.person(account).name if account else None for account in (before, after)]
        return item(name, *names)
    return item(name, _shown(before), _shown(after))


def _shown(value: Any) -> str | None:
    if isinstance(value, list):
        return " ".join(map(str, value)) or None
    if isinstance(value, dict):
        return adf.plain_text(value)
    return None if value is None else str(value)


def document(call: Call, value: Any) -> Any:
    """Check a text that is a document: ADF on Cloud, a string of wiki markup on Data Center.

    Raises:
        FieldError: with Jira's words.
    """
    if not beans.is_cloud(call):
        if value is not None and not isinstance(value, str):
            raise FieldError("Operation value must be a string")
        return value or None
    if value is None:
        return None
    try:
        adf.check(value)
    except adf.AdfError as problem:
        raise FieldError(ADF_EXPECTED) from problem
    return value


def summary(value: Any) -> str:
    """Check a summary.

    Raises:
        FieldError: missing, too long or of several lines.
    """
    if value is not None and not isinstance(value, str):
        raise FieldError("Operation value must be a string")
    if not value or not value.strip():
        raise FieldError("You must specify a summary of the issue.")
    if len(value) > _MAX_SUMMARY:
        raise FieldError("Summary must be less than 255 characters.")
    if "\n" in value or "\r" in value:
        raise FieldError("The summary is invalid because it contains newline characters.")
    return value


def account(world: World, call: Call, value: Any) -> str | None:
    """Return the account id that a user value means, or None for nobody.

    Raises:
        FieldError: not a user, or a user who does not exist or is not active.
    """
    if value is None:
        return None
    if not isinstance(value, dict):
        raise FieldError("data was not an object")
    cloud = beans.is_cloud(call)
    name = value.get("accountId", value.get("id")) if cloud else value.get("name")
    if cloud and name is None and ("name" in value or "key" in value):
        raise FieldError(
            "'accountId' must be the only user identifying query parameter in GDPR strict mode."
        )
    if name in (None, ""):
        return None
    attribute = "account_id" if cloud else "username"
    people = world.people.values()
    found = next((p for p in people if getattr(p, attribute) == name and p.active), None)
    if found is None or found.kind == "app":
        raise FieldError(f"User '{name}' does not exist.")
    return found.account_id


def _summary(_edit: Edit, value: Any) -> tuple[str, Any]:
    return "summary", summary(value)


def _description(edit: Edit, value: Any) -> tuple[str, Any]:
    return "description", document(edit.call, value)


def _priority(_edit: Edit, value: Any) -> tuple[str, Any]:
    if not isinstance(value, dict):
        raise FieldError("Specify the 'id' or 'name' of the priority")
    for name, number in scheme.PRIORITIES.items():
        if value.get("id") == number or str(value.get("name", "")).lower() == name.lower():
            return "priority", name
    if "name" in value:
        raise FieldError(f"Priority name '{value['name']}' is not valid")
    raise FieldError("The priority selected is invalid.")


def _labels(_edit: Edit, value: Any) -> tuple[str, Any]:
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise FieldError("data was not an array of strings")
    for label in value:
        if " " in label or not label:
            raise FieldError(f"The label '{label}' contains spaces which is invalid.")
    return "labels", list(dict.fromkeys(value))


def _assignee(edit: Edit, value: Any) -> tuple[str, Any]:
    if isinstance(value, dict) and "-1" in value.values():
        return "assignee", None
    return "assignee", account(edit.world, edit.call, value)


def _reporter(edit: Edit, value: Any) -> tuple[str, Any]:
    found = account(edit.world, edit.call, value)
    if found is None:
        raise FieldError("Reporter is required.")
    return "reporter", found


def _parent(edit: Edit, value: Any) -> tuple[str, Any]:
    if value is None:
        return "parent", None
    if not isinstance(value, dict):
        raise FieldError("data was not an object")
    data = edit.world.jira_of(edit.call)
    parent = data.find(str(value.get("key") or value.get("id") or ""))
    if parent is None or parent.project not in data.visible(edit.call.account.account_id):
        raise FieldError("Could not find issue by id or key.")
    above = scheme.ISSUE_TYPES[parent.type].level
    if above != edit.type.level + 1 or (edit.type.level < 0 and parent.project != edit.project.key):
        raise FieldError("Given parent issue does not belong to appropriate hierarchy.")
    return "parent", parent.key


def _duedate(_edit: Edit, value: Any) -> tuple[str, Any]:
    if value in (None, ""):
        return "duedate", None
    try:
        date.fromisoformat(str(value))
    except ValueError as problem:
        raise FieldError(f"Error parsing date string: {value}") from problem
    return "duedate", str(value)


def _components(edit: Edit, value: Any) -> tuple[str, Any]:
    known = {str(30000 + n): name for n, name in enumerate(edit.project.components)}
    return "components", _names(value, known, "Component")


def _versions(edit: Edit, value: Any) -> tuple[str, Any]:
    return "fix_versions", _names(value, versions.ids(edit.project), "Version")


def _names(value: Any, known: dict[str, str], kind: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise FieldError("data was not an array of objects")
    names = []
    for entry in value:
        name = entry.get("name") or known.get(str(entry.get("id")), "")
        if name not in known.values():
            raise FieldError(f"{kind} name '{name or entry.get('id')}' is not valid")
        names.append(name)
    return list(dict.fromkeys(names))


def _sprint(edit: Edit, value: Any) -> tuple[str, Any]:
    if value is None:
        return "sprint", None
    if not isinstance(value, int) or isinstance(value, bool):
        raise FieldError("Number value expected as the Sprint id.")
    sprint = edit.world.jira_of(edit.call).sprints.get(value)
    if sprint is None or sprint.state == "closed":
        raise FieldError("Issue can be assigned only active or future sprints.")
    return "sprint", value


def _story_points(_edit: Edit, value: Any) -> tuple[str, Any]:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise FieldError("Operation value must be a number")
    return "customfield_10016", value


def _severity(_edit: Edit, value: Any) -> tuple[str, Any]:
    if value is None:
        return "customfield_10030", None
    if not isinstance(value, dict):
        raise FieldError("Specify a valid 'id' or 'name' for Severity")
    for name, number in scheme.SEVERITIES.items():
        if value.get("id") == number or value.get("value") == name:
            return "customfield_10030", name
    raise FieldError(f"Option id '{value.get('id')}' is not valid")


def _release_notes(edit: Edit, value: Any) -> tuple[str, Any]:
    return "customfield_10031", document(edit.call, value)


def _reviewer(edit: Edit, value: Any) -> tuple[str, Any]:
    return "customfield_10032", account(edit.world, edit.call, value)


_READERS: dict[str, Callable[[Edit, Any], tuple[str, Any]]] = {
    "summary": _summary,
    "description": _description,
    "priority": _priority,
    "labels": _labels,
    "assignee": _assignee,
    "reporter": _reporter,
    "parent": _parent,
    "duedate": _duedate,
    "components": _components,
    "fixVersions": _versions,
    SPRINT_FIELD: _sprint,
    "customfield_10016": _story_points,
    "customfield_10030": _severity,
    "customfield_10031": _release_notes,
    "customfield_10032": _reviewer,
}
