"""Which fields a new issue needs, or an existing one may be given."""

from typing import Any

from pydantic import Field

from xerus.atlassian.jira import metadata
from xerus.atlassian.jira.client import READ, Jira
from xerus.errors import InvalidInput
from xerus.tools.choices import pick
from xerus.tools.declaration import Effect, ReadArgs, tool
from xerus.tools.jira.field_names import named
from xerus.tools.jira.field_search import type_of
from xerus.tools.jira.fields import IssueKey, ProjectKey, ShortText
from xerus.tools.jira.records import flat
from xerus.tools.listing import Listing

_MOST_VALUES = 12
_MOST_OPTIONS = 1000


class GetCreateFields(ReadArgs):
    """Of a type in a project, or of an issue."""

    project_key: ProjectKey | None = Field(default=None, description="To create")
    issue_type: ShortText | None = Field(default=None, description="Type name or id")
    issue_key: IssueKey | None = Field(default=None, description="To edit")
    field: ShortText | None = Field(default=None, description="Id or name: only its options")


@tool(
    title="Get create fields",
    effect=Effect.READ,
    scopes={READ},
    endpoints=(
        "GET /rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes",
        "GET /rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}",
        "GET /rest/api/3/issue/{issueIdOrKey}/editmeta",
    ),
    data_center=(
        "GET /rest/api/2/issue/createmeta/{projectIdOrKey}/issuetypes",
        "GET /rest/api/2/issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}",
        "GET /rest/api/2/issue/{issueIdOrKey}/editmeta",
    ),
)
async def get_create_fields(jira: Jira, args: GetCreateFields) -> Listing:
    """List the fields, required ones first, and options for creating or editing a Jira issue."""
    found, source = await _found(jira, args)
    if args.field is not None:
        return _options(named(args.field, found), source)
    found.sort(key=lambda field: not _must_be_given(field))
    return Listing(
        noun="field",
        columns=("id", "name", "required", "type", "values"),
        rows=[_row(field) for field in found],
        source=f"{source} fields",
        total=len(found),
    )


async def _found(jira: Jira, args: GetCreateFields) -> tuple[list[dict[str, Any]], str]:
    if args.issue_key is not None:
        if args.project_key or args.issue_type:
            raise InvalidInput("Give issue_key alone, or project_key with issue_type.")
        return await metadata.edit_fields(jira, args.issue_key), f"jira {args.issue_key}"
    if args.project_key is None:
        raise InvalidInput("Which fields?", hint="Give project_key and issue_type, or issue_key.")
    kind = pick(
        args.issue_type or "",
        await metadata.create_types(jira, args.project_key),
        what="issue type",
        names=lambda entry: [str(entry.get("name", "")), str(entry.get("id", ""))],
        show=lambda entry: str(entry.get("name", "")),
    )
    fields = await metadata.create_fields(jira, args.project_key, str(kind["id"]))
    return fields, f"jira {args.project_key} {kind.get('name')}"


def _must_be_given(field: dict[str, Any]) -> bool:
    return bool(field.get("required")) and not field.get("hasDefaultValue")


def _row(field: dict[str, Any]) -> list[str]:
    values = [flat(value) for value in field.get("allowedValues") or []]
    rest = len(values) - _MOST_VALUES
    shown = ", ".join(values[:_MOST_VALUES]) + (f", {rest} more" if rest > 0 else "")
    required = "yes" if _must_be_given(field) else ""
    return [str(field.get("fieldId", "")), flat(field.get("name")), required, type_of(field), shown]


def _options(field: dict[str, Any], source: str) -> Listing:
    values = field.get("allowedValues") or []
    rows = [[flat(one), _id(one)] for one in values[:_MOST_OPTIONS]]
    operations = ", ".join(map(str, field.get("operations") or []))
    return Listing(
        noun="option",
        columns=("value", "id"),
        rows=rows,
        source=f"{source} {field.get('name')}",
        total=len(values),
        note=f"Field {field.get('fieldId')}: {type_of(field)}; operations: {operations}.",
        nothing="" if values else _free(field),
    )


def _id(value: Any) -> str:
    return str(value.get("id", "")) if isinstance(value, dict) else ""


def _free(field: dict[str, Any]) -> str:
    return f"Field {field.get('fieldId')} has no list of options; its type is {type_of(field)}."
