"""Changing, assigning and deleting issues."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from xerus.atlassian.jira import edits
from xerus.atlassian.jira.client import READ, USERS, WRITE, Jira
from xerus.errors import InvalidInput
from xerus.tools.aside import aside
from xerus.tools.declaration import Effect, SiteArgs, tool
from xerus.tools.jira.bodies import check_replaceable
from xerus.tools.jira.changes import Changed
from xerus.tools.jira.edit_values import EditField, editable, item_of, listed, value_of
from xerus.tools.jira.fields import IssueKey, JsonObject, ShortText
from xerus.tools.jira.issue_view import FIELDS, IssueView
from xerus.tools.jira.people import assignee
from xerus.tools.jira.records import field_id
from xerus.tools.readback import read_back

_ALL_BUT_LONG = ("*all", "-comment", "-worklog", "-attachment")
_SNAPSHOT_CHARS = 20_000


class UpdateIssue(SiteArgs):
    """Which fields, and how."""

    issue_key: IssueKey
    fields: JsonObject = Field(
        default={},
        description="Field name or id: value. People and options by name, texts in Markdown; "
        "null clears",
    )
    add: JsonObject = Field(default={}, description='Add to lists, e.g. {"labels":["a"]}')
    remove: JsonObject = Field(default={}, description="Remove from lists")


@tool(
    title="Update issue",
    effect=Effect.UPDATE,
    scopes={READ, WRITE},
    optional_scopes={USERS},
    endpoints=(
        "GET /rest/api/3/issue/{issueIdOrKey}",
        "PUT /rest/api/3/issue/{issueIdOrKey}",
        "GET /rest/api/3/user/assignable/search",
        "GET /rest/api/3/myself",
    ),
    data_center=(
        "GET /rest/api/2/issue/{issueIdOrKey}",
        "PUT /rest/api/2/issue/{issueIdOrKey}",
        "GET /rest/api/2/user/assignable/search",
        "GET /rest/api/2/myself",
    ),
)
async def update_issue(jira: Jira, args: UpdateIssue) -> Changed:
    """Change fields of a Jira issue; answers old -> new."""
    wanted = [*args.fields, *args.add, *args.remove]
    if not wanted:
        raise InvalidInput("Nothing to change.", hint="Give fields, add or remove.")
    before = await jira.issue(args.issue_key, fields=_read(wanted), expand=("editmeta",))
    change = await _change(jira, args, before)
    names = {field.field_id: field.name for field in change.fields}
    await edits.edit(jira, args.issue_key, fields=change.sets, update=change.updates)
    after, problem = await read_back(
        jira.issue(args.issue_key, fields=tuple(names)), otherwise={"fields": {}}
    )
    return Changed(
        issue_key=args.issue_key,
        link=jira.link(args.issue_key),
        names=names,
        before=before["fields"],
        after=after["fields"],
        problem=problem,
    )


@dataclass(frozen=True, kw_only=True)
class _Change:
    fields: Sequence[EditField]
    sets: Mapping[str, Any]
    updates: Mapping[str, Sequence[Mapping[str, Any]]]


def _read(wanted: Sequence[str]) -> Sequence[str]:
    """Return the fields to read first: those meant, or all when only a name is known."""
    ids = [field_id(name) for name in wanted]
    known = all(name in FIELDS or name.startswith("customfield_") for name in ids)
    return ids if known else _ALL_BUT_LONG


async def _change(jira: Jira, args: UpdateIssue, issue: Mapping[str, Any]) -> _Change:
    metadata = (issue.get("editmeta") or {}).get("fields") or {}
    project_key = args.issue_key.rpartition("-")[0]
    fields: dict[str, EditField] = {}
    sets: dict[str, Any] = {}
    updates: dict[str, list[dict[str, Any]]] = {}
    for name, value in args.fields.items():
        field = fields[name] = editable(name, metadata)
        if field.is_rich and value is not None:
            await aside(partial(_check_replaceable, issue, field), size=jira.received)
        sets[field.field_id] = await value_of(jira, field, value, project_key=project_key)
    for verb, given in (("add", args.add), ("remove", args.remove)):
        for name, value in given.items():
            field = fields[name] = editable(name, metadata)
            for one in listed(field, value):
                item = await item_of(jira, field, one, project_key=project_key)
                updates.setdefault(field.field_id, []).append({verb: item})
    if both := sets.keys() & updates.keys():
        raise InvalidInput(f"{', '.join(sorted(both))}: set it, or add and remove, not both.")
    return _Change(fields=list(fields.values()), sets=sets, updates=updates)


def _check_replaceable(issue: Mapping[str, Any], field: EditField) -> None:
    check_replaceable(
        issue["fields"].get(field.field_id),
        what=field.field_id,
        instead="Add a comment instead; or clear the field first (null) to drop it.",
    )


class AssignIssue(SiteArgs):
    """Whom to."""

    issue_key: IssueKey
    assignee: Annotated[
        ShortText, Field(description='Name, e-mail, account id, "me"; "none" unassigns')
    ]


@tool(
    title="Assign issue",
    effect=Effect.UPDATE,
    scopes={READ, WRITE},
    optional_scopes={USERS},
    endpoints=(
        "GET /rest/api/3/issue/{issueIdOrKey}",
        "PUT /rest/api/3/issue/{issueIdOrKey}/assignee",
        "GET /rest/api/3/user/assignable/search",
        "GET /rest/api/3/myself",
    ),
    data_center=(
        "GET /rest/api/2/issue/{issueIdOrKey}",
        "PUT /rest/api/2/issue/{issueIdOrKey}/assignee",
        "GET /rest/api/2/user/assignable/search",
        "GET /rest/api/2/myself",
    ),
)
async def assign_issue(jira: Jira, args: AssignIssue) -> Changed:
    """Assign a Jira issue."""
    before = await jira.issue(args.issue_key, fields=("assignee",))
    person = await _assignee(jira, args)
    await edits.assign(jira, args.issue_key, person)
    after, problem = await read_back(
        jira.issue(args.issue_key, fields=("assignee",)), otherwise={"fields": {}}
    )
    return Changed(
        issue_key=args.issue_key,
        link=jira.link(args.issue_key),
        names={"assignee": "assignee"},
        before=before["fields"],
        after=after["fields"],
        problem=problem,
    )


async def _assignee(jira: Jira, args: AssignIssue) -> dict[str, str] | None:
    if args.assignee.strip().casefold() in {"none", "unassigned"}:
        return None
    return await assignee(jira, args.assignee, project_key=args.issue_key.rpartition("-")[0])


class DeleteIssue(SiteArgs):
    """Which issue."""

    issue_key: IssueKey
    delete_subtasks: bool = Field(default=False, description="Delete its subtasks too")


@tool(
    title="Delete issue",
    effect=Effect.DELETE,
    scopes={READ, WRITE},
    endpoints=(
        "GET /rest/api/3/issue/{issueIdOrKey}",
        "DELETE /rest/api/3/issue/{issueIdOrKey}",
    ),
    data_center=(
        "GET /rest/api/2/issue/{issueIdOrKey}",
        "DELETE /rest/api/2/issue/{issueIdOrKey}",
    ),
)
async def delete_issue(jira: Jira, args: DeleteIssue) -> IssueView:
    """Delete a Jira issue for good; answers with what it held."""
    issue = await jira.issue(args.issue_key, fields=(*FIELDS, "comment"))
    below = [str(one["key"]) for one in issue["fields"].get("subtasks") or []]
    if below and not args.delete_subtasks:
        raise InvalidInput(
            f"{args.issue_key} has subtasks: {', '.join(below)}. Nothing was deleted.",
            hint="Pass delete_subtasks=true to delete them too.",
        )
    await edits.delete(jira, args.issue_key, delete_subtasks=args.delete_subtasks)
    also = f" Its subtasks went with it: {', '.join(below)}." if below else ""
    return IssueView(
        issue=issue,
        link=jira.link(args.issue_key),
        comments=100,
        max_chars=_SNAPSHOT_CHARS,
        preface=f"Deleted.{also} Jira has no trash: create it again from this copy if need be. ",
        mention_ids=True,
    )
